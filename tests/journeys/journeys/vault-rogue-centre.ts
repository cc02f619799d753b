// Somebody has taken over the centre and says to the vault whatever they like, with the centre's own certificate: asks
// tickets for operators who are in no call, for other desks, with made-up calls, in other words, in rubbish, in floods.
// Nothing is opened, each refusal is told, and what the vault does give (a ticket for a live call with an operator it
// knows) opens nothing outside that operator's own session.
import { callers, leakDesk, telephones, withoutWords, wrapUp } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { type Message, type Reply, Role } from "../lib/roles.ts";
import { clientsLog, glassIsClosed, journalled, refusedByOthers } from "../lib/rogue.ts";
import { System } from "../lib/system.ts";
import { type Person, VaultSite } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

// A password of the rogue's own choice and its Argon2id, for somebody else's name.
const planted = { password: "of-the-rogue-centre", hash: "$argon2id$v=19$m=8,t=1,p=1$LqVZiEm7qy1zpRM7p72lHw$angpUo7ehrYonuIYCtalT3xuaNYlDnnnIgh5+zQmSeQ" };
const ownPasswords = { hana: "hana-at-the-vault", kenji: "kenji-at-the-vault" };

class Rogue {
  constructor(readonly role: Role) {}

  ticket(change: Message = {}): Promise<Reply> {
    const usual = { operator_id: "hana", desk_id: leakDesk.id, call_id: "made-up", purpose: "" };
    return this.role.ask("VaultForCentre.AskOpeningTicket", { ...usual, ...change });
  }
  async denied(change: Message, word: string): Promise<void> {
    const reply = await this.ticket(change);
    expectEqual([reply.code, reply.body["ticket_id"], reply.body["denied"]], ["OK", "", word], `a ticket for ${JSON.stringify(change)}`);
  }

  /** Numbers, names and passwords of others. */
  async ofOthers(system: System): Promise<void> {
    const bound = await this.role.ask("VaultForCentre.PutOrganisation", { organisation_id: "rogue", name: "rogue", numbers_called: [leakDesk.number] });
    expect(bound.body["error"] !== "", "the client's number was bound to somebody else");
    expectEqual((await this.role.ask("VaultForCentre.PutStaff", { operator_id: "hana", display_name: "hana", password_hash: planted.hash })).code, "OK", "telling of hana");
    const visitor = VaultSite.visitor(system.ready.glass_url);
    expectEqual((await visitor.post("/session", { name: "hana", password: planted.password })).status, 403, "signing in by a password of the centre's choice");
    const huge = await this.role.ask("VaultForCentre.PutStaff", { operator_id: "hana", display_name: "x".repeat(100_000), password_hash: "" });
    expect(huge.body["error"] !== "" || huge.code !== "OK", "a name of 100,000 letters was taken");
  }

  /** What is no message, or hardly one. */
  async rubbish(): Promise<void> {
    const ask = "VaultForCentre.AskOpeningTicket";
    const good = this.role.bytesOf(ask, { operator_id: "hana", desk_id: leakDesk.id, call_id: "made-up", purpose: "answer" });
    const spoilt: [string, Buffer][] = [
      ["a name that is no UTF-8", Buffer.concat([Buffer.from([0x0a, 4, 0xff, 0xfe, 0xc3, 0x28]), good])],
      ["half a message", good.subarray(0, good.length - 3)],
      ["random bytes", Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 197 + 91) % 256))],
      ["a length beyond the end", Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x07, 1])],
    ];
    for (const [what, bytes] of spoilt) expect((await this.role.ask(ask, bytes)).code !== "OK", `${what} was taken`);
    for (const change of [
      { operator_id: "../hana" }, { operator_id: "" }, { call_id: "x".repeat(65) }, { desk_id: "髙" }, { purpose: "p".repeat(3_000_000) }, { purpose: "p".repeat(9_000_000) },
      { operator_id: "hana\u0000" }, { call_id: "'; DROP TABLE log_entry; --" },
    ])
      expect((await this.ticket(change)).code !== "OK", `${JSON.stringify(change).slice(0, 60)} was taken`);
    for (const by_us of ["9223372036854775807", "-9223372036854775808", "0"])
      expectEqual((await this.role.ask("VaultForCentre.ExtendOpeningTicket", { ticket_id: "made-up", by_us })).body["denied"], "no_ticket", "more time for no ticket");
    expectEqual((await this.role.ask("VaultForCentre.EndOpeningTicket", { ticket_id: "\u{1f4de}".repeat(1000) })).code, "OK", "ending a ticket that is none");
    const signed = await this.role.ask("VaultForCentre.SignedIn", { operator_ids: ["hana", "nobody", "", "x".repeat(5000)] });
    expectEqual(signed.body["operator_ids"], ["hana"], "who is signed in");
  }

  async flood(asks: number): Promise<void> {
    const words = new Map<string, number>();
    for (let sent = 0; sent < asks; sent += 200) {
      const replies = await Promise.all(Array.from({ length: 200 }, (_, i) => this.ticket({ call_id: `flood-${sent + i}` })));
      for (const { code, body } of replies) words.set(`${code} ${body["denied"]}`, (words.get(`${code} ${body["denied"]}`) ?? 0) + 1);
    }
    expectEqual([...words], [["OK no_call", asks]], "answers to a flood");
  }
}

