// A case outlives its call: the operator keeps the person who was opened in it, and opens that one again when nobody is
// on the phone, also after a kill -9 of the vault; nobody else does, no other person opens, and it ends that second when
// the owner says so. The owner gives one to somebody by name. Each step stands in the owner's log, which verifies.
import { join } from "node:path";
import type { FrameLocator } from "playwright-core";
import { Console } from "../lib/browser.ts";
import { callers, leakDesk, wrapUp } from "../lib/floor.ts";
import { askInGlass, openHanako, readyOperator, signInAt } from "../lib/glass.ts";
import type { Context, Journey } from "../lib/journey.ts";
import { verified } from "../lib/published.ts";
import { clientsLog } from "../lib/rogue.ts";
import { System } from "../lib/system.ts";
import { type Answer, VaultSite, hanako } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const other = { letter: "S-1002", name: "仮名 太郎" };

/** Whatever the vault answers to a page of this session. */
type Ask = (method: string, path: string, body?: object, ticket?: string) => Promise<Answer>;

const inFrame = (glass: FrameLocator): Ask => (method, path, body = {}, ticket = "") => askInGlass(glass, method, path, { body, ...(ticket === "" ? {} : { ticket }) });

const code = async (asked: Promise<Answer>): Promise<string> => {
  const { status, body } = await asked;
  return status === 200 ? "allowed" : (body["code"] as string);
};

interface About {
  owner: string;
  subject: string;
}

interface Cast {
  system: System;
  context: Context;
  browser: Console;
  glass: FrameLocator;
  hana: Ask;
  kenji: VaultSite;
  oku: VaultSite;
  person: About; // of the case
  another: About;
}

const takeUp = (id: string): string => `/cases/${id}/ticket`;

async function withLetter(oku: VaultSite, letter: string): Promise<About> {
  const found = await oku.post("/owner/search", { all_of: [{ field: "letter_number", value: letter }] });
  return { owner: "sakura", subject: found.body["people"][0].subject as string };
}

/** In the call, then nobody is on the phone; the call's own ticket. */
async function keepsForCase(cast: Cast, watcher: Awaited<ReturnType<typeof readyOperator>>["watcher"]): Promise<string> {
  const { system, context, browser, glass } = cast;
  await callers(system, { folder: context.folder, numbers: [hanako.number], service: leakDesk.number });
  await browser.page.locator(".call-bar.rings").waitFor({ timeout: 30_000 });
  await browser.press("応答");
  const call = await watcher.seesCall("the call connected", (one) => one.stage === "talking");
  await openHanako(glass, async () => undefined);
  const hana = await system.staff("hana");
  const ticket = await until("the call's ticket", () => hana.calls.get(call.id)?.opening_ticket ?? undefined);
  const unopened = await cast.hana("POST", "/cases", { ...cast.another, reference: "C-9" }, ticket);
  expectEqual(unopened.body["code"], "not_checked", "keeping somebody who was not opened");
  expectEqual(await code(cast.hana("POST", "/cases", { ...cast.person, reference: "09000001001" }, ticket)), "invalid", "a telephone number as a case's");
  await glass.locator(".keep summary").click();
  await glass.locator("input[name=case-reference]").fill("ｃ－１０２４");
  await glass.locator(".keep-case button").click();
  await glass.locator(".case-kept", { hasText: "C-1024" }).waitFor();
  await browser.screenshot(join(context.folder, "kept.png"));
  await browser.press("終話");
  await offeredAgainInTheWrapUp(cast);
  await wrapUp(hana, call.id);
  hana.stop();
  return ticket;
}

/** The call has ended: the glass says so by itself, and a page that is opened anew offers who was opened. */
async function offeredAgainInTheWrapUp({ browser, glass, context }: Cast): Promise<void> {
  await glass.locator(".ticket .stage").filter({ hasText: "後処理" }).waitFor();
  await browser.page.reload();
  await glass.locator(".candidates h2").filter({ hasText: "この通話で閲覧した方" }).waitFor();
  expectEqual(await glass.locator(".search").count(), 0, "searching after the call");
  await browser.screenshot(join(context.folder, "wrap-up.png"));
  await glass.locator(".people button").first().click();
  await glass.locator(".values dd").filter({ hasText: hanako.name }).waitFor();
}

