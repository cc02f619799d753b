// A client's files come in over the running vault: CSV as old systems write it (CP932) and JSON Lines. Bad rows are told
// by line and reason, --strict takes all or nothing, an import or a vault that is killed goes on where it was (other files
// wait), what came in may be taken back, and whoever came in is found when she rings. A newer list changes who is there.
// Half a file is refused, and so is what is no file.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command, commandJson } from "../lib/commands.ts";
import { callers, leakDesk, telephones, withoutWords } from "../lib/floor.ts";
import { importing, imports } from "../lib/imports.ts";
import type { Context, Journey } from "../lib/journey.ts";
import type { Program } from "../lib/process.ts";
import { System } from "../lib/system.ts";
import { VaultSite } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const manyRows = 300_000;
const moved = { number: "09000009042", kana: "カクウ シジュウサン" }; // the same person, in a newer list
const rings = { number: "09000005042", letter: "C-0042", kana: "カクウ シジュウニ" }; // row 42 of the CSV

const report = (file: string): string[] => {
  const path = `${file}.bad-rows.csv`;
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").slice(1) : [];
};
const linesOf = (file: string): number[] => report(file).map((line) => Number(line.split(",")[0]));

/** 300 invented people; lines 11, 101 and 201 can't be taken. */
function csv(context: Context): string {
  const rows = ["お客様番号,お手紙番号,氏名,氏名カナ,生年月日,郵便番号,住所,電話番号"];
  for (let i = 1; i <= 300; i++) {
    const four = String(i).padStart(4, "0");
    const kana = i === 42 ? rings.kana : "カクウ ヒトリ";
    const born = i === 10 ? "1980-13-45" : "昭和55年1月2日";
    const number = i === 100 ? "K-0099" : `K-${four}`;
    const row = [number, `C-${four}`, "髙橋架空 一人", kana, born, "000-0001", "東京都架空区①丁目2番3号", `090-0000-${5000 + i}`];
    rows.push((i === 200 ? row.slice(0, 5) : row).join(","));
  }
  const file = join(context.folder, "customers.csv");
  writeFileSync(file, execFileSync("iconv", ["-f", "UTF-8", "-t", "CP932"], { input: `${rows.join("\r\n")}\r\n` }));
  return file;
}

/** Many, without a number that would refuse doubles by itself; lines 100 and 30000 can't be taken. */
function jsonLines(context: Context): string {
  const rows = Array.from({ length: manyRows }, (_, i) =>
    JSON.stringify({
      お手紙番号: `J-${String(i + 1).padStart(5, "0")}`,
      氏名: "見本 多数",
      フリガナ: "ミホン タスウ",
      生年月日: i + 1 === 100 || i + 1 === 30_000 ? "いつか" : "1990-01-02",
      住所: "東京都見本区1-2-3",
    }),
  );
  const file = join(context.folder, "customers.jsonl");
  writeFileSync(file, `${rows.join("\n")}\n`);
  return file;
}

async function takesCsv(system: System, context: Context): Promise<void> {
  const file = csv(context);
  const strict = await imports(system, file, ["--strict"]);
  expect(strict.code !== 0 && /nothing was imported/.test(strict.text), `--strict refuses the file: ${strict.text}`);
  expectEqual(linesOf(file), [11, 101, 201], "lines told by --strict");
  const taken = await imports(system, file);
  expectEqual([taken.code, taken.rows, taken.bad], [1, 297, 3], `the CSV in CP932 (${taken.text.trim()})`);
  expectEqual(linesOf(file), [11, 101, 201], "lines told");
  const told = report(file);
  expect(/birth_date/.test(told[0] ?? "") && /customer_number/.test(told[1] ?? ""), `reasons: ${told.join(" | ")}`);
  expect(!told.join().includes("1980-13-45") && !told.join().includes("K-0099"), "a reason holds a value");
  const again = await imports(system, file);
  expect(again.code !== 0 && /in already/.test(again.text), `the same file again: ${again.text}`);
}

/** Half a file, and what is no file: nothing begins. */
async function refusesWhatIsNoWholeFile(system: System, context: Context): Promise<void> {
  const file = join(context.folder, "half.csv");
  writeFileSync(file, "お手紙番号,氏名,フリガナ\nH-1,半分 一,ハンブン イチ\nH-2,半分");
  const half = await imports(system, file);
  expect(half.code === 2 && /half\.csv: line 3: .*cut off.*fetch it again/.test(half.text), `half a file: ${half.text}`);
  writeFileSync(file, "お手紙番号,靴,氏名,血液型\n");
  const unknown = await imports(system, file);
  expect(unknown.code === 2 && /columns 2 \("靴"\), 4 \("血液型"\) are not known/.test(unknown.text), `columns that nobody knows: ${unknown.text}`);
  writeFileSync(file, "お手紙番号,氏名\nH-1,半分 一\n");
  const pipe = join(context.folder, "pipe.csv");
  execFileSync("mkfifo", [pipe]);
  for (const [path, ...more] of [[pipe], ["/dev/zero"], [file, "--map", pipe], [file, "--report", pipe]] as const) {
    const told = await imports(system, path, more);
    expect(told.code === 2 && /is no plain file/.test(told.text), `${path} ${more.join(" ")}: ${told.text}`);
  }
}