async function duringTheCall(rogue: Rogue, system: System, call: string, kenji: VaultSite): Promise<string> {
  await rogue.denied({ operator_id: "kenji", call_id: call }, "not_on_call");
  await rogue.denied({ operator_id: "suzu", call_id: call }, "not_on_call");
  await rogue.denied({ operator_id: "oku", call_id: call }, "not_on_call");
  await rogue.denied({ operator_id: "nobody", call_id: call }, "no_place");
  await rogue.denied({ call_id: call, desk_id: "common" }, "other_desk");
  await rogue.denied({ call_id: call, purpose: "sell" }, "no_purpose");
  await rogue.denied({ call_id: `${call}-other` }, "no_call");

  // This is what a centre may: and it is worth nothing to it.
  const mine = await rogue.ticket({ call_id: call, purpose: "send-letter" });
  const ticket = mine.body["ticket_id"] as string;
  expect(ticket !== "", "no ticket for hana's own call");
  await glassIsClosed(VaultSite.visitor(system.ready.glass_url), ticket, "made-up");
  const inAnother = async (method: string, path: string, body?: object): Promise<void> => {
    const answer = await kenji.ask(method, path, body, ticket);
    expectEqual([answer.status, answer.body["code"]], [403, "no_ticket"], `${path} in another operator's session`);
  };
  await inAnother("GET", "/candidates");
  await inAnother("POST", "/search", { all_of: [{ field: "letter_number", value: "S-1001" }] });
  await inAnother("POST", "/open", { owner: "sakura", subject: "made-up" });
  const longer = await rogue.role.ask("VaultForCentre.ExtendOpeningTicket", { ticket_id: ticket, by_us: "9223372036854775807" });
  expectEqual(longer.body["denied"], "", "more wrap-up, up to the vault's cap");
  return ticket;
}

export const journey: Journey = {
  title: "a centre that says whatever it likes to the vault opens nothing, and each refusal is told",
  seconds: 180,
  async run(context) {
    const system = await System.start(context, { settings: (process, toml) => (process === "centre" ? withoutWords(toml) : toml) });
    const hana = await system.staff("hana");
    const phone = await telephones(system, context.folder, ["hana"], hana);
    const admin = Role.of(context.root, system.folder, "admin");
    for (const [operator_id, password] of Object.entries(ownPasswords))
      expectEqual((await admin.ask("VaultForAdmin.SetStaffPassword", { operator_id, password })).body["error"], "", `${operator_id}'s own password`);
    const glass = await VaultSite.signIn(system.ready.glass_url, "hana", ownPasswords.hana);
    const kenji = await VaultSite.signIn(system.ready.glass_url, "kenji", ownPasswords.kenji);
    expectEqual((await glass.post("/leg", {})).status, 200, "registering the telephone");
    expectEqual((await kenji.post("/leg", {})).status, 200, "registering kenji's telephone");
    const owner = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
    const vault = system.pid("vault");

    const rogue = new Rogue(Role.of(context.root, system.folder, "centre"));
    await rogue.denied({}, "no_call");
    await refusedByOthers(rogue.role, "centre");
    await rogue.ofOthers(system);
    await rogue.rubbish();

    await hana.ready();
    const call = await callers(system, { folder: context.folder, numbers: ["09000001001"], service: leakDesk.number });
    const talking = await hana.seesCall("the call connected", (one) => one.stage === "talking");
    const own = await until("the operator's own ticket", () => hana.calls.get(talking.id)?.opening_ticket ?? undefined);
    const taken = await duringTheCall(rogue, system, talking.id, kenji);
    await rogue.flood(4000);
    const person = (await glass.get("/candidates", own)).body["people"][0] as Person;
    expect(!JSON.stringify(person).includes("架空"), "a name stands in clear among the candidates");

    // The call is over, and its wrap-up: the same asked again.
    await hana.act(talking.id, "end");
    expectEqual(await call.exits(20), 0, "SIPp's exit code");
    await wrapUp(hana, talking.id);
    await until("the call to be over for the vault", async () => (await rogue.ticket({ call_id: talking.id })).body["denied"] === "no_call" || undefined);
    expectEqual((await kenji.get("/ticket", taken)).body["code"], "no_ticket", "the ticket in another session, later");

    const lines = await journalled(system, [
      "ticket no_call", "ticket not_on_call", "ticket no_place", "ticket other_desk", "ticket no_purpose", "ticket malformed", "number bound",
      "extension no_ticket", "role for_admin", "role for_exchange",
    ]);
    expect(lines.length <= 250, `a flood of 4,000 asks left ${lines.length} lines`);
    const told = await clientsLog(owner);
    const refusals = told.filter((one) => one.kind === "refusal" && one.details?.["asked"] === "ticket").map((one) => `${one.operator ?? "-"} ${one.outcome}`);
    // Of somebody whom the vault does not know not even the name: it could be any words.
    for (const one of ["kenji refused_not_on_call", "suzu refused_not_on_call", "- refused_no_place", "hana refused_other_desk", "hana refused_no_purpose"])
      expect(refusals.includes(one), `the client's log does not tell: ${one}`);
    expect(told.some((one) => one.kind === "refusal" && one.details?.["asked"] === "number"), "the client's log does not tell who wanted its number");
    expectEqual(told.filter((one) => one.kind === "opening").length, 0, "openings");
    expectEqual(system.pid("vault"), vault, "the vault that went through all this");
    rogue.role.close();
    admin.close();
    hana.stop();
    await phone.stop();
    await system.stop();
  },
};
