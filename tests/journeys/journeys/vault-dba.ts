// Whoever has the database, a backup, the logs or a look into a process finds nobody: a planted person comes in by a file,
// rings, is searched, checked, opened and written about; then her values are looked for, in every spelling, in all files
// that the deployment has, in what its processes print, in what SQL gives, and in memory images of supervisor, centre and
// exchange, which has forgotten her number once the call is over. (That the vault can't be looked into: vault-sandbox.)
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withoutWords } from "../lib/floor.ts";
import { imports } from "../lib/imports.ts";
import type { Context, Journey } from "../lib/journey.ts";
import { expectInNoFile, expectNowhere, finds, planted, plantedNumber } from "../lib/search_bytes.ts";
import { Shift } from "../lib/shift.ts";
import { System, memoryImage } from "../lib/system.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const person = {
  お手紙番号: "D-837192", 氏名: "椿谷 架空緒", フリガナ: "ツバキダニ カクオ", 電話番号: "09007358371", 住所: "東京都架空区椿町7丁目8番9号", メールアドレス: "tsubakidani.kakuo@demo.invalid",
};
const note = "山吹色の封筒をお送りする約束をした";
const secrets = [
  planted("her name", "椿谷", "架空緒"),
  planted("her name in kana", "ツバキダニ", "つばきだに", "ﾂﾊﾞｷﾀﾞﾆ", "カクオ", "ｶｸｵ"),
  planted("her address", "椿町7丁目8番9号", "椿町7-8-9", "椿町７丁目８番９号", "架空区椿町"),
  plantedNumber("her telephone", person["電話番号"]),
  planted("her mail", "tsubakidani.kakuo", "tsubakidani"),
  planted("her letter number", "D-837192", "D837192", "Ｄ－８３７１９２"),
  planted("the note", note, "山吹色の封筒"),
];

/** Every row of every table of a copy of a database, as a dump with SQL gives it. */
function dump(file: string): Buffer {
  const script = "import sqlite3,sys\nfor line in sqlite3.connect(sys.argv[1]).iterdump(): print(line)";
  return execFileSync("python3", ["-c", script, file], { maxBuffer: 2 ** 30 });
}

/** A backup as an administrator makes one, and what can be asked of it. */
function looksIntoABackup(context: Context, system: System): number {
  const backup = join(context.folder, "backup");
  cpSync(system.folder, backup, { recursive: true, filter: (path) => !path.endsWith(".sock") });
  expectInNoFile(secrets, backup);
  const bases = execFileSync("find", [backup, "-name", "*.db"], { encoding: "utf8" }).trim().split("\n");
  for (const base of bases) {
    const rows = dump(base);
    expect(rows.includes("INSERT INTO"), `${base} has no rows`);
    expectNowhere(secrets, `a dump of ${base}`, rows);
  }
  rmSync(backup, { recursive: true });
  return bases.length;
}

/** What programs leave where everybody may write, made since `since`. */
function looksIntoTemporaryFolders(since: number): void {
  for (const folder of ["/tmp", "/var/tmp", "/dev/shm"])
    for (const entry of readdirSync(folder, { withFileTypes: true }).filter((one) => one.isFile())) {
      const path = join(folder, entry.name);
      try {
        const { mtimeMs, size } = statSync(path);
        if (mtimeMs >= since && size < 2 ** 27) expectNowhere(secrets, path, readFileSync(path));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
}

function image(context: Context, pid: number | undefined, name: string): Buffer {
  const file = join(context.folder, name);
  const bytes = memoryImage(pid ?? 0, file);
  rmSync(`${file}.${pid}`);
  expect(bytes.length > 1_000_000, `${name} is no memory image`);
  return bytes;
}

export const journey: Journey = {
  title: "a planted person is found in no database, backup, log or file, nor after the call in the memory of any process but the vault",
  seconds: 400,
  async run(context) {
    const began = Date.now();
    const { folder } = context;
    const system = await System.start(context, { settings: (process, toml) => (process === "centre" ? withoutWords(toml) : toml) });
    const customers = join(folder, "customers.jsonl");
    writeFileSync(customers, `${JSON.stringify(person)}\n`);
    // The searcher finds what is there.
    for (const secret of secrets.slice(0, -1)) expect(finds([secret], readFileSync(customers)) !== undefined, `the searcher does not find ${secret.name}`);
    const told = await imports(system, customers);
    expectEqual([told.code, told.rows], [0, 1], `the import (${told.text.trim()})`);
    expectNowhere(secrets, "what the import prints", Buffer.from(told.text));

    const hana = await Shift.begin(system, join(folder, "network"));
    const served = await hana.takes(person["電話番号"]);
    const [found] = await hana.candidates(served.ticket);
    expect(found, "nobody is known by the number");
    expectEqual((await hana.find("letter_number", person["お手紙番号"], served.ticket)).length, 1, "people with the letter");
    const opened = await hana.opens(found, person["フリガナ"], served.ticket);
    expect(finds(secrets, Buffer.from(JSON.stringify(opened.body))) !== undefined, "the searcher does not find what the glass shows");
    const kept = await hana.glass.post("/documents", { owner: found.owner.id, subject: found.subject, text: note, draft: false }, served.ticket);
    expectEqual(kept.status, 200, "writing a note");
    expectNowhere(secrets, "the centre's memory amid the call", image(context, system.pid("centre"), "centre"));
    const talking = image(context, system.pid("exchange"), "exchange");
    expect(talking.includes(served.call.id), "the memory image is not the exchange's: its call is not in it");
    await hana.ends(served);

    // ---- after the call
    const centre = image(context, system.pid("centre"), "centre");
    expect(centre.includes(served.call.id), "the memory image is not the centre's: its call is not in it");
    expectNowhere(secrets, "the centre's memory", centre);
    expectNowhere(secrets, "the supervisor's memory", image(context, system.program.pid, "supervisor"));
    await until("the exchange to have forgotten her number", () => {
      expectNowhere(secrets, "the exchange's memory", image(context, system.pid("exchange"), "exchange"));
      return true;
    }, { seconds: 120 });
    const limits = readFileSync(`/proc/${system.pid("vault")}/limits`, "utf8");
    expect(/^Max core file size +0 +0 /m.test(limits), "a crash of the vault would leave its memory in a core file");
    const looked = expectInNoFile(secrets, system.folder);
    expect(looked.files > 20 && looked.bytes > 1_000_000, `only ${looked.files} files with ${looked.bytes} bytes were looked through`);
    expect(system.recordings().length > 0, "there is no recording to look through");
    expect(looksIntoABackup(context, system) >= 4, "databases are missing from the backup");
    await hana.stop();
    await system.stop();
    expectInNoFile(secrets, system.folder);
    expectNowhere(secrets, "what the processes print", readFileSync(join(folder, "madoguchi.log")));
    looksIntoTemporaryFolders(began);
  },
};
