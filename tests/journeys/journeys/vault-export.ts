// People leave in bulk only by two: a supervisor of the vendor asks, a person of the owner approves, and the file opens
// for its recipient alone. Whoever approves is never who asked. All of it stands in the owner's log, which verifies.
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { Console } from "../lib/browser.ts";
import { command, commandJson } from "../lib/commands.ts";
import type { Context, Journey } from "../lib/journey.ts";
import { System } from "../lib/system.ts";
import { type Answer, VaultSite } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

interface Export {
  export: string;
  state: string;
  people: number;
}
interface Recipient {
  text: string;
  secret: string;
}

const people = 300;

/** Invented people in the ways old systems write them. */
async function importPeople(system: System, context: Context): Promise<string> {
  const file = join(context.folder, "people.jsonl");
  const pad = (number: number, width: number): string => String(number).padStart(width, "0");
  const rows = Array.from({ length: people }, (_, i) =>
    JSON.stringify({
      お手紙番号: `P-${pad(i + 1, 4)}`,
      氏名: `${["架空", "仮名", "見本", "髙橋"][i % 4]} ${["一子", "二郎", "三津"][i % 3]}`,
      フリガナ: "カクウ ヒトリ",
      生年月日: `19${50 + (i % 50)}-${pad(1 + (i % 12), 2)}-${pad(1 + (i % 28), 2)}`,
      郵便番号: `000-${pad(i, 4)}`,
      住所: `東京都架空区春町${1 + (i % 9)}丁目${1 + (i % 20)}番${1 + (i % 15)}号`,
      電話番号: `090-0000-${pad(6000 + i, 4)}`,
    }),
  );
  writeFileSync(file, `${rows.join("\n")}\n`);
  const [told] = await commandJson<{ import: string; rows: number }>(system, [
    "import", file, "--organisation", "sakura", "--source", "お申込書", "--given-for", "ご契約の管理", "--obtained-on", "2024-05-31",
  ]);
  expectEqual(told?.rows, people, "people imported");
  return told!.import;
}

async function recipient(system: System, context: Context, name: string): Promise<Recipient> {
  const secret = join(context.folder, `${name}.key`);
  const text = (await command(system, ["export", "keygen", "--name", name, "--out", secret])).trim();
  expectEqual(statSync(secret).mode & 0o777, 0o600, "mode of the secret half");
  return { text, secret };
}

async function signInAt(page: Page, name: string, password: string): Promise<void> {
  await page.locator("#name").fill(name);
  await page.locator("#password").fill(password);
  await page.locator("#send").click();
}

class Story {
  vendor!: VaultSite;
  owner!: VaultSite;

  constructor(
    readonly system: System,
    readonly context: Context,
  ) {}

  async begin(): Promise<void> {
    const { ready } = this.system;
    this.vendor = await VaultSite.signIn(ready.glass_url, "suzu", this.system.password("suzu"));
    this.owner = await VaultSite.signIn(ready.glass_url, "oku", this.system.password("oku"));
  }

  asks(who: VaultSite, to: Recipient, selection: object, more: object = {}): Promise<Answer> {
    return who.post("/exports", { owner: "sakura", purpose: "print-letters", reason: "お詫び状の印刷", recipient: to.text, selection, ...more });
  }

  async asked(to: Recipient, importId: string): Promise<string> {
    const asked = await this.asks(this.vendor, to, { import: importId });
    expectEqual(asked.status, 200, `asking (${JSON.stringify(asked.body)})`);
    const { export: id, state, people: count } = asked.body as Export;
    expectEqual([state, count], ["asked", people], "what was asked for");
    return id;
  }

