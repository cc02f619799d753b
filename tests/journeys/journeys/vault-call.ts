// The first story made impossible, in a real browser: a caller's record opens in the glass for the call in hand, after
// the identity check, with one press; the client sees each entry as it happens and verifies the published log, in the
// page and with `madoguchi verify`, and that a witness cosigns it; after the call nothing opens any more.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { FrameLocator, Page } from "playwright-core";
import { Console } from "../lib/browser.ts";
import { command } from "../lib/commands.ts";
import { callers, leakDesk, wrapUp } from "../lib/floor.ts";
import { askInGlass, openHanako, readyOperator, signInAt } from "../lib/glass.ts";
import type { Context, Journey } from "../lib/journey.ts";
import { runToEnd } from "../lib/process.ts";
import { System } from "../lib/system.ts";
import { hanako } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";
import { Witness } from "../lib/witness.ts";

/** The client's page, open all the while: what it shows, it shows by itself. */
async function clientPage(system: System, password: string): Promise<Console> {
  const client = await Console.open(system.url, { language: "ja" });
  await client.page.goto(`${system.ready.glass_url}/client.html?lang=ja`);
  await signInAt(client.page, "oku", password);
  await client.page.locator("#cards").waitFor();
  return client;
}

const rows = (page: Page): Promise<string[]> => page.locator("#entries tr").allInnerTexts();

/** What is typed while the vault can't be reached is kept in the page, and saved by itself once it can. */
async function noteWhileAway(browser: Console, glass: FrameLocator): Promise<void> {
  await browser.page.route("**/api/documents", (route) => route.abort());
  await glass.locator(".notes textarea").fill("電車の音で聞き取れないところがあった。");
  await glass.locator(".note-state[data-state=kept_here]").waitFor();
  await browser.page.unroute("**/api/documents");
  await glass.locator(".note-state[data-state=saved]").waitFor();
}

/** Presses "answer"; how long until the frame shows a candidate, by the pages' own clock. */
async function answerUntilCandidate(browser: Console): Promise<number> {
  const frame = browser.page.frames().find((one) => new URL(one.url()).hostname === "vault.localhost");
  if (frame === undefined) throw new Error("the console has no frame of the vault");
  await browser.page.evaluate(() => {
    document.addEventListener("click", () => sessionStorage.setItem("pressed", String(Date.now())), { capture: true, once: true });
  });
  const shown = frame.evaluate<number>(`new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (document.querySelector(".people button") !== null) resolve(Date.now());
    });
    observer.observe(document, { childList: true, subtree: true });
  })`);
  await browser.press("応答");
  return (await shown) - Number(await browser.page.evaluate(() => sessionStorage.getItem("pressed")));
}

async function openAndNote(browser: Console, glass: FrameLocator, context: Context): Promise<void> {
  const shot = (name: string): Promise<void> => browser.screenshot(join(context.folder, `${name}.png`));
  await openHanako(glass, shot);
  await glass.locator(".notes textarea").fill("ご心配をおかけしたことをお詫びした。");
  await glass.locator(".note-state[data-state=saved]").waitFor();
  await shot("opened");
  await noteWhileAway(browser, glass);
}

const asked = async (glass: FrameLocator, method: string, path: string, ticket: string, body?: object): Promise<Record<string, any>> =>
  (await askInGlass(glass, method, path, { ticket, ...(body ? { body } : {}) })).body;

/** In the call: its ticket, whom it opened, and a ticket for a purpose that nobody is opened for. */
async function ticketsOf(glass: FrameLocator, ticket: string): Promise<{ ticket: string; unused: string; person: object }> {
  const [person] = (await asked(glass, "GET", "/candidates", ticket))["people"] as { owner: { id: string }; subject: string }[];
  const unused = (await asked(glass, "POST", "/ticket/purpose", ticket, { purpose: "call-back" }))["ticket"] as string;
  return { ticket, unused, person: { owner: person!.owner.id, subject: person!.subject } };
}

/** The call has ended: what was opened in it still stands there, and nothing else opens. */
async function nothingElseOpens(browser: Console, glass: FrameLocator, { ticket, unused, person }: Awaited<ReturnType<typeof ticketsOf>>): Promise<void> {
  await until("the vault to know of the end", async () => (await asked(glass, "GET", "/ticket", ticket))["stage"] === "wrap_up" || undefined);
  expectEqual((await asked(glass, "POST", "/open", unused, person))["code"], "wrap_up", "opening another field after the call");
  expectEqual((await asked(glass, "POST", "/ticket/purpose", ticket, { purpose: "send-letter" }))["code"], "wrap_up", "another purpose after the call");
  await glass.locator(".ticket select").selectOption("call-back");
  await glass.locator("#error", { hasText: "通話中に閲覧したものだけ" }).waitFor();
  expectEqual(await glass.locator(".ticket select").inputValue(), "answer", "the purpose after it was refused");
  expectEqual(await glass.locator(".values dd").count(), 3, "what was opened in the call, in the wrap-up");
  await glass.locator(".ticket .stage", { hasText: "後処理" }).waitFor();
  await glass.getByRole("button", { name: "後処理を延長" }).click();
  await glass.locator("#error", { hasText: "通話中" }).waitFor({ state: "hidden" });
  expectEqual(await glass.locator(".values dd").count(), 3, "what was opened, after more wrap-up");
  await glass.locator(".notes textarea").fill("ご心配をおかけしたことをお詫びした。折り返しは不要とのこと。");
  await glass.locator(".note-state[data-state=saved]").waitFor();
}

