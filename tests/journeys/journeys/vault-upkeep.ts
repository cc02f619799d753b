// What an administrator does to a client's records as a whole, while calls go on: a field of the client's own is made, a file
// brings it in under its label, the owner finds the person by it, and it opens by a mandate that names it; the client gets a
// new key amid a call, the vault is killed while it wraps people's keys again, and goes on after its restart; the master key
// is replaced too. Whoever was there before opens as before, and all of it stands in the client's log.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command, commandJson } from "../lib/commands.ts";
import { withoutWords } from "../lib/floor.ts";
import { imports } from "../lib/imports.ts";
import type { Context, Journey } from "../lib/journey.ts";
import { drafts, mandate, signs } from "../lib/mandates.ts";
import { verified } from "../lib/published.ts";
import { Shift } from "../lib/shift.ts";
import { System } from "../lib/system.ts";
import { type Person, VaultSite } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const customer = { number: "09000007101", letter: "U-7101", kana: "カギ カワル", course: "見本コース" };

// As many as keep it wrapping keys again for a while.
const people = 10_000;

interface Keys {
  organisation: string;
  version: number;
  search_version: number;
  rotating: boolean;
}

async function makesAField(system: System, { folder }: Context): Promise<void> {
  const add = ["schema", "add", "sakura", "course", "--ja", "ご契約コース", "--en", "Course", "--searchable"];
  await command(system, add);
  expect(/there is a field course already/.test(await command(system, add, { expected: 2 })), "the same field again");
  const fields = await commandJson<{ name: string; ja: string; own: boolean; masked: boolean }>(system, ["schema", "list", "sakura"]);
  expectEqual(fields.filter((one) => one.own).map((one) => [one.name, one.ja, one.masked]), [["course", "ご契約コース", true]], "fields of the client's own");
  const others = await commandJson<{ own: boolean }>(system, ["schema", "list", "wakaba"]);
  expectEqual(others.filter((one) => one.own).length, 0, "own fields of another client");
  const file = join(folder, "customers.jsonl");
  const rows = Array.from({ length: people }, (_, i) => ({ お手紙番号: `V-${i}`, 氏名: "架空 群", フリガナ: "カクウ グン", ご契約コース: `コース${i}` }));
  const all = [{ お手紙番号: customer.letter, 氏名: "架空 鍵", フリガナ: customer.kana, 電話番号: customer.number, ご契約コース: customer.course }, ...rows];
  writeFileSync(file, `${all.map((row) => JSON.stringify(row)).join("\n")}\n`);
  const told = await imports(system, file);
  expectEqual([told.code, told.rows], [0, people + 1], `the import (${told.text.trim()})`);
  rmSync(file);
}

async function keysOf(system: System): Promise<Keys> {
  const all = await commandJson<Keys>(system, ["keys", "status"]);
  return all.find((one) => one.organisation === "sakura")!;
}

/** The own field opens where a mandate names it, from the second its owner signs, and nowhere else. */
async function opensByMandate(system: System, context: Context, owner: VaultSite, hana: Shift, person: Person, ticket: string): Promise<void> {
  interface Opened {
    values: { field: string; text: string; label_ja: string }[];
  }
  const opened = await hana.opens(person, customer.kana, ticket);
  expectEqual((opened.body as Opened).values.map((one) => one.field), ["letter_number", "name_kanji", "name_kana"], "what a mandate without the own field opens");
  const forCourse = () => hana.glass.post("/ticket/purpose", { purpose: "course" }, ticket);
  expectEqual(await forCourse().then(({ status, body }) => [status, body["code"]]), [403, "no_purpose"], "a purpose that no mandate gives");

  const given = (await mandate(system, "sakura-1"))["purposes"] as object[];
  const purpose = { id: "course", name: "ご契約コースのご案内", fields: ["course"], checks: 1 };
  const version = await drafts(system, context, "sakura-1", { purposes: [...given, purpose] });
  expectEqual((await forCourse()).status, 403, "the purpose before the owner has signed it");
  await signs(owner, "sakura-1", version);
  const changed = await forCourse();
  expectEqual(changed.body["fields"], [{ kind: "text", label_en: "Course", label_ja: "ご契約コース", name: "course", repeats: false }], `the fields of the purpose (${changed.status})`);
  const own = (await hana.glass.open(person, changed.body["ticket"])).body as Opened;
  expectEqual(own.values.map((one) => [one.field, one.label_ja, one.text]), [["course", "ご契約コース", customer.course]], "what a mandate with the own field opens");
  const { entries } = (await owner.get("/owner/entries?limit=20")).body as { entries: { entry: Record<string, any> }[] };
  const [last] = entries.map(({ entry }) => entry).filter((entry) => entry["kind"] === "opening");
  expectEqual([last?.["fields"], last?.["purpose"], last?.["outcome"]], [["course"], "course", "shown"], "the opening in the owner's log");
}