  /** Approved, made, fetched and opened: the text of it. */
  async exported(id: string, to: Recipient, approve: (id: string) => Promise<void>): Promise<{ id: string; text: string }> {
    expectEqual((await this.vendor.post(`/owner/exports/${id}/approve`, {})).status, 404, "the vendor approving");
    expectEqual((await this.vendor.get(`/exports/${id}/file`)).status, 409, "fetching before it is approved");
    await approve(id);
    expectEqual((await this.owner.post(`/owner/exports/${id}/refuse`, { reason: "-" })).status, 409, "refusing what is approved");
    await until("the file to be made", async () => {
      const { exports } = (await this.vendor.get("/exports")).body as { exports: Export[] };
      return exports.find((one) => one.export === id)?.state === "made" || undefined;
    });
    const sealed = join(this.context.folder, `${id}.export`);
    writeFileSync(sealed, await this.vendor.bytes(`/exports/${id}/file`));
    expect(!readFileSync(sealed).includes("架空"), "the file shows a name");
    const csv = join(this.context.folder, `${id}.csv`);
    await command(this.system, ["export", "open", sealed, "--key", to.secret, "--out", csv]);
    expectEqual(statSync(csv).mode & 0o777, 0o600, "mode of what was opened");
    return { id, text: readFileSync(csv, "utf8") };
  }

  async approves(id: string): Promise<void> {
    expectEqual((await this.owner.post(`/owner/exports/${id}/approve`, {})).status, 200, "the owner approving");
  }

  /** The same as a person does it, on the client's page. */
  async approvesOnThePage(id: string): Promise<void> {
    const browser = await Console.open(this.system.url, { language: "ja" });
    const { page } = browser;
    page.on("dialog", (dialog) => void dialog.accept());
    await page.goto(`${this.system.ready.glass_url}/client.html?lang=ja`);
    await signInAt(page, "oku", this.system.password("oku"));
    const card = page.locator(`#exports li.waits[data-export="${id}"]`);
    await card.filter({ hasText: "お詫び状の印刷" }).filter({ hasText: `${people} 名` }).waitFor();
    await browser.screenshot(join(this.context.folder, "to-approve.png"));
    expectEqual(await browser.seriousFaults(), [], "accessibility of the client's page");
    await card.locator("button.approve").click();
    await page.locator(`#exports li:not(.waits)[data-export="${id}"]`).waitFor();
    await browser.screenshot(join(this.context.folder, "approved.png"));
    await page.goto(`${this.system.ready.glass_url}/exports.html?lang=ja`);
    await page.locator("#ask").waitFor();
    await browser.screenshot(join(this.context.folder, "asking.png"));
    expectEqual(await browser.seriousFaults(), [], "accessibility of the page for asking");
    await browser.close();
  }

  /** All of the owner's log, newest first. */
  async entries(): Promise<Record<string, any>[]> {
    const all: Record<string, any>[] = [];
    for (let before = ""; ; ) {
      const { entries } = (await this.owner.get(`/owner/entries?limit=200${before}`)).body as { entries: { index: number; entry: Record<string, any> }[] };
      all.push(...entries.map(({ entry }) => entry));
      const last = entries.at(-1);
      if (!last || last.index === 0) return all;
      before = `&before=${last.index}`;
    }
  }
}

async function refusals(story: Story, to: Recipient): Promise<void> {
  const code = async (answer: Promise<Answer>): Promise<unknown> => (await answer).body["code"];
  const all = { all: true };
  const own = await story.asks(story.owner, to, { field: "letter_number", values: ["P-0001", "P-0002", "nobody"] }, { purpose: "audit" });
  expectEqual([own.status, (own.body as Export).people], [200, 2], "the owner's own person asks");
  const mine = `/owner/exports/${(own.body as Export).export}`;
  expectEqual(await code(story.owner.post(`${mine}/approve`, {})), "same_person", "approving what one asked for oneself");
  expectEqual((await story.owner.post(`${mine}/refuse`, { reason: "no longer needed" })).status, 200, "taking it back");
  expectEqual(await code(story.asks(story.vendor, to, all, { purpose: "sell" })), "no_purpose", "a purpose nobody gave");
  expectEqual(await code(story.asks(story.vendor, to, all, { fields: ["mail"] })), "no_purpose", "a field beyond the purpose");
  expectEqual((await story.asks(story.vendor, to, all, { recipient: to.text.replace(/.$/, "") })).status, 400, "a mistyped key");
  const hana = await VaultSite.signIn(story.system.ready.glass_url, "hana", story.system.password("hana"));
  expectEqual(await code(story.asks(hana, to, all)), "no_place", "an operator asking");
  expectEqual((await hana.get("/owner/exports")).status, 403, "the owner's list for an operator");
  const other = await VaultSite.signIn(story.system.ready.glass_url, "wada", story.system.password("wada"));
  expectEqual((await other.post(`${mine}/approve`, {})).status, 404, "another owner approving");
}