/** From the list between two calls. */
async function opensFromTheList({ browser, glass, context }: Cast): Promise<void> {
  await glass.locator(".cases li", { hasText: "C-1024" }).waitFor();
  expect(!(await glass.locator(".cases").innerText()).includes(hanako.name), "the list of cases shows a name");
  await browser.screenshot(join(context.folder, "cases.png"));
  expectEqual(await browser.seriousFaults(".glass iframe"), [], "accessibility of the list");
  await glass.locator(".open-case").click();
  await glass.locator(".values dd", { hasText: hanako.name }).waitFor();
  expectEqual(await glass.locator(".check, .search, .people, .playback").count(), 0, "what there is no use for in a case");
  await browser.screenshot(join(context.folder, "opened.png"));
  expectEqual(await browser.seriousFaults(".glass iframe"), [], "accessibility of an opened case");
}

async function opensNothingElse(cast: Cast, id: string, callsTicket: string): Promise<void> {
  const { system, hana, kenji, person } = cast;
  expectEqual(await code(hana("POST", "/open", person, callsTicket)), "ticket_over", "the call's own ticket");
  const { ticket } = (await hana("POST", takeUp(id))).body as { ticket: string };
  expectEqual(await code(hana("POST", "/open", person, ticket)), "allowed", "its person");
  expectEqual(await code(hana("POST", "/open", cast.another, ticket)), "other_person", "another person");
  expectEqual(await code(hana("POST", "/search", { all_of: [{ field: "letter_number", value: other.letter }] }, ticket)), "other_person", "a search");
  expectEqual(await code(hana("GET", "/candidates", {}, ticket)), "other_person", "candidates");
  expectEqual(await code(hana("POST", "/ticket/purpose", { purpose: "send-letter" }, ticket)), "no_purpose", "another purpose");
  expectEqual(await code(hana("POST", "/cases", { ...person, reference: "C-2" }, ticket)), "no_call", "a case of a case");
  expectEqual(await code(kenji.post("/open", person, ticket)), "no_ticket", "another operator's session");
  expectEqual(await code(kenji.post(takeUp(id), {})), "no_ticket", "another operator taking it up");
  expectEqual(await code(kenji.post(`/cases/${id}/end`, {})), "no_ticket", "another operator ending it");
  const again = await VaultSite.signIn(system.ready.glass_url, "hana", system.password("hana"));
  expectEqual(await code(again.post("/open", person, ticket)), "no_ticket", "another session of the holder");
}

async function outlivesTheVault(cast: Cast, id: string): Promise<void> {
  const { system, hana, person } = cast;
  const before = ((await hana("POST", takeUp(id))).body as { ticket: string }).ticket;
  await system.restarted("vault", system.kill("vault"));
  const ticket = await until("the vault to be back", async () => (await hana("POST", takeUp(id)).catch(() => null))?.body["ticket"] as string | undefined);
  expectEqual(await code(hana("POST", "/open", person, before)), "no_ticket", "what was taken up before");
  expectEqual(await code(hana("POST", "/open", person, ticket)), "allowed", "the case after kill -9");
}

async function handedOnAndBack(cast: Cast, id: string): Promise<void> {
  const { hana, kenji, person } = cast;
  expectEqual(await code(hana("POST", `/cases/${id}/hand`, { to: "wada" })), "no_place", "handing it to another organisation");
  expectEqual(await code(hana("POST", `/cases/${id}/hand`, { to: "kenji" })), "allowed", "handing it on");
  expectEqual(await code(hana("POST", takeUp(id))), "no_ticket", "the one who handed it on");
  const taken = await kenji.post(takeUp(id), {});
  expectEqual(await code(kenji.post("/open", person, taken.body["ticket"])), "allowed", "whom it was handed to");
  expectEqual(await code(kenji.post(`/cases/${id}/hand`, { to: "hana" })), "allowed", "handing it back");
}

