// An operator guesses at names and opens one person after another in one call: the owner, whose page is open all the
// while, sees why within seconds, and the ticket is frozen. The owner lets the call go on, then stops the desk and
// leaves words for callers, which the operators' glass shows until the owner resumes.
import { join } from "node:path";
import type { Page } from "playwright-core";
import { Console } from "../lib/browser.ts";
import { leakDesk } from "../lib/floor.ts";
import type { Context, Journey } from "../lib/journey.ts";
import { runToEnd } from "../lib/process.ts";
import type { System } from "../lib/system.ts";
import { type OpeningCall, type Person, VaultSite, openingCall } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

// Of the demo's invented people; the first one's number is the caller's.
const people = [
  ["S-1001", "カクウ ハナコ"], ["S-1002", "カナ タロウ"], ["S-1003", "ミホン サクラ"],
  ["S-1004", "レイブン イチロウ"], ["S-1005", "タカハシミホン メグミ"], ["S-1006", "シケン ジロウ"],
] as const;
const mostMs = 2_000;
const script = "ただいま確認に時間をいただいております。明日の正午までにお電話いたします。";

async function signInAt(page: Page, name: string, password: string): Promise<void> {
  await page.locator("#name").fill(name);
  await page.locator("#password").fill(password);
  await page.locator("#send").click();
}

async function pageAt(system: System, path: string, name: string, language: "ja" | "en"): Promise<Console> {
  const browser = await Console.open(system.url, { language });
  await browser.page.goto(`${system.ready.glass_url}/${path}?lang=${language}`);
  await signInAt(browser.page, name, system.password(name));
  return browser;
}

const alarm = (page: Page, rule: string) => page.locator(`#alarms li[data-rule=${rule}]`).first();

/** While the machine is busy the vault may be away for a moment. */
const found = ({ glass, ticket }: OpeningCall, letter: string): Promise<Person> =>
  until(`${letter} to be found`, async () => (await glass.post("/search", { all_of: [{ field: "letter_number", value: letter }] }, ticket)).body["people"]?.[0] as Person | undefined);

async function guessAndOpenMany(at: OpeningCall): Promise<Person> {
  const { glass, ticket } = at;
  let last: Person | undefined;
  for (const [letter, kana] of people) {
    last = await found(at, letter);
    if (letter === "S-1002")
      for (const wrong of ["チガウ ヒト", "カナ ジロウ", "カナ サブロウ"])
        expectEqual((await glass.check(last, "name_kana", wrong, ticket)).body["outcome"], "cannot_confirm", `${wrong} for ${kana}`);
    if (letter === "S-1002") continue;
    expectEqual((await glass.check(last, "name_kana", kana, ticket)).body["outcome"], "match", kana);
    expectEqual((await glass.open(last, ticket)).status, 200, `opening ${letter}`);
  }
  return last!;
}

/** Six different people in all; the person opened last. */
async function openSixth(at: OpeningCall): Promise<void> {
  const { glass, ticket } = at;
  const person = await found(at, "S-1008");
  expectEqual((await glass.check(person, "name_kana", "ソウゾウ ケン", ticket)).body["outcome"], "match", "the sixth");
  expectEqual((await glass.open(person, ticket)).status, 200, "opening the sixth");
}