async function opensForNobodyElse(story: Story, id: string, other: Recipient): Promise<void> {
  const sealed = join(story.context.folder, `${id}.export`);
  const out = join(story.context.folder, "never.csv");
  const said = await command(story.system, ["export", "open", sealed, "--key", other.secret, "--out", out], { expected: 1 });
  expect(/another key/.test(said) && !existsSync(out), `another key opens nothing: ${said}`);
  const bytes = readFileSync(sealed);
  bytes[bytes.length - 100]! ^= 1;
  writeFileSync(`${sealed}.changed`, bytes);
  await command(story.system, ["export", "open", `${sealed}.changed`, "--key", other.secret, "--out", out], { expected: 1 });
}

/** Twenty lines of it as somebody types them anew: in another order, without the columns they don't care for. */
function typedAnew(text: string, from: number): string {
  const plain = (cell: string): string => cell.normalize("NFKC").replace(/\s+/g, " ").trim();
  const rows = text.trim().split("\r\n").slice(1);
  const picked = rows.filter((_, i) => i % 15 === from % 15).slice(0, 20);
  picked.sort((a, b) => (plain(a) < plain(b) ? -1 : 1));
  return picked.map((row) => row.split(",").slice(1).map(plain).join("\t")).join("\n");
}

interface Traced {
  verdict: string;
  named: string | null;
  exports: { export: string; score: number }[];
  lines: { line: number; owner: string; subject: string }[];
  lines_read: number;
}

async function isTraced(story: Story, one: { id: string; text: string }, two: { id: string; text: string }): Promise<void> {
  const trace = async (name: string, text: string): Promise<Traced> => {
    const file = join(story.context.folder, name);
    writeFileSync(file, text);
    const [traced] = await commandJson<Traced>(story.system, ["trace", file]);
    return traced!;
  };
  for (const [found, from] of [[one, 3], [two, 8]] as const) {
    const traced = await trace(`found-${found.id}.txt`, typedAnew(found.text, from));
    expectEqual([traced.verdict, traced.named], ["named", found.id], `twenty lines typed out of ${found.id} (${JSON.stringify(traced.exports)})`);
    expect(traced.lines.length >= 19 && traced.lines.every((line) => line.owner === "sakura"), `whose the lines are: ${JSON.stringify(traced.lines)}`);
    expectEqual(new Set(traced.lines.map((line) => line.subject)).size, traced.lines.length, "one person a line");
  }
  const nothing = await trace("nothing.txt", "架空 某,カクウ ナニガシ\n仮名 某,カナ ナニガシ\n");
  expectEqual([nothing.verdict, nothing.named, nothing.lines.length], ["cannot_say", null, 0], "a file about nobody");
  // The whole file as it was opened, CR LF and all, with the quotes that another program puts about every cell.
  const whole = await trace("whole.csv", one.text.replace(/[^,\r\n]+/g, '"$&"'));
  expectEqual([whole.verdict, whole.named], ["named", one.id], "the whole file");
  expectEqual([whole.lines_read, whole.lines.length], [one.text.trim().split("\r\n").length, whole.lines_read - 1], "everybody in the whole file");
  const few = await trace("few.txt", typedAnew(one.text, 3).split("\n").slice(0, 1).join("\n"));
  expectEqual([few.verdict, few.lines.length], ["cannot_say", 1], "one line alone");
  const traces = (await story.entries()).filter((entry) => entry["kind"] === "trace");
  expectEqual(traces.map((entry) => entry["outcome"]), ["cannot_say", "named", "cannot_say", "named", "named"], "traces in the owner's log");
  expectEqual(traces.map((entry) => [entry["details"]?.compared, entry["details"]?.lines].join("/")).filter((_, i) => i === 0 || i === 2), ["1/1", "2/0"], "with how much was compared");
}

