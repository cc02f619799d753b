// A vendor passes a mandate on to a sub-contractor, never more than it was given and not before the owner signs; when the
// mandate above ends, that second nothing opens below either. And what a mandate says happens by itself: at its end nothing opens any more, at its retention date the keys of the owner's
// people are destroyed, though the vault was killed in between, with a certificate that the log proves. An owner gives a
// number free on the page, and the administrator may move it, once.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Console } from "../lib/browser.ts";
import { command, commandJson } from "../lib/commands.ts";
import { callers, leakDesk, withoutWords } from "../lib/floor.ts";
import { signInAt } from "../lib/glass.ts";
import type { Context, Journey } from "../lib/journey.ts";
import { type Mandate, drafts, mandate, signs } from "../lib/mandates.ts";
import { verified } from "../lib/published.ts";
import { Role } from "../lib/roles.ts";
import { Shift } from "../lib/shift.ts";
import { System } from "../lib/system.ts";
import { VaultSite, hanako } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const warningSeconds = 8;
const demoWarning = (toml: string): string => toml.replace("[demo]\n", `[demo]\nwarning_seconds = ${warningSeconds}\n`);

const soon = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();

const people = async (owner: VaultSite, letter: string): Promise<number> =>
  ((await owner.post("/owner/search", { all_of: [{ field: "letter_number", value: letter }] })).body["people"] as unknown[]).length;

async function wadasPage(system: System): Promise<Console> {
  const client = await Console.open(system.url, { language: "ja" });
  const { page } = client;
  page.on("dialog", (dialog) => void dialog.accept());
  await page.goto(`${system.ready.glass_url}/client.html?lang=ja`);
  await signInAt(page, "wada", system.password("wada"));
  await page.locator("#cards").waitFor();
  return client;
}

/** What was the owner's is not the administrator's to give away: the owner lets a number go on the page, and it moves once. */
async function numberIsGivenFree(system: System, { page }: Console, wada: VaultSite): Promise<void> {
  const number = "+81300000091";
  await command(system, ["number", "bind", number, "--organisation", "wakaba"]);
  const move = (to: string, expected = 0): Promise<string> => command(system, ["number", "move", number, "--organisation", to], { expected });
  const isRefused = async (): Promise<boolean> => /is organisation wakaba's, and its owner has not given it free: .*client\.html/.test(await move("kawabe", 1));
  expect(await isRefused(), "moved without the owner's word");
  const line = (free: boolean) => page.locator(`#numbers li[data-number="${number}"][data-free=${free}] button`);
  await line(false).click();
  await line(true).click();
  await line(false).waitFor();
  expect(await isRefused(), "moved on a word that was taken back");
  await line(false).click();
  await line(true).waitFor();
  await move("kawabe");
  await line(true).waitFor({ state: "detached" });
  await page.locator("#entries tr[data-kind=number]", { hasText: `wada が手放した電話番号 ${number} をこの組織から外した` }).waitFor();
  await move("wakaba"); // nobody of kawabe could say anything
  expect(await isRefused(), "moved on a word that was used up");
  const entries = (await wada.get("/owner/entries?limit=200")).body["entries"] as { entry: Record<string, any> }[];
  const told = entries.map(({ entry }) => entry).filter((entry) => entry["details"]?.number === number);
  expectEqual(told.map((entry) => entry["outcome"]), ["bound", "released", "given_free", "kept", "given_free", "bound"], "the number in the owner's log, newest first");
  expect(entries.some(({ entry }) => entry["outcome"] === "refused_not_given_free"), "the owner's log has no refusal");
}

/** The owner's page shows it, keeps the file, and checks it against the pasted key; a changed one is refused. */
async function certificateOnThePage(client: Console, context: Context, key: string): Promise<string> {
  const { page } = client;
  await page.locator("li[data-retention=destroyed]").waitFor();
  const file = join(context.folder, "certificate.json");
  const [saved] = await Promise.all([page.waitForEvent("download"), page.locator("#destructions a").click()]);
  await saved.saveAs(file);
  const [printed] = await Promise.all([page.waitForEvent("download"), page.locator("#destructions button").click()]);
  await printed.saveAs(`${file}.html`);
  for (const part of ["個人データ消去証明書", "わかば", "tlog-proof"]) expect(readFileSync(`${file}.html`, "utf8").includes(part), `the printed certificate has no ${part}`);
  await page.locator("#key").fill(key);
  await page.locator("#proof-file").setInputFiles(file);
  await page.locator("#proof-checked.match").waitFor();
  writeFileSync(`${file}.changed`, readFileSync(file, "utf8").replace('"keys":10', '"keys":9'));
  await page.locator("#proof-file").setInputFiles(`${file}.changed`);
  await page.locator("#proof-checked.cannot_confirm").waitFor();
  expectEqual(await client.seriousFaults(), [], "accessibility of the client's page");
  await client.screenshot(join(context.folder, "certificate.png"));
  return file;
}