/** On the client's page: ends the one, gives another one to kenji. */
async function ownerEndsAndGives(cast: Cast, id: string): Promise<void> {
  const { system, context, hana, kenji, person } = cast;
  const { ticket } = (await hana("POST", takeUp(id))).body as { ticket: string };
  expectEqual(await code(hana("POST", "/open", person, ticket)), "allowed", "until the owner ends it");
  const client = await Console.open(system.url, { language: "ja" });
  const { page } = client;
  page.on("dialog", (dialog) => void dialog.accept());
  await page.goto(`${system.ready.glass_url}/client.html?lang=ja`);
  await signInAt(page, "oku", system.password("oku"));
  await page.locator(`#cases li[data-case="${id}"]`, { hasText: "hana" }).waitFor();
  await client.screenshot(join(context.folder, "client-cases.png"));
  await page.locator(`#cases li[data-case="${id}"] button`).click();
  await page.locator("#cases li.muted").waitFor();
  expectEqual(await code(hana("POST", "/open", person, ticket)), "ticket_over", "the second it was ended");
  expectEqual(await code(hana("POST", takeUp(id))), "no_ticket", "taking it up after its end");

  await page.locator("select[name=looked-field]").selectOption("letter_number");
  await page.locator("input[name=looked-value]").fill(other.letter);
  await page.locator("#looked-search button").click();
  await page.locator(".looked-people button").click();
  await page.locator("#give-case summary").click();
  await page.locator("#give-case select[name=case-to]").selectOption("kenji");
  await page.locator("#give-case select[name=case-desk]").selectOption(leakDesk.id);
  await page.locator("#give-case input[name=case-reference]").fill("C-7");
  await client.screenshot(join(context.folder, "give.png"));
  expectEqual(await client.seriousFaults(), [], "accessibility of the client's page");
  await page.locator("#give-case button").click();
  await page.locator(".case-given", { hasText: "kenji" }).waitFor();
  await client.close();

  const mine = (await kenji.get("/cases")).body["cases"] as { case: string; reference: string; origin: string }[];
  expectEqual(mine.map((one) => [one.reference, one.origin]), [["C-7", "owner"]], "kenji's cases");
  const given = (await kenji.post(takeUp(mine[0]!.case), {})).body["ticket"] as string;
  const opened = await kenji.post("/open", cast.another, given);
  expect(opened.status === 200 && JSON.stringify(opened.body["values"]).includes(other.name), `the owner's case does not open: ${opened.status}`);
  expectEqual(await code(kenji.post("/open", person, given)), "other_person", "another person with the owner's case");
}

async function everythingIsInTheLog({ system, oku }: Cast): Promise<void> {
  const log = (await clientsLog(oku)).reverse() as (Record<string, any> & { kind: string; outcome: string })[];
  const steps = log.filter((one) => one.kind === "case_ticket").map((one) => `${one["case"]} ${one.outcome} ${one["operator"]}`);
  expectEqual(steps, ["C-1024 made hana", "C-1024 handed_on hana", "C-1024 handed_on kenji", "C-1024 ended oku", "C-7 made oku"], "what happened to the cases");
  const openings = (reference: string, who: string): number => log.filter((one) => one.kind === "opening" && one["case"] === reference && one["operator"] === who && one["subject"]).length;
  expectEqual([openings("C-1024", "hana"), openings("C-1024", "kenji"), openings("C-7", "kenji")], [12, 3, 3], "openings, a field each");
  const refused = (why: string): number => log.filter((one) => one.kind === "refusal" && one.outcome === `refused_${why}`).length;
  expect(refused("other_person") >= 4 && refused("no_ticket") >= 5 && refused("ticket_over") >= 2, "refusals are missing from the log");
  expect(![hanako.name, other.name].some((name) => JSON.stringify(log).includes(name)), "the log holds a name");
  await verified(system);
}

export const journey: Journey = {
  title: "a person kept for a case opens without a call for its holder alone, until the owner ends it; the log tells all of it",
  seconds: 240,
  async run(context) {
    const system = await System.start(context);
    const { browser, glass, watcher } = await readyOperator(system, context.folder, { framesMayStore: true }); // for the reload
    const signedIn = (name: string): Promise<VaultSite> => VaultSite.signIn(system.ready.glass_url, name, system.password(name));
    const oku = await signedIn("oku");
    const people = { person: await withLetter(oku, hanako.letter), another: await withLetter(oku, other.letter) };
    const cast: Cast = { system, context, browser, glass, hana: inFrame(glass), kenji: await signedIn("kenji"), oku, ...people };
    const callsTicket = await keepsForCase(cast, watcher);
    await opensFromTheList(cast);
    const id = (await cast.hana("GET", "/cases")).body["cases"][0].case as string;
    await opensNothingElse(cast, id, callsTicket);
    await outlivesTheVault(cast, id);
    await handedOnAndBack(cast, id);
    await ownerEndsAndGives(cast, id);
    await everythingIsInTheLog(cast);
    watcher.stop();
    await browser.close();
    await system.stop();
  },
};
