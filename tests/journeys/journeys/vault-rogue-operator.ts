// An operator at a telephone opens what the mandate gives for the call in hand, and tries everything else: too many,
// another person's session, another desk's client, another origin, a replay after the call, after the wrap-up; and takes
// the session's cookie into another program.
import { command } from "../lib/commands.ts";
import { leakDesk, wrapUp } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { PageKey } from "../lib/page_key.ts";
import { verified } from "../lib/published.ts";
import { type Told, clientsLog, journalled } from "../lib/rogue.ts";
import type { System } from "../lib/system.ts";
import { type Person, VaultSite, hanako, openingCall } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

/** Who is who, as the client's log tells it from the first start on, and what the administrator does about it later. */
async function whoIsWho(system: System, owner: VaultSite): Promise<void> {
  const told = ({ kind, outcome, details }: Told): string => `${kind} ${outcome} ${details?.["person"] ?? details?.["number"] ?? ""}`.trim();
  const atFirst = (await clientsLog(owner)).map(told);
  for (const one of ["organisation made", `number bound ${leakDesk.number}`, "staff placed oku", "staff placed hana", "staff placed kenji", "staff placed suzu"])
    expectEqual(atFirst.filter((line) => line === one).length, 1, `"${one}" in the client's log`);
  const own = "+81300000055";
  await command(system, ["number", "bind", own, "--organisation", "sakura"]);
  await command(system, ["staff", "password", "kenji", "--glass"], { input: "another one for kenji" });
  await command(system, ["staff", "disable", "kenji"]);
  const since = (await clientsLog(owner)).filter((one) => ["number", "staff"].includes(one.kind)).slice(0, 3);
  expectEqual(since.map(told), ["staff disabled kenji", "staff password_set kenji", `number bound ${own}`], "what the administrator did, newest first");
  expectEqual(since.map((one) => one.operator), Array(3).fill("administrator"), "who did it");
  await verified(system);
}

/** The cookie without the page's key, with another key, and what the page itself signed, sent again or for something else. */
async function copied(system: System, glass: VaultSite, person: Person, ticket: string): Promise<void> {
  const url = system.ready.glass_url;
  const thief = VaultSite.visitor(url, glass.cookie);
  thief.key = null;
  expectEqual((await thief.get("/session")).body["signed_in"], false, "who the vault takes a copied cookie for");
  for (const path of ["/ticket", "/candidates", "/recordings"]) expectEqual((await thief.get(path, ticket)).body["code"], "no_proof", `${path} with a copied cookie`);
  expectEqual((await thief.open(person, ticket)).body["code"], "no_proof", "opening with a copied cookie");
  expectEqual((await thief.ask("DELETE", "/session", {})).body["code"], "no_proof", "signing out with a copied cookie");
  thief.key = PageKey.make();
  expectEqual((await thief.open(person, ticket)).body["code"], "wrong_proof", "opening with a key of the thief's own");

  const host = new URL(url).host;
  const asked = { method: "GET", host, target: "/api/ticket", ticket };
  const key = glass.key!;
  const code = async (proof: string, path = "/ticket"): Promise<unknown> => (await thief.ask("GET", path, undefined, ticket, { "Madoguchi-Proof": proof })).body["code"];
  const once = key.proof(asked);
  expectEqual(await code(once), undefined, "the page's own proof");
  expectEqual(await code(once), "used_proof", "the same again");
  expectEqual(await code(key.proof(asked), "/candidates"), "wrong_proof", "a proof of another request");
  expectEqual(await code(key.proof({ ...asked, ticket: "another" })), "wrong_proof", "a proof for another ticket");
  expectEqual(await code(key.proof(asked, Date.now() - 90_000)), "old_proof", "a proof of a while ago");
  await journalled(system, ["glass no_proof", "glass wrong_proof", "glass used_proof", "glass old_proof"]);
  expectEqual((await glass.get("/ticket", ticket)).status, 200, "the ticket, in the session's own page");
}