/** Version 2 of the common desk's mandate, for wakaba alone: sakura stays with the first. */
async function keysGo(system: System, context: Context): Promise<void> {
  const wada = await VaultSite.signIn(system.ready.glass_url, "wada", system.password("wada"));
  const oku = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
  expectEqual([await people(wada, "W-2001"), await people(oku, "S-1001")], [1, 1], "people before");
  const before = await mandate(system, "common-1");
  const wrong: [object, string][] = [
    [{ begins: soon(-172_800), ends: soon(-86_400), retention: soon(-3600) }, "is over already"],
    [{ limit: {} }, "limit: a mandate has no such member"],
    [{ purposes: (before["purposes"] as object[]).map((one) => ({ ...one, fields: ["nosuch"], callers: {} })) }, "there is no field nosuch"],
  ];
  for (const [change, says] of wrong) {
    const file = join(context.folder, "wrong.json");
    writeFileSync(file, JSON.stringify({ ...before, version: before.version + 1, ...change }));
    const said = await command(system, ["mandate", "draft", file], { expected: 2 });
    expect(said.includes(says), `a mandate with ${JSON.stringify(change)}: ${said}`);
  }
  const retention = soon(8);
  await signs(wada, "common-1", await drafts(system, context, "common-1", { ends: retention, retention }));
  const termOf = async (): Promise<Record<string, string> | undefined> => {
    const answer = await wada.get("/owner/retention");
    return answer.status === 200 ? (answer.body["terms"] as Record<string, string>[]).find((one) => one["mandate"] === "common-1") : undefined;
  };
  // On a slow machine the date has come already.
  await until("the owner to be warned", async () => ["warned", "begun", "destroyed"].includes((await termOf())?.["state"] ?? "") || undefined);
  await system.restarted("vault", system.kill("vault"));
  const term = await until("the keys to go", async () => {
    try {
      const now = await termOf();
      return now?.["state"] === "destroyed" ? now : undefined;
    } catch {
      return undefined; // the vault is being started again
    }
  });
  expect(new Date() >= new Date(retention), "the keys went before their date");
  expectEqual([await people(wada, "W-2001"), await people(oku, "S-1001")], [0, 1], "people afterwards");

  const told = ((await wada.get("/owner/entries?limit=200")).body["entries"] as { entry: Record<string, any> }[]).map(({ entry }) => entry).filter((entry) => entry["kind"] === "retention");
  expectEqual(told.map((entry) => entry["outcome"]), ["destroyed", "begun", "warned"], "what the owner's log tells, newest first");
  const [begun, warned] = [told[1], told[2]].map((entry) => Date.parse(entry!["time"] as string));
  expect(begun! - warned! >= warningSeconds * 1000, `keys went ${begun! - warned!} ms after the warning`);
  await verified(system, "wada");
  const { key, url } = (await wada.get("/owner/log")).body;
  const client = await wadasPage(system);
  await numberIsGivenFree(system, client, wada);
  const file = await certificateOnThePage(client, context, key);
  await client.close();
  const verify = ["verify", "--key", key, "--proof"];
  const [well] = await commandJson<{ ok: boolean; certificate: { keys: number; owner: string } }>(system, [...verify, file]);
  expectEqual([well?.ok, well?.certificate.keys, well?.certificate.owner], [true, 10, "wakaba"], `the certificate (${url})`);
  await command(system, [...verify, `${file}.changed`], { expected: 1 });
  const again = join(context.folder, "by-command.json");
  await command(system, ["mandate", "certificate", term["destruction"]!, "--out", again]);
  await command(system, [...verify, again]);
  expectEqual((await oku.get(`/owner/destructions/${term["destruction"]}/certificate`)).status, 404, "another owner's certificate");
}

/** On the vendor's page: the purpose "answer" without the name in kana, the rest as it was given. */
async function passesOnAtThePage(system: System, context: Context): Promise<void> {
  const vendor = await Console.open(system.url, { language: "ja" });
  const { page } = vendor;
  await page.goto(`${system.ready.glass_url}/mandates.html?lang=ja`);
  await signInAt(page, "suzu", system.password("suzu"));
  await page.locator("#pass-on select[name=to]").selectOption("kawabe");
  await page.locator("#pass-on input[name='field answer'][value=name_kana]").uncheck();
  expectEqual(await vendor.seriousFaults(), [], "accessibility of the vendor's page");
  await page.locator("#pass-on button").click();
  await page.locator("#passed li[data-mandate='sakura-1.kawabe']").waitFor();
  await vendor.screenshot(join(context.folder, "passed-on.png"));
  await vendor.close();
}

interface Chain {
  mandate: Mandate;
  to_name: string;
  passed_on_by: string;
  unbroken: boolean;
  state: string;
}

