// A person comes in by a file, is opened in a call, and the owner erases her on the client's page: nobody finds or opens
// her any more, and no byte of her key, record or note is left in any file of the deployment. Then the databases, and
// then the whole data folder, come back from a backup that still had her: she stays gone, the log verifies, the others are
// there. A list of erasures that is older, missing or changed is refused.
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Console } from "../lib/browser.ts";
import { withoutWords } from "../lib/floor.ts";
import { imports } from "../lib/imports.ts";
import type { Context, Journey } from "../lib/journey.ts";
import { Program } from "../lib/process.ts";
import { verified } from "../lib/published.ts";
import { type Planted, expectInNoFile, finds } from "../lib/search_bytes.ts";
import { Shift } from "../lib/shift.ts";
import { System } from "../lib/system.ts";
import { type Person, VaultSite } from "../lib/vault_site.ts";
import { expect, expectEqual } from "../lib/wait.ts";

const goes = { number: "09000007001", letter: "E-7001", kana: "ショウキョ サレル" };
const stays = { number: "09000007002", letter: "E-7002", kana: "ノコル ヒト" };
const notASocket = (path: string): boolean => !path.endsWith(".sock");
const databases = /^(records|subject-keys)\.db/;

function file(context: Context): string {
  const path = join(context.folder, "customers.jsonl");
  const rows = [goes, stays].map((one) => JSON.stringify({ お手紙番号: one.letter, 氏名: "架空 消去", フリガナ: one.kana, 電話番号: one.number, 住所: "東京都消去区1-2-3" }));
  writeFileSync(path, `${rows.join("\n")}\n`);
  return path;
}

/** A database's rows with blobs as hex, by a copy: the vault's own files are never opened by another program. */
function ask(context: Context, data: string, name: string, sql: string): string {
  const copy = join(context.folder, "looking");
  cpSync(data, copy, { recursive: true, filter: notASocket });
  const script = "import sqlite3,sys\nfor row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(*row)";
  const text = execFileSync("python3", ["-c", script, join(copy, name), sql], { encoding: "utf8" });
  rmSync(copy, { recursive: true });
  return text;
}

/** What the store holds of her: pieces of the sealed record and note, and of the key that they hang on. */
function tracesOf(context: Context, data: string, subject: string): Planted[] {
  const rows = ask(context, data, "records.db", "select number, hex(sealed) from records order by number desc limit 2").trim().split("\n").map((row) => row.split(" "));
  const notes = ask(context, data, "records.db", "select record, hex(sealed) from record_documents").trim().split("\n").map((row) => row.split(" "));
  const number = notes[0]?.[0]; // only she has a note
  const record = rows.find((row) => row[0] === number)?.[1];
  expect(number && record && notes[0]?.[1], "her record and note are not in the database");
  const pieces = (hex: string): Buffer[] => Array.from({ length: Math.floor(hex.length / 80) }, (_, i) => Buffer.from(hex.slice(i * 80, i * 80 + 80), "hex"));
  return [
    { name: "her sealed record", forms: pieces(record).slice(1) }, // the first piece holds what others have too
    { name: "her sealed note", forms: pieces(notes[0]![1]!).slice(1) },
    { name: "her id", forms: [Buffer.from(subject)] },
  ];
}

/** Her wrapped key: what the file of keys loses when she goes. */
function keyTraces(before: Buffer, after: Buffer): Buffer[] {
  const lost: Buffer[] = [];
  for (let at = 0; at + 32 <= before.length; at += 8) {
    const piece = before.subarray(at, at + 32);
    if (new Set(piece).size > 16 && !after.includes(piece)) lost.push(piece);
  }
  return lost;
}