async function standsInTheLog(story: Story, ids: string[]): Promise<void> {
  const entries = await story.entries();
  for (const id of ids) {
    const own = entries.filter((entry) => entry["kind"] === "export" && entry["details"]?.export === id).reverse();
    const isOfOne = (entry: Record<string, any>): boolean => entry["outcome"] === "exported";
    expectEqual(
      own.filter((entry) => !isOfOne(entry)).map((entry) => [entry["outcome"], entry["operator"] ?? ""]),
      [["asked", "suzu"], ["approved", "oku"], ["made", ""], ["fetched", "suzu"]],
      "entries of an export",
    );
    expectEqual(own.filter((entry) => isOfOne(entry) && entry["subject"]).length, people, "people with an entry of their own");
  }
  const outcomes = entries.filter((entry) => entry["kind"] === "refusal").map((entry) => entry["outcome"]);
  for (const refusal of ["refused_same_person", "refused_no_purpose", "refused_no_place"])
    expect(outcomes.includes(refusal), `${refusal} is missing from the log: ${outcomes.join(", ")}`);
  const text = JSON.stringify(entries);
  expect(!text.includes("架空") && !text.includes("お詫び"), "the log holds words");
  const { key, url } = (await story.owner.get("/owner/log")).body as { key: string; url: string };
  const size = ((await story.owner.get("/owner/entries?limit=1")).body as { size: number }).size;
  const at = new URL(url);
  await until("the log to be published and verified", async () => {
    const [verdict] = await commandJson<{ ok: boolean; size: number }>(story.system, ["verify", "--log", `http://vault.localhost:${at.port}${at.pathname}`, "--key", key]);
    return (verdict?.ok && verdict.size >= size) || undefined;
  });
}

export const journey: Journey = {
  title: "an export takes two people, opens for its recipient alone, and stands in the owner's log",
  seconds: 240,
  async run(context) {
    const system = await System.start(context);
    const story = new Story(system, context);
    await story.begin();
    const importId = await importPeople(system, context);
    const printer = await recipient(system, context, "minato-print");
    const partner = await recipient(system, context, "partner");
    await refusals(story, printer);

    const one = await story.exported(await story.asked(printer, importId), printer, (id) => story.approves(id));
    const two = await story.exported(await story.asked(partner, importId), partner, (id) => story.approvesOnThePage(id));
    await opensForNobodyElse(story, one.id, partner);
    const lines = (text: string): string[] => text.trim().split("\r\n");
    expect(lines(one.text).length > people && lines(one.text)[0]!.includes("氏名"), "everybody, and a head line");
    expect(one.text !== two.text, "two exports of the same people are alike");
    await isTraced(story, one, two);
    // The mandate gives 1000 people a day.
    for (let i = 0; i < 2; i++) {
      const more = await story.asks(story.vendor, printer, { import: importId });
      if (i === 1) expectEqual(more.body["code"], "limit", "more people than a day's");
      else expectEqual((await story.owner.post(`/owner/exports/${(more.body as Export).export}/approve`, {})).status, 200, "a third export");
    }
    await standsInTheLog(story, [one.id, two.id]);
    await system.stop();
  },
};