/** hana works for the sub-contractor now. What the vault says to the centre's ask for a ticket of hers. */
async function passesOn(system: System, context: Context): Promise<void> {
  await command(system, ["organisation", "add", "kawabe", "かわべサービス"]);
  await command(system, ["staff", "place", "hana", "--organisation", "kawabe", "--phone-user", "hana"]);
  const suzu = await VaultSite.signIn(system.ready.glass_url, "suzu", system.password("suzu"));
  const oku = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
  const hana = await Shift.begin(system, join(context.folder, "calls"));
  const caller = await callers(system, { folder: join(context.folder, "calls"), numbers: [hanako.number], service: leakDesk.number });
  await hana.staff.ready();
  const call = await hana.staff.seesCall("the call connected", (one) => one.stage === "talking");
  const centre = Role.of(context.root, system.folder, "centre");
  const ask = async (): Promise<[string, string]> => {
    const { body } = await centre.ask("VaultForCentre.AskOpeningTicket", { operator_id: "hana", desk_id: leakDesk.id, call_id: call.id, purpose: "" });
    return [body["denied"] as string, body["ticket_id"] as string];
  };
  await until("the vault to know the call", async () => (await ask())[0] === "no_mandate" || undefined);

  // ---- narrower is taken, wider is not, and only from whoever was given it
  const given = await mandate(system, "sakura-1");
  const part = { ...given, id: "sakura-1.kawabe", version: 1, parent: "sakura-1", to: "kawabe", pass_on: false };
  const pass = async (who: VaultSite, change: object = {}): Promise<number> => (await who.post("/mandates", { ...part, ...change })).status;
  expectEqual(await pass(suzu), 403, "passing on what may not be passed on");
  await signs(oku, "sakura-1", await drafts(system, context, "sakura-1", { pass_on: true }));
  const purposes = given["purposes"] as { fields: string[] }[];
  const wider: [string, object][] = [
    ["another desk", { desks: ["sakura-leak", "common"] }],
    ["another field", { purposes: [{ ...purposes[0], fields: [...purposes[0]!.fields, "telephone"] }] }],
    ["fewer checks", { purposes: [{ ...purposes[0], checks: 0 }] }],
    ["no limits", { limits: {} }],
    ["longer", { ends: new Date(Date.parse(given.ends) + 1000).toISOString(), retention: given.retention }],
  ];
  for (const [what, change] of wider) expectEqual(await pass(suzu, change), 400, `passing on ${what}`);
  expectEqual([await pass(hana.glass), await pass(oku)], [403, 403], "passing on by an operator and by the owner");
  await until("the vault to know the sub-contractor", async () => ((await suzu.get("/mandates")).body["organisations"] as { id: string }[]).some(({ id }) => id === "kawabe") || undefined);
  await passesOnAtThePage(system, context);
  expectEqual((await ask())[0], "no_mandate", "a ticket before the owner has signed");
  const chain = async (): Promise<Chain> => ((await oku.get("/owner/mandates")).body["mandates"] as Chain[]).find(({ mandate }) => mandate.id === "sakura-1.kawabe")!;
  expectEqual([(await chain()).to_name, (await chain()).unbroken, (await chain()).state], ["かわべサービス", false, "draft"], "the sub-contractor on the owner's page");
  await signs(oku, "sakura-1.kawabe", 1);
  expectEqual((await chain()).unbroken, true, "the chain");

  // ---- it opens, until the mandate above ends
  const [denied, ticket] = await ask();
  expectEqual(denied, "", "a ticket for the sub-contractor's operator");
  const [person] = await hana.candidates(ticket);
  const opened = await hana.opens(person!, hanako.kana, ticket);
  expectEqual(opened.status, 200, "opening by the sub-contractor");
  expect(!JSON.stringify(opened.body).includes("name_kana"), "more was opened than was passed on");
  const end = soon(6);
  await signs(oku, "sakura-1", await drafts(system, context, "sakura-1", { ends: end }));
  await until("the end", () => Date.now() >= Date.parse(end) || undefined);
  expectEqual((await hana.glass.open(person!, ticket)).body["code"], "ended", "opening when the mandate above has ended");
  expectEqual([(await chain()).state, (await chain()).unbroken], ["in_force", false], "the sub-contractor's link under a mandate that has ended");
  const told = ((await oku.get("/owner/entries?limit=200")).body["entries"] as { entry: Record<string, any> }[]).map(({ entry }) => entry);
  const shown = told.filter((entry) => entry["kind"] === "opening" && entry["outcome"] === "shown");
  expectEqual([...new Set(shown.map((entry) => entry["organisation"]))], ["kawabe"], "for whom it was opened, in the owner's log");
  expect(told.some((entry) => entry["kind"] === "mandate" && entry["outcome"] === "drafted" && entry["details"].to === "kawabe"), "the passing on is not in the owner's log");
  centre.close();
  await hana.staff.act(call.id, "end");
  expectEqual(await caller.exits(20), 0, "SIPp's exit code");
  await hana.stop();
}

export const journey: Journey = {
  title: "less than was given is passed on when the owner signs it and ends with what is above; at a mandate's retention date the keys go by themselves, with a certificate that the log proves",
  seconds: 120,
  async run(context) {
    const system = await System.start(context, { settings: (process, toml) => (process === "centre" ? withoutWords(toml) : process === "vault" ? demoWarning(toml) : toml) });
    await passesOn(system, context);
    await keysGo(system, context);
    await system.stop();
  },
};