/** A newer list: somebody new, somebody who moved and has one more telephone, somebody as before, and a bad row. */
async function isUpdated(system: System, context: Context): Promise<string> {
  const file = join(context.folder, "june.csv");
  const rows = [
    "お客様番号,氏名カナ,生年月日,住所,電話番号",
    `K-0042,${moved.kana},,東京都架空区9-9-9,${moved.number}`,
    "K-0043,カクウ ヒトリ,1980-01-02,,09000005043",
    "K-0900,カクウ アラタ,1990-01-02,東京都架空区4-4-4,090-0000-5900",
    "K-0044,カクウ ヒトリ,いつか,,",
  ];
  writeFileSync(file, `${rows.join("\n")}\n`);
  const strict = await imports(system, file, ["--update", "--strict"]);
  expect(strict.code === 2 && /nothing was imported/.test(strict.text), `--update --strict: ${strict.text}`);
  const done = await imports(system, file, ["--update"]);
  expectEqual([done.code, ...done.people], [1, 1, 1, 1, 1], `added, changed, unchanged, refused (${done.text.trim()})`);
  const told = readFileSync(`${file}.update-rows.csv`, "utf8").trim().split("\n");
  expectEqual(told.slice(0, 4), ["line,outcome,what", '2,changed,"name_kana address telephone.2"', '3,unchanged,""', '4,added,""'], "what is told of each row");
  expect(/^5,refused,"birth_date/.test(told[4] ?? ""), `the refused row: ${told[4]}`);
  const again = await imports(system, file, ["--update"]);
  expectEqual(again.people, [0, 0, 3, 1], "the same list again");
  return done.id!;
}

/** The import is killed in the middle, then the vault; the third try ends it. */
async function goesOnAfterKills(system: System, context: Context): Promise<void> {
  const file = jsonLines(context);
  const first = importing(system, file);
  await until("the first rows to be in", () => linesOf(file).includes(100) || !first.isRunning);
  expect(first.isRunning, `the import ended before it could be killed: ${first.output}`);
  first.kill("SIGKILL");
  await first.exits();
  const all = await commandJson<{ import: string; state: string }>(system, ["import", "--organisation", "sakura", "--list"]);
  const unfinished = all.find((one) => one.state === "running")?.import ?? "none";
  const otherTerms = await until("the first try to be let go of", async () => {
    const told = await imports(system, file, ["--strict"]);
    return /under way/.test(told.text) ? undefined : told;
  });
  expect(otherTerms.code === 2 && /another mapping, provenance/.test(otherTerms.text), `other terms: ${otherTerms.text}`);
  await othersWait(system, context, unfinished);
  const goesOn = async (): Promise<Program | undefined> => {
    const program = importing(system, file);
    await until("half of the rows", () => linesOf(file).includes(30_000) || !program.isRunning, { seconds: 60 });
    return !program.isRunning && /under way/.test(program.output) ? undefined : program;
  };
  const second = await until("the second try to be halfway", goesOn, { seconds: 60 });
  expect(second.isRunning, `the import did not go on: ${second.output}`);
  const old = system.kill("vault");
  expectEqual(await second.exits(), 1, `exit code when the vault went away (${second.output.trim()})`);
  await system.restarted("vault", old);
  const last = await until("the third try to end", async () => {
    const told = await imports(system, file);
    return told.rows === undefined && /does not answer/.test(told.text) ? undefined : told;
  }, { seconds: 90 });
  expectEqual([last.code, last.rows, last.bad], [1, manyRows - 2, 2], `the JSON Lines file (${last.text.trim()})`);
  expectEqual(linesOf(file), [100, 30_000], "lines told over the three tries");
}

/** Nothing begins without provenance; another file waits until this one is finished or withdrawn. */
async function othersWait(system: System, context: Context, unfinished: string): Promise<void> {
  const few = join(context.folder, "few.csv");
  writeFileSync(few, "お手紙番号,氏名,フリガナ\nF-1,少数 一,ショウスウ イチ\nF-2,少数 二,ショウスウ ニ\n");
  const told = (await command(system, ["import", few, "--organisation", "sakura"], { expected: 2 })).trim();
  expect(/--source.*--given-for.*--obtained-on/.test(told), `without provenance nothing begins: ${told}`);
  const waits = await imports(system, few);
  expect(waits.code === 2 && waits.text.includes(unfinished) && waits.text.includes("--withdraw"), `another file waits: ${waits.text}`);
}

async function isTakenBack(system: System, context: Context): Promise<void> {
  const few = join(context.folder, "few.csv");
  expectEqual((await imports(system, few)).rows, 2, "rows of the small file");
  const list = () => commandJson<{ import: string; state: string; rows: number }>(system, ["import", "--organisation", "sakura", "--list"]);
  const last = (await list()).at(-1)!;
  expectEqual([last.state, last.rows], ["done", 2], "the small file's import");
  const withdraw = ["import", "--organisation", "sakura", "--withdraw", last.import];
  const asked = await command(system, withdraw, { expected: 2 });
  expect(/--yes/.test(asked), `an import that is done goes only when that is meant: ${asked}`);
  expectEqual(await commandJson(system, [...withdraw, "--yes"]), [{ import: last.import, taken_away: 2 }], "what was taken away");
  expectEqual((await list()).at(-1)!.state, "withdrawn", "its state then");
}

async function isInTheOwnersLog(system: System, update: string): Promise<void> {
  const owner = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
  const { entries } = (await owner.get("/owner/entries?limit=200")).body as { entries: { entry: Record<string, any> }[] };
  const ofImports = entries.map(({ entry }) => entry).filter((entry) => entry["kind"] === "import");
  const begun = ofImports.filter((entry) => entry["outcome"] === "begun");
  expectEqual(begun.length, 6, "imports begun: the refused one, the CSV, two updates, the one that went on twice, and the small one");
  expectEqual(ofImports.filter((entry) => entry["outcome"] === "withdrawing").length, 1, "withdrawals begun");
  const withdrawn = ofImports.filter((entry) => entry["outcome"] === "withdrawn");
  const figures = withdrawn.map(({ details }) => [details.rows, details.bad_rows, details.taken_away ?? 0]);
  expectEqual(figures, [[0, 0, 2], [0, 3, 0]], "what was asked to be taken back, and what --strict took back");
  const done = ofImports.filter((entry) => entry["outcome"] === "done");
  expectEqual(done.map((entry) => [entry["details"].rows, entry["details"].bad_rows]), [[2, 0], [manyRows - 2, 2], [0, 1], [1, 1], [297, 3]], "imports in the owner's log");

  const search = async (field: string, value: string): Promise<{ subject: string }[]> =>
    (await owner.post("/owner/search", { all_of: [{ field, value }] })).body["people"];
  const found = await search("telephone", moved.number);
  expectEqual([found.length, (await search("name_kana", moved.kana)).length, (await search("name_kana", rings.kana)).length], [1, 1, 0], "people found by the new telephone and name, and by the name before");
  const looked = (await owner.post("/owner/looked", { subject: found[0]!.subject })).body as { entries: { entry: Record<string, any> }[] };
  const changes = looked.entries.map(({ entry }) => entry).filter((entry) => entry["kind"] === "correction");
  expectEqual(changes.map(({ outcome, operator, fields, details }) => [outcome, operator, fields, details.import]), [["updated", "administrator", ["name_kana", "address", "telephone.2"], update]], "who changed this person's data");
}

async function isFoundWhenRinging(system: System, context: Context): Promise<void> {
  const hana = await system.staff("hana");
  const phone = await telephones(system, context.folder, ["hana"], hana);
  const glass = await VaultSite.signIn(system.ready.glass_url, "hana", system.password("hana"));
  expectEqual((await glass.post("/leg", {})).status, 200, "registering the telephone");
  await hana.ready();
  await callers(system, { folder: context.folder, numbers: [rings.number], service: leakDesk.number });
  const talking = await hana.seesCall("the call connected", (one) => one.stage === "talking");
  const ticket = await until("a ticket for the call", () => hana.calls.get(talking.id)?.opening_ticket ?? undefined);
  const candidates = (await glass.get("/candidates", ticket)).body["people"] as { subject: string }[];
  expectEqual(candidates.length, 1, "people known by the caller's number");
  const search = async (value: string): Promise<{ subject: string }[]> =>
    (await glass.post("/search", { all_of: [{ field: "letter_number", value }] }, ticket)).body["people"];
  expectEqual((await search(rings.letter)).map((one) => one.subject), [candidates[0]!.subject], "who rings, by letter number");
  for (const letter of ["J-00001", "J-08193", "J-29999", "J-60000"])
    expectEqual((await search(letter)).length, 1, `people with letter ${letter}`);
  expectEqual((await search("F-1")).length, 0, "people of an import that was taken back");
  expectEqual((await search("J-30000")).length, 0, "people of a row that was refused");
  await hana.act(talking.id, "end");
  hana.stop();
  await phone.stop();
}

export const journey: Journey = {
  title: "a client's files come in, bad rows told, kills survived without doubles, and who came in is found when she rings",
  seconds: 240,
  async run(context) {
    const system = await System.start(context, {
      settings: (process, toml) => (process === "centre" ? withoutWords(toml) : toml),
    });
    await takesCsv(system, context);
    await refusesWhatIsNoWholeFile(system, context);
    const update = await isUpdated(system, context);
    await goesOnAfterKills(system, context);
    await isTakenBack(system, context);
    await isInTheOwnersLog(system, update);
    await isFoundWhenRinging(system, context);
    await system.stop();
  },
};
