// Who looked at this person's data: the owner finds one of its people by exact value, sees every opening, and hands the
// person a file whose proofs hold without the vault: in the browser, and with `madoguchi verify` when the vault is gone.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Console } from "../lib/browser.ts";
import type { Context, Journey } from "../lib/journey.ts";
import { runToEnd } from "../lib/process.ts";
import type { System } from "../lib/system.ts";
import { VaultSite, checkedPerson, hanako, openingCall } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

interface Verdict {
  ok: boolean;
  error?: string;
  complete?: boolean;
  index?: number;
  entries?: { index: number; entry: Record<string, unknown> }[];
}

async function verify(system: System, key: string, proof: string, expected: number, more: string[] = []): Promise<Verdict> {
  return JSON.parse(await runToEnd(system.binary, ["verify", "--json", "--key", key, "--proof", proof, ...more], { expected })) as Verdict;
}

/** Saves what a press downloads. */
async function saved(client: Console, button: string, file: string): Promise<string> {
  const [download] = await Promise.all([client.page.waitForEvent("download"), client.page.locator(button).click()]);
  await download.saveAs(file);
  return readFileSync(file, "utf8");
}

async function clientPage(system: System): Promise<Console> {
  const client = await Console.open(system.url, { language: "ja" });
  await client.page.goto(`${system.ready.glass_url}/client.html?lang=ja`);
  await client.page.locator("#name").fill("oku");
  await client.page.locator("#password").fill(system.password("oku"));
  await client.page.locator("#send").click();
  await client.page.locator("#cards").waitFor();
  await client.page.locator("#entries tr[data-kind=staff]", { hasText: "hana を minato の担当者に登録（電話機 hana）" }).waitFor();
  return client;
}

/** Found by exact value, masked; everything that was done with the record, the enquiry itself the newest. */
async function look(client: Console): Promise<void> {
  const page = client.page;
  await page.locator("select[name=looked-field] option[value=letter_number]").waitFor({ state: "attached" });
  await page.locator("select[name=looked-field]").selectOption("letter_number");
  await page.locator("input[name=looked-value]").fill(hanako.letter);
  await page.locator("#looked-search button").click();
  const found = page.locator(".looked-people li");
  await found.first().locator("button").waitFor();
  expectEqual(await found.count(), 1, "people with this letter number");
  expect(!(await found.first().innerText()).includes(hanako.name), "the name is shown in clear");
  await found.first().locator("button").click();
  await page.locator("#looked-entries tbody tr").first().waitFor();
  const kinds = await page.locator("#looked-entries tbody tr td:nth-child(3)").allInnerTexts();
  expectEqual(kinds, ["照会", "閲覧", "閲覧", "閲覧", "本人確認"], "what was done with this person's data, newest first");
}

/** Proof files in the page, against the pasted key: whole, and with one letter changed. */
async function checkedInThePage(client: Console, key: string, file: string): Promise<void> {
  const outcome = (kind: string): Promise<void> => client.page.locator(`#proof-checked.${kind}`).waitFor();
  await client.page.locator("#key").fill(key);
  await client.page.locator("#proof-file").setInputFiles(file);
  await outcome("match");
  writeFileSync(`${file}.changed`, readFileSync(file, "utf8").replace(/"purpose":"answer"/, '"purpose":"sell"').replace(/^index (\d+)$/m, "index 0"));
  await client.page.locator("#proof-file").setInputFiles(`${file}.changed`);
  await outcome("cannot_confirm");
}

async function filesForThePerson(system: System, client: Console, context: Context): Promise<{ key: string; person: string; opening: string }> {
  const file = (name: string): string => join(context.folder, name);
  const key = (await system.program.says(/the log of sakura is verified with (\S+)/))[1]!;
  const newest = Number(await client.page.locator("#looked-entries tbody tr td").first().innerText());
  const log = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
  await until("every entry shown to be published", async () => (await log.get(`/owner/entries/${newest}/proof`)).status === 200 || undefined);
  const person = file("person.json");
  expectEqual((JSON.parse(await saved(client, "[data-file=json]", person)) as { entries: unknown[] }).entries.length, 5, "entries in the person's file");
  const printed = await saved(client, "[data-file=html]", file("person.html"));
  for (const part of ["hana / minato", "閲覧", "氏名"]) expect(printed.includes(part), `the page to print has no ${part}`);
  expect(!printed.includes(hanako.name) && !readFileSync(person, "utf8").includes(hanako.name), "a name stands in the file");
  const opening = file("opening.tlog-proof");
  await saved(client, "#looked-entries tbody tr:nth-child(2) a", opening);
  await checkedInThePage(client, key, person);
  await checkedInThePage(client, key, opening);
  expectEqual(await client.seriousFaults(), [], "accessibility of the client's page");
  await client.screenshot(file("looked.png"));
  return { key, person, opening };
}