/** What managers get: counted by the client's own tool out of the log that it verified. */
async function monthlyReport(system: System, context: Context, url: string, key: string): Promise<void> {
  const pdf = join(context.folder, "report.pdf");
  const month = new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 7);
  const report = ["report", "--log", url, "--key", key, "--month", month];
  await runToEnd(system.binary, [...report, "--out", pdf]);
  const text = await runToEnd("pdftotext", ["-layout", pdf, "-"]);
  expect(/月次報告/.test(text) && /^\s*閲覧\s+3$/m.test(text), `the report does not tell of the three openings: ${text}`);
  expect(new RegExp(`hana\\s+\\S+\\s+3\\s+1\\s`).test(text), `the report does not tell who opened them: ${text}`);
  expect(!text.includes(hanako.name) && text.includes("vault.localhost/log/sakura"), "the report names a person, or no log");
  const another = join(context.folder, "another.pdf");
  await runToEnd(system.binary, [...report.slice(0, 3), "--key", key.replace("sakura", "momiji"), "--month", month, "--out", another], { expected: 2 });
  expect(!existsSync(another), "a report was written although the key is wrong");
}

/** With the keys that the vault's administrator and the witness handed over; the page only shows the vault's word. */
async function verifyLog(system: System, client: Console, witness: Witness, key: string, context: Context): Promise<void> {
  const said = client.page.locator("#log-key");
  await said.filter({ hasText: key }).waitFor();
  expectEqual(await client.page.locator("#key").inputValue(), "", "the field before the client pastes its key");
  const url = `${system.ready.glass_url}/log/sakura`;
  const published = async (): Promise<number> => {
    const out = await runToEnd(system.binary, ["verify", "--json", "--log", url, "--key", key]);
    return (JSON.parse(out) as { size: number }).size;
  };
  const shown = (await rows(client.page)).length;
  await until("all that is committed to be published", async () => (await published()) >= shown || undefined);
  await client.page.locator("#key").fill(key);
  await client.page.locator("#verify button").click();
  await client.page.locator("#verified.match").waitFor();
  await client.page.locator("#month").getByRole("row", { name: "hana / minato 3 1 1 1 0 0" }).waitFor();
  await client.page.locator("#witness-list li[data-state=in_step]").waitFor({ timeout: 60_000 });
  await client.page.locator("#witness-key").fill(witness.key);
  const witnessed = client.page.locator("#verified.match").filter({ hasText: Witness.title });
  await until("the browser to find the witness's signature", async () => {
    await client.page.locator("#verify button").click();
    await client.page.locator("#verified").filter({ hasText: /✓|✕/ }).waitFor();
    return (await witnessed.count()) > 0 || undefined;
  });
  await client.screenshot(join(context.folder, "verified.png"));

  await monthlyReport(system, context, url, key);

  const wrong = key.slice(0, -6) + (key.at(-6) === "A" ? "B" : "A") + key.slice(-5);
  await client.page.locator("#key").fill(wrong);
  await client.page.locator("#verify button").click();
  await client.page.locator("#verified.cannot_confirm").waitFor();
}

export const journey: Journey = {
  title: "a record opens in the glass for the call in hand, the client sees it, and after the call nothing opens",
  seconds: 240,
  alone: true,
  async run(context) {
    const witness = await Witness.prepare(context);
    const system = await System.start(context, { settings: (process, toml) => (process === "vault" ? toml + witness.settings("sakura") : toml) });
    const key = (await command(system, ["log", "key", "--organisation", "sakura"])).trim();
    await witness.start([key]); // after its vault: it is asked again
    const { browser, glass, watcher } = await readyOperator(system, context.folder);
    let ticket = "";
    browser.page.on("request", (sent) => (ticket = sent.headers()["madoguchi-ticket"] ?? ticket));
    const client = await clientPage(system, system.password("oku"));

    await callers(system, { folder: context.folder, numbers: [hanako.number], service: leakDesk.number });
    await browser.page.locator(".call-bar.rings").waitFor({ timeout: 30_000 });
    const ms = await answerUntilCandidate(browser);
    const call = await watcher.seesCall("the call connected", (one) => one.stage === "talking");
    expect(ms <= 300, `a candidate was on the screen ${ms} ms after answering`);
    const before = await rows(client.page);
    expect(!(await browser.page.content()).includes(hanako.name), "the console's own page holds the name");
    await openAndNote(browser, glass, context);

    const opened = Date.now();
    await until("the opening on the client's page", async () => (await client.page.locator("#entries tr[data-kind=opening]").count()) >= 3 || undefined);
    expect(Date.now() - opened < 2000, `the client's page showed the opening after ${Date.now() - opened} ms`);
    const after = await rows(client.page);
    expect(after.length > before.length, "nothing was added to the client's page");
    expect(!after.join("\n").includes(hanako.name), "the client's log holds a name");
    await client.screenshot(join(context.folder, "client.png"));
    expectEqual(await client.seriousFaults(), [], "accessibility of the client's page");

    await verifyLog(system, client, witness, key, context);
    const tickets = await ticketsOf(glass, ticket);

    await browser.press("終話");
    await watcher.seesCall("the wrap-up", (one) => one.id === call.id && one.stage === "wrap_up");
    await nothingElseOpens(browser, glass, tickets);
    await browser.screenshot(join(context.folder, "wrap-up.png"));
    await wrapUp(await system.staff("hana"), call.id);
    await until("the glass to be empty", async () => (await glass.locator(".values").count()) === 0 || undefined);
    await browser.screenshot(join(context.folder, "after.png"));
    watcher.stop();
    await client.close();
    await browser.close();
    await system.stop();
  },
};