export const journey: Journey = {
  title: "an operator opens what the mandate gives for the call in hand, and nothing else",
  seconds: 180,
  async run(context) {
    const { system, hana, phone, glass, call, talking, ticket } = await openingCall(context);

    // ---- what is allowed
    const shown = await glass.get("/ticket", ticket);
    expectEqual([shown.status, shown.body["stage"], shown.body["purpose"].id], [200, "in_call", "answer"], "the ticket");
    const found = await glass.get("/candidates", ticket);
    expectEqual(found.body["people"]?.length, 1, "people with the caller's number");
    const person = found.body["people"][0] as Person;
    expect(!JSON.stringify(found.body).includes(hanako.name), "a name stands in clear among the candidates");
    expectEqual((await glass.open(person, ticket)).body["code"], "not_checked", "opening before the identity check");
    expectEqual((await glass.check(person, "name_kana", "チガウ ヒト", ticket)).body["outcome"], "cannot_confirm", "a wrong name");
    expectEqual((await glass.check(person, "name_kana", hanako.kana, ticket)).body["outcome"], "match", "the right name");
    const opened = await glass.open(person, ticket);
    expectEqual(opened.status, 200, "opening");
    const values = opened.body["values"] as { field: string; text: string }[];
    expectEqual(values.map(({ field }) => field).sort(), ["letter_number", "name_kana", "name_kanji"], "fields of the purpose");
    expect(values.some(({ text }) => text === hanako.name), "the name is not what was stored");
    const note = await glass.post("/documents", { owner: person.owner.id, subject: person.subject, text: "お詫びをお伝えした", draft: false }, ticket);
    expectEqual(note.status, 200, "writing a note");

    // ---- what is not
    const kenji = await VaultSite.signIn(system.ready.glass_url, "kenji", system.password("kenji"));
    expectEqual((await kenji.open(person, ticket)).body["code"], "no_ticket", "another person's session");
    expectEqual((await kenji.get("/candidates", ticket)).body["code"], "no_ticket", "candidates in another session");
    expectEqual((await glass.open(person, "made-up")).body["code"], "no_ticket", "a ticket that somebody made up");
    expectEqual((await glass.open({ ...person, owner: { id: "wakaba" } }, ticket)).status, 403, "another client's person");
    const wakaba = await glass.post("/search", { all_of: [{ field: "letter_number", value: "W-2001" }] }, ticket);
    expectEqual(wakaba.body["people"], [], "people of another client");
    expectEqual((await glass.post("/ticket/purpose", { purpose: "sell" }, ticket)).body["code"], "no_purpose", "a purpose nobody gave");
    const elsewhere = await glass.ask("POST", "/open", { owner: "sakura", subject: person.subject }, ticket, { Origin: "http://evil.localhost" });
    expectEqual(elsewhere.body["code"], "wrong_origin", "another origin");
    await copied(system, glass, person, ticket);
    let limit = "";
    for (let i = 0; i < 10 && limit === ""; i++) limit = (await glass.open(person, ticket)).body["code"] ?? "";
    expectEqual(limit, "limit", "opening more often than the mandate says");

    // ---- the owner sees it all
    const owner = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
    const entries = (await owner.get("/owner/entries?limit=200")).body["entries"] as { entry: Record<string, any> }[];
    const kinds = (kind: string, outcome: string) => entries.filter(({ entry }) => entry["kind"] === kind && entry["outcome"] === outcome).length;
    expect(kinds("opening", "shown") >= 3, "openings are missing from the owner's log");
    expectEqual(kinds("identity_check", "match"), 1, "identity checks in the owner's log");
    expect(kinds("refusal", "refused_limit") === 1, "the refusal is missing from the owner's log");
    expect(!JSON.stringify(entries).includes(hanako.name), "the log holds a name");
    expectEqual((await glass.get("/owner/entries")).status, 403, "the owner's page for an operator");

    const other = await glass.post("/ticket/purpose", { purpose: "call-back" }, ticket);
    expectEqual(other.status, 200, "another purpose in the call");
    const otherTicket = other.body["ticket"] as string;

    // ---- the call is over
    await hana.act(talking.id, "end");
    expectEqual(await call.exits(20), 0, "SIPp's exit code");
    await until("the wrap-up", async () => (await glass.get("/ticket", ticket)).body["stage"] === "wrap_up" || undefined);
    const search = { all_of: [{ field: "letter_number", value: "S-1002" }] };
    expectEqual((await glass.post("/search", search, ticket)).body["code"], "wrap_up", "looking for somebody after the call");
    const offered = (await glass.get("/candidates", ticket)).body["people"] as { subject: string; opened: boolean }[];
    expectEqual(offered.map((one) => [one.subject, one.opened]), [[person.subject, true]], "who is offered after the call: who was opened in it");
    expectEqual((await glass.open(person, otherTicket)).body["code"], "wrap_up", "fields that were not opened in the call");
    expectEqual((await glass.post("/ticket/purpose", { purpose: "send-letter" }, ticket)).body["code"], "wrap_up", "a purpose that was not in the call");
    expectEqual((await glass.check(person, "birth_date", "1970-01-01", ticket)).body["code"], "wrap_up", "guessing after the call");
    const read = await glass.get(`/documents/${note.body["document"]}?owner=${person.owner.id}&subject=${person.subject}`, ticket);
    expectEqual(read.body["code"], "wrap_up", "reading what was written, after the call");
    const later = { owner: person.owner.id, subject: person.subject, document: note.body["document"], text: "お詫びをお伝えした。お電話で。", draft: false };
    expectEqual((await glass.post("/documents", later, ticket)).status, 200, "writing the note in the wrap-up");
    await wrapUp(hana, talking.id);
    await until("the ticket to be over", async () => (await glass.open(person, ticket)).body["code"] === "ticket_over" || undefined);
    hana.stop();
    await phone.stop();
    await whoIsWho(system, owner);
    await system.stop();
  },
};
