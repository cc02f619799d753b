// The vault's three databases on PostgreSQL: a client's file comes in, who came in is found and opened when she rings.
// PostgreSQL's processes are killed amid the call and the next opening works; PostgreSQL is stopped and openings are
// refused, the call goes on; it is started again and all is there, also after a new start, and the log verifies.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { withoutWords } from "../lib/floor.ts";
import { imports } from "../lib/imports.ts";
import type { Journey } from "../lib/journey.ts";
import { freePorts } from "../lib/ports.ts";
import { Postgres } from "../lib/postgres.ts";
import { verified } from "../lib/published.ts";
import { Shift } from "../lib/shift.ts";
import { System } from "../lib/system.ts";
import { expect, expectEqual } from "../lib/wait.ts";

const bases = ["vault", "records", "subject_keys"];
const rings = { number: "09000006007", letter: "P-0007", kana: "ミホン ナナ" };

function file(folder: string): string {
  const people = Array.from({ length: 50 }, (_, i) => {
    const number = String(i + 1).padStart(4, "0");
    return JSON.stringify({ お手紙番号: `P-${number}`, 氏名: "見本 七", フリガナ: i === 6 ? rings.kana : "ミホン タスウ", 電話番号: `0900000${6001 + i}` });
  });
  const path = join(folder, "customers.jsonl");
  writeFileSync(path, `${people.join("\n")}\n`);
  return path;
}

export const journey: Journey = {
  title: "the vault's databases on PostgreSQL: killed and stopped amid a call, openings are refused clearly, then work again",
  seconds: 300,
  async run(context) {
    const { folder } = context;
    const postgres = await Postgres.start(join(folder, "postgres.log"), await freePorts(1));
    for (const base of bases) await postgres.ask("postgres", `create database ${base}`);
    const system = await System.start(context, {
      args: ["--vault-database", postgres.url("vault"), "--vault-records", postgres.url("records"), "--vault-subject-keys", postgres.url("subject_keys")],
      settings: (process, toml) => (process === "centre" ? withoutWords(toml) : toml),
    });
    const told = await imports(system, file(folder));
    expectEqual([told.code, told.rows, told.bad], [0, 50, 0], `the import (${told.text.trim()})`);
    expectEqual((await postgres.ask("subject_keys", "select count(*) from key_subjects")).trim(), "70", "keys: the file's and the demo's");

    const hana = await Shift.begin(system, folder);
    const served = await hana.takes(rings.number);
    const [person] = await hana.candidates(served.ticket);
    expect(person, "nobody is known by the caller's number");
    expectEqual((await hana.find("letter_number", rings.letter, served.ticket)).map((one) => one.subject), [person.subject], "who has the letter");
    expectEqual((await hana.opens(person, rings.kana, served.ticket)).status, 200, "opening");

    // ---- its processes are killed; the server ends every other connection then and recovers
    expect((await postgres.killBackends("records")) > 0, "nobody is connected to the records");
    await postgres.answers();
    expectEqual((await hana.glass.open(person, served.ticket)).status, 200, "the next opening");

    // ---- it is stopped
    await postgres.halt();
    const refused = await hana.glass.open(person, served.ticket);
    expectEqual([refused.status, refused.body["code"], refused.body["values"]], [503, "away", undefined], "opening without a database");
    expectEqual(hana.staff.calls.get(served.call.id)?.stage, "talking", "the call meanwhile");
    await postgres.go();
    expectEqual((await hana.glass.open(person, served.ticket)).status, 200, "opening when it is back");
    await hana.ends(served);
    const before = await verified(system);

    // ---- a new start
    await hana.stop();
    await system.stop();
    await system.run();
    const again = await Shift.begin(system, folder);
    const next = await again.takes(rings.number, "next");
    const [same] = await again.candidates(next.ticket);
    expectEqual(same?.subject, person.subject, "who is known by the number after a new start");
    expectEqual((await again.opens(person, rings.kana, next.ticket)).status, 200, "opening after a new start");
    await again.ends(next);
    expect((await verified(system)) > before, "the log did not grow");
    await again.stop();
    await system.stop();
    await postgres.stop();
  },
};