export const journey: Journey = {
  title: "a client gets a field of its own and a new key while calls go on, and its log says so",
  seconds: 120,
  async run(context) {
    const system = await System.start(context, { settings: (process, toml) => (process === "centre" ? withoutWords(toml) : toml) });
    await makesAField(system, context);
    const owner = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
    const found = await owner.post("/owner/search", { all_of: [{ field: "course", value: customer.course }] });
    expectEqual((found.body["people"] as unknown[] | undefined)?.length, 1, `people by the own field (${JSON.stringify(found.body)})`);

    const hana = await Shift.begin(system, join(context.folder, "shift"));
    const served = await hana.takes(customer.number);
    const [person] = await hana.candidates(served.ticket);
    expect(person, "she is not known by her number");
    await opensByMandate(system, context, owner, hana, person, served.ticket);
    expectEqual(await keysOf(system).then((keys) => [keys.version, keys.rotating]), [1, false], "the key before");
    await command(system, ["keys", "rotate", "sakura"]);
    expectEqual((await hana.opens(person, customer.kana, served.ticket)).status, 200, "opening while keys are wrapped again");
    await system.restarted("vault", system.kill("vault"));
    await until("the vault to tell of its keys again", () => keysOf(system).catch(() => undefined));
    await until("the rotation to be done", async () => ((await keysOf(system)).rotating ? undefined : true), { seconds: 60 });
    expectEqual(await keysOf(system).then((keys) => [keys.version, keys.search_version]), [2, 2], "the keys' versions");
    await hana.ends(served);
    await hana.stop();

    // ---- another master key, and the vault killed after it
    const master = join(system.folder, "vault", "master.key");
    const old = readFileSync(master, "utf8");
    expect(/\d+ keys hang on a new master key/.test(await command(system, ["keys", "rotate", "--master"])), "the master key's rotation");
    expect(readFileSync(master, "utf8") !== old && !existsSync(`${master}.next`), "the master key's file is the old one");
    await system.restarted("vault", system.kill("vault"));
    await until("the vault to be there again", () => keysOf(system).catch(() => undefined));

    const again = await Shift.begin(system, join(context.folder, "again"));
    const other = await again.takes(customer.number);
    const [same] = await again.candidates(other.ticket);
    expectEqual((await again.find("letter_number", customer.letter, other.ticket)).map((one) => one.subject), [same!.subject], "people by the letter's number");
    expectEqual((await again.opens(same!, customer.kana, other.ticket)).status, 200, "opening under the new keys alone");
    await again.ends(other);
    await again.stop();

    await verified(system);
    const { entries } = (await owner.get("/owner/entries?limit=200")).body as { entries: { entry: Record<string, any> }[] };
    const told = entries.map(({ entry }) => entry).filter((entry) => entry["kind"] === "keys" || entry["kind"] === "schema");
    expectEqual(told.map((entry) => [entry["kind"], entry["outcome"]]), [["keys", "done"], ["keys", "done"], ["keys", "begun"], ["schema", "added"]], "entries in the owner's log");
    await system.stop();
  },
};