async function alarmed(context: Context, at: OpeningCall, owner: Console): Promise<Person> {
  const { system, glass, ticket } = at;
  const person = await guessAndOpenMany(at);
  await alarm(owner.page, "mismatches_in_call").waitFor();
  await alarm(owner.page, "people_in_call").waitFor();
  await alarm(owner.page, "unlike_call").waitFor();
  await openSixth(at);
  const opened = Date.now();
  await alarm(owner.page, "many_people_in_call").waitFor();
  expect(Date.now() - opened < mostMs, `the owner's page showed the alarm after ${Date.now() - opened} ms`);
  const said = await alarm(owner.page, "many_people_in_call").innerText();
  for (const part of ["hana", leakDesk.id, "1つの通話で6名を閲覧", "重大", "停止中"]) expect(said.includes(part), `"${part}" is not in "${said}"`);
  expectEqual((await glass.open(person, ticket)).body["code"], "ticket_frozen", "opening after the alarm");
  expectEqual((await glass.get("/stops", ticket)).body["ticket_frozen"], true, "what the glass is told");

  const suzu = await VaultSite.signIn(system.ready.glass_url, "suzu", system.password("suzu"));
  const told = (await suzu.get("/alarms")).body["alarms"] as { rule: string; operator: string }[];
  expect(told.some((one) => one.rule === "many_people_in_call" && one.operator === "hana"), "the supervisor is not told");
  expectEqual((await suzu.get("/owner/alarms")).status, 403, "the owner's alarms for a supervisor");
  expectEqual((await glass.get("/alarms")).status, 403, "alarms for an operator");

  const english = await pageAt(system, "client.html", "oku", "en");
  await alarm(english.page, "many_people_in_call").waitFor();
  await english.screenshot(join(context.folder, "alarms-en.png"));
  await english.close();
  await owner.screenshot(join(context.folder, "alarms-ja.png"));
  await alarm(owner.page, "many_people_in_call").getByRole("button", { name: "この通話の閲覧を再開" }).click();
  await until("the ticket to be released", async () => (await glass.get("/ticket", ticket)).status === 200 || undefined);
  await alarm(owner.page, "many_people_in_call").getByText("oku が").waitFor();
  return person;
}

async function stopped(context: Context, { system, glass, ticket }: OpeningCall, owner: Console, person: Person): Promise<void> {
  const desk = await pageAt(system, "index.html", "kenji", "ja");
  await desk.page.locator("#signed-in").waitFor();
  await alarm(owner.page, "many_people_in_call").getByRole("button", { name: "この窓口を止める" }).click();
  await owner.page.locator("[name=freeze-why]").fill("お知らせの確認のため");
  await owner.page.locator("[name=freeze-script]").fill(script);
  await owner.page.getByRole("button", { name: "止める", exact: true }).click();
  await desk.page.locator(".stop q", { hasText: script }).waitFor();
  const stops = (await glass.get("/stops", ticket)).body["stops"];
  expectEqual(stops.map((one: any) => [one.scope, one.name, one.owner.id, one.script]), [["desk", leakDesk.id, "sakura", script]], "what the operator in the call is told");
  expectEqual((await glass.open(person, ticket)).body["code"], "frozen", "opening on a stopped desk");
  await desk.screenshot(join(context.folder, "stopped.png"));
  await owner.screenshot(join(context.folder, "freeze-ja.png"));
  expectEqual(await owner.seriousFaults(), [], "accessibility of the client's page");
  expectEqual(await desk.seriousFaults(), [], "accessibility of the glass");
  await owner.page.getByRole("button", { name: "再開する" }).click();
  await desk.page.locator(".stop").waitFor({ state: "detached" });
  expectEqual((await glass.get("/stops", ticket)).body["stops"], [], "stops after the owner resumed");
  await desk.close();
}

async function verified(system: System): Promise<void> {
  const key = (await system.program.says(/the log of sakura is verified with (\S+)/))[1]!;
  const url = `${system.ready.glass_url}/log/sakura`;
  const owner = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
  const page = (await owner.get("/owner/entries?limit=200")).body;
  const kinds = (page["entries"] as { entry: Record<string, any> }[]).map(({ entry }) => `${entry["kind"]} ${entry["outcome"]}`);
  for (const kind of ["alarm raised", "alarm released", "freeze frozen", "freeze lifted"]) expect(kinds.includes(kind), `the log has no "${kind}"`);
  await until("all that is committed to be published and verified", async () => {
    const out = await runToEnd(system.binary, ["verify", "--json", "--log", url, "--key", key]);
    return (JSON.parse(out) as { size: number }).size >= (page["size"] as number) || undefined;
  });
}

export const journey: Journey = {
  title: "what is not as usual in a call is told to the owner, who may stop a desk and say what callers are told",
  seconds: 180,
  alone: true,
  async run(context) {
    const at = await openingCall(context);
    const owner = await pageAt(at.system, "client.html", "oku", "ja");
    await owner.page.locator("#cards").waitFor();
    const person = await alarmed(context, at, owner);
    await stopped(context, at, owner, person);
    await verified(at.system);
    await owner.close();
    // On a machine with much else to do the caller has hung up by now.
    if (at.hana.calls.get(at.talking.id)?.stage === "talking") await at.hana.act(at.talking.id, "end");
    at.hana.stop();
    await at.phone.stop();
    await at.system.stop();
  },
};