const corrected = "架空 華子";

/** The person asks that what is wrong be put right; the owner does so where the enquiry was made. */
async function corrects(client: Console, { folder }: Context): Promise<void> {
  const { page } = client;
  await page.locator("#correct summary").click();
  await page.locator("select[name=correct-field]").selectOption({ label: "氏名 架•" });
  await page.locator("select[name=correct-reason]").selectOption("asked_by_person");
  await page.locator("#correct button[type=submit]").click();
  await page.locator(".correct-said.cannot_confirm").waitFor();
  await page.locator("input[name=correct-text]").fill(corrected);
  await page.locator("#correct button[type=submit]").click();
  await page.locator(".correct-said.match").waitFor();
  expectEqual(await client.seriousFaults(), [], "accessibility of the correction");
  await client.screenshot(join(folder, "corrected.png"));
}

export const journey: Journey = {
  title: "the owner sees who looked at one person's data, and the person's file is proven without the vault",
  seconds: 120,
  async run(context) {
    const opening = await openingCall(context);
    const { system, glass, ticket } = opening;
    const person = await checkedPerson(opening);
    expectEqual((await glass.open(person, ticket)).status, 200, "opening");
    expectEqual((await glass.post("/owner/looked", { subject: person.subject })).status, 403, "the enquiry of an operator");
    const wada = await VaultSite.signIn(system.ready.glass_url, "wada", system.password("wada"));
    expectEqual((await wada.post("/owner/looked", { subject: person.subject })).status, 404, "the enquiry of another owner");

    const client = await clientPage(system);
    await look(client);
    const files = await filesForThePerson(system, client, context);
    const url = `${system.ready.glass_url}/log/sakura`;
    const whole = await verify(system, files.key, files.person, 0, ["--log", url]);
    expectEqual([whole.ok, whole.complete], [true, true], "the file beside the whole log");
    const without = JSON.parse(readFileSync(files.person, "utf8")) as { entries: unknown[] };
    without.entries.splice(1, 1);
    writeFileSync(join(context.folder, "hides.json"), JSON.stringify(without));
    const hides = await verify(system, files.key, join(context.folder, "hides.json"), 1, ["--log", url]);
    expect(/is about this person and not in the file/.test(hides.error ?? ""), `what is hidden is not named: ${hides.error}`);

    await corrects(client, context);
    const again = await glass.open(person, ticket);
    expect(JSON.stringify(again.body["values"]).includes(corrected), `the corrected name does not open (${again.status})`);
    const oku = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
    for (const odd of [{ text: 5 }, { text: "架空 某", verified: "yes" }, { gone: "yes" }, { text: "架空 某", number: 256 }, { refusals: ["営業", 5] }])
      expectEqual((await oku.post("/owner/correct", { subject: person.subject, reason: "found_wrong", field: "name_kanji", ...odd })).status, 400, `a correction that is none: ${JSON.stringify(odd)}`);
    const faults = [["name_kana", "架空 華子", "not_kana"], ["birth_date", "2999-12-31", "in_future"], ["telephone", "番号ではない", "no_telephone"]] as const;
    for (const [field, text, code] of faults) {
      const refused = await oku.post("/owner/correct", { subject: person.subject, reason: "found_wrong", field, text });
      expectEqual([refused.status, refused.body["code"]], [400, code], `what is no ${field}`);
    }
    const told = ((await oku.get("/owner/entries?limit=20")).body["entries"] as { entry: Record<string, any> }[]).map(({ entry }) => entry).filter((entry) => entry["kind"] === "correction");
    expectEqual(told.map((entry) => [entry["outcome"], entry["fields"], entry["operator"], entry["details"].reason]), [["corrected", ["name_kanji"], "oku", "asked_by_person"]], "the correction in the owner's log");
    expectEqual((await glass.post("/owner/correct", { subject: person.subject, reason: "found_wrong", field: "name_kanji", text: "架空 某" })).status, 403, "a correction by an operator");

    await client.close();
    await opening.hana.act(opening.talking.id, "end");
    opening.hana.stop();
    await opening.phone.stop();
    await system.stop();
    const alone = await verify(system, files.key, files.person, 0);
    expectEqual(alone.entries?.filter(({ entry }) => entry["kind"] === "opening").length, 3, "openings proven without the vault");
    expect((await verify(system, files.key, files.opening, 0)).index !== undefined, "one opening proven without the vault");
    await verify(system, files.key, `${files.person}.changed`, 1);
  },
};