/** On the client's page, as the owner does it. */
async function erases(system: System, context: Context): Promise<void> {
  const client = await Console.open(system.url, { language: "ja" });
  const { page } = client;
  page.on("dialog", (dialog) => void dialog.accept());
  await page.goto(`${system.ready.glass_url}/client.html?lang=ja`);
  await page.locator("#name").fill("oku");
  await page.locator("#password").fill(system.password("oku"));
  await page.locator("#send").click();
  await page.locator("#cards").waitFor();
  await page.locator("select[name=looked-field]").selectOption("letter_number");
  await page.locator("input[name=looked-value]").fill(goes.letter);
  await page.locator("#looked-search button").click();
  await page.locator(".looked-people button").click();
  await page.locator("#erase summary").click();
  await page.locator("select[name=erase-reason]").selectOption("asked_by_person");
  await client.screenshot(join(context.folder, "erase.png"));
  expectEqual(await client.seriousFaults(), [], "accessibility of the client's page");
  await page.locator("#erase button").click();
  await page.locator("#erased").waitFor();
  await client.close();
}

/** Neither by number nor by letter number nor by her id; the other one opens. */
async function isGone(system: System, folder: string, person: Person): Promise<void> {
  const hana = await Shift.begin(system, folder);
  const served = await hana.takes(goes.number);
  expectEqual(await hana.candidates(served.ticket), [], "people known by her number");
  expectEqual(await hana.find("letter_number", goes.letter, served.ticket), [], "people with her letter");
  const asked = await hana.glass.check(person, "name_kana", goes.kana, served.ticket);
  expectEqual(asked.status, 404, `the identity check (${JSON.stringify(asked.body)})`);
  expect((await hana.glass.open(person, served.ticket)).status !== 200, "she was opened");
  const [other] = await hana.find("letter_number", stays.letter, served.ticket);
  expect(other, "the other one is gone too");
  expectEqual((await hana.opens(other, stays.kana, served.ticket)).status, 200, "opening the other one");
  await hana.ends(served);
  await hana.stop();
}

interface Before {
  backup: string;
  data: string;
  traces: Planted[];
  person: Person;
  entries: number;
}

const listOf = (system: System): string => join(`${system.folder}-erasures`, "list");

function inNoFile(traces: Planted[], system: System): void {
  expectInNoFile(traces, system.folder);
  expectInNoFile(traces, `${system.folder}-erasures`);
}

/** Of the backup, in the vault's folder: its records and keys, not the vault's own database. */
function putsDatabasesBack(data: string, backup: string): void {
  for (const name of readdirSync(data).filter((one) => databases.test(one))) rmSync(join(data, name));
  for (const name of readdirSync(backup).filter((one) => databases.test(one))) cpSync(join(backup, name), join(data, name));
}

/** The vault alone, which must not start. */
async function refuses(system: System, why: RegExp): Promise<void> {
  const vault = new Program("vault", system.binary, ["vault", "--config", join(system.folder, "vault.toml")], { cwd: system.folder });
  expectEqual(await vault.exits(40), 2, `the start (${vault.output.trim()})`);
  expect(why.test(vault.output), `not ${why}: ${vault.output.trim()}`);
}

/** Records and keys alone; then everything in the data folder; then with lists that are no good. */
async function putsBack(system: System, { folder }: Context, { backup, data, traces, person, entries }: Before): Promise<void> {
  await system.stop();
  inNoFile(traces, system);
  putsDatabasesBack(data, join(backup, "vault"));
  expect(finds(traces, readFileSync(join(data, "subject-keys.db"))) !== undefined, "the backup does not hold her key");
  await system.run();
  inNoFile(traces, system);
  await isGone(system, join(folder, "restored"), person);
  expect((await verified(system)) > entries, "the log did not go on");
  await system.stop();
  inNoFile(traces, system);

  // ---- the whole data folder: every process's, the vault's database, the clients' logs, keys, settings
  const now = join(folder, "data-now");
  cpSync(system.folder, now, { recursive: true, filter: notASocket });
  rmSync(system.folder, { recursive: true });
  cpSync(backup, system.folder, { recursive: true });
  await system.run();
  inNoFile(traces, system);
  await isGone(system, join(folder, "restored-whole"), person);
  await system.stop();
  inNoFile(traces, system);

  // ---- records and keys of before her, beside a database that tells of a list
  const list = listOf(system);
  const newest = readFileSync(list);
  rmSync(system.folder, { recursive: true });
  cpSync(now, system.folder, { recursive: true });
  putsDatabasesBack(data, join(backup, "vault"));
  writeFileSync(list, newest.subarray(0, newest.indexOf(0x0a) + 1));
  await refuses(system, /erasures\.file: .*older than the database.*Put its newest copy there/);
  rmSync(list);
  await refuses(system, /erasures\.file: .*list: is missing; put the newest copy/);
  const changed = Buffer.from(newest);
  changed[newest.indexOf(0x0a) + 1] = changed[newest.indexOf(0x0a) + 1] === 0x31 ? 0x32 : 0x31;
  writeFileSync(list, changed);
  await refuses(system, /erasures\.file: .*list: line 2 was changed/);
  expect(finds(traces, readFileSync(join(data, "subject-keys.db"))) !== undefined, "a refused start changed the keys");
  writeFileSync(list, newest);
  await system.run();
  inNoFile(traces, system);
  await system.stop();
}

export const journey: Journey = {
  title: "a person whom the owner erases is gone, byte by byte, and stays gone when a backup is put back",
  seconds: 300,
  async run(context) {
    const { folder } = context;
    const system = await System.start(context, { settings: (process, toml) => (process === "centre" ? withoutWords(toml) : toml) });
    const data = join(system.folder, "vault");
    const told = await imports(system, file(context));
    expectEqual([told.code, told.rows], [0, 2], `the import (${told.text.trim()})`);
    rmSync(join(folder, "customers.jsonl"));

    const hana = await Shift.begin(system, join(folder, "before"));
    const served = await hana.takes(goes.number);
    const [person] = await hana.candidates(served.ticket);
    expect(person, "she is not known by her number");
    expectEqual((await hana.opens(person, goes.kana, served.ticket)).status, 200, "opening before");
    const note = { owner: person.owner.id, subject: person.subject, text: "ご本人より、登録の消去をお求め。折り返し不要とのこと。".repeat(4), draft: false };
    expectEqual((await hana.glass.post("/documents", note, served.ticket)).status, 200, "writing a note");
    await hana.ends(served);
    await hana.stop();

    // ---- a backup, taken while nothing runs
    await system.stop();
    const backup = join(folder, "backup");
    cpSync(system.folder, backup, { recursive: true, filter: notASocket });
    const traces = tracesOf(context, data, person.subject);
    const keys = readFileSync(join(data, "subject-keys.db"));
    const anywhere = Buffer.concat(readdirSync(data).filter((name) => databases.test(name)).map((name) => readFileSync(join(data, name))));
    for (const trace of traces.slice(0, 2)) expect(finds([trace], anywhere) !== undefined, `the searcher does not find ${trace.name} while it is there`);

    // ---- she goes
    await system.run();
    await erases(system, context);
    const lost = keyTraces(keys, readFileSync(join(data, "subject-keys.db")));
    expect(lost.length >= 4, `the file of keys lost ${lost.length} pieces: no key of hers was destroyed`);
    traces.push({ name: "her key", forms: lost });
    const files = expectInNoFile(traces, system.folder);
    expectInNoFile(traces, `${system.folder}-erasures`);
    expect(files.files > 10, `only ${files.files} files were looked through`);
    await isGone(system, join(folder, "after"), person);
    const entries = await verified(system);
    const owner = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
    const erasures = ((await owner.get("/owner/entries?limit=200")).body["entries"] as { entry: Record<string, any> }[]).map(({ entry }) => entry).filter((entry) => entry["kind"] === "erasure");
    expectEqual(erasures.map((entry) => [entry["outcome"], entry["details"].reason, entry["operator"]]), [["done", "asked_by_person", "oku"], ["begun", "asked_by_person", "oku"]], "erasures in the owner's log");

    await putsBack(system, context, { backup, data, traces, person, entries });
  },
};
