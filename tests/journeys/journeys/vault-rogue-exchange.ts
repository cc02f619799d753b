// Somebody has taken over the exchange: leases calls that are not, with legs of operators who are elsewhere, asks for
// the token of number after number, and for all that is another role's. Nothing is opened, the making of tokens ends at
// its limit and is told, and a real call is answered all the while.
import nacl from "tweetnacl";
import { callers, leakDesk, telephones, withoutWords } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { type Attached, type Message, Role } from "../lib/roles.ts";
import { clientsLog, glassIsClosed, journalled, refusedByOthers } from "../lib/rogue.ts";
import { System } from "../lib/system.ts";
import { VaultSite } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const tokensPerMinute = 50;
const password = "hana-at-the-vault";

class Rogue {
  readonly stream: Attached;
  constructor(readonly role: Role) {
    this.stream = role.attach();
  }

  /** Until the vault has told so many `what` of those that `ours` picks. */
  told(what: string, count: number, ours: (one: Message) => boolean): Promise<Message[]> {
    return until(`${count} ${what}`, () => {
      const all = this.stream.told.flatMap((tells) => (tells[what] ?? []) as Message[]).filter(ours);
      return all.length >= count ? all : undefined;
    }, { signal: this.stream.onTold });
  }

  async key(): Promise<Uint8Array> {
    const directory = await until("the vault's directory", () => this.stream.told.find((tells) => tells["directory"])?.["directory"] as Message | undefined, { signal: this.stream.onTold });
    return new Uint8Array(directory["sealing_key"] as Buffer);
  }
}

/** As the exchange does it (src/base/sealing.h): the occasion's key, a nonce, the box. */
function sealed(number: string, to: Uint8Array): Buffer {
  const pair = nacl.box.keyPair();
  const nonce = nacl.randomBytes(24);
  return Buffer.concat([pair.publicKey, nonce, nacl.box(Buffer.from(number), nonce, to, pair.secretKey)]);
}

const leaseOf = (call: string, change: Message = {}): Message => ({
  call_id: call, organisation_id: "sakura", number_called: leakDesk.number, desk_id: leakDesk.id, legs: [{ phone_user: "hana" }], ...change,
});

async function falseLeases(rogue: Rogue, centre: Role): Promise<void> {
  const denial = async (call: string, change: Message = {}): Promise<string> =>
    (await centre.ask("VaultForCentre.AskOpeningTicket", { operator_id: "hana", desk_id: leakDesk.id, call_id: call, purpose: "", ...change })).body["denied"] as string;
  rogue.stream.say({
    leases: [
      leaseOf("no-session"),
      leaseOf("no-legs", { legs: [] }),
      leaseOf("other-owner", { organisation_id: "wakaba" }),
      leaseOf("other-number", { number_called: "+81399999999" }),
      leaseOf("desk-of-none", { desk_id: "" }),
      leaseOf("nine-legs", { legs: Array.from({ length: 9 }, (_, i) => ({ phone_user: `op${i}` })) }),
      leaseOf("no-fingerprint", { legs: [{ fingerprint: "sha-256 rubbish" }, { fingerprint: "x".repeat(1000) }] }),
      leaseOf("\u{1f4de}"),
      leaseOf("taken"),
    ],
    renewed_calls: ["never-leased", "", "x".repeat(10_000)],
    ended_calls: ["never-leased"],
  });
  // Leases are taken in order: once the last is known, so are the others.
  await until("the false leases to be taken", async () => (await denial("taken")) !== "no_call" || undefined);
  // Even a centre that asks for it gets nothing: hana has no session at the vault.
  expectEqual(await denial("no-session"), "not_on_call", "a lease with the telephone of somebody who is not signed in");
  expectEqual(await denial("no-session", { operator_id: "kenji" }), "not_on_call", "a lease with another's telephone");
  for (const call of ["no-legs", "no-fingerprint"]) expectEqual(await denial(call), "not_on_call", `the lease ${call}`);
  for (const call of ["other-owner", "other-number", "desk-of-none", "nine-legs", "never-leased"]) expectEqual(await denial(call), "no_call", `the lease ${call}`);
}

/** With hana signed in and her telephone registered, but not in any call. */
async function leaseOfAnOperatorWhoIsThere(rogue: Rogue, centre: Role, system: System): Promise<void> {
  rogue.stream.say({ leases: [leaseOf("forged")] });
  const ticket = await until("a ticket for a forged call, by a centre that is rogue too", async () => {
    const reply = await centre.ask("VaultForCentre.AskOpeningTicket", { operator_id: "hana", desk_id: leakDesk.id, call_id: "forged", purpose: "" });
    return (reply.body["ticket_id"] as string) || undefined;
  });
  await glassIsClosed(VaultSite.visitor(system.ready.glass_url), ticket, "made-up");
  rogue.stream.say({ ended_calls: ["forged"] });
}

async function tokensEnd(rogue: Rogue, key: Uint8Array): Promise<void> {
  const asked = (prefix: string, count: number, organisation: string): Message[] =>
    Array.from({ length: count }, (_, i) => ({
      call_id: `${prefix}-${i}`, organisation_id: organisation, sealed_number: sealed(`0900001${String(i).padStart(4, "0")}`, key),
    }));
  const lines = async (prefix: string, count: number): Promise<Message[]> => rogue.told("lines", count, (line) => (line["call_id"] as string).startsWith(prefix));
  rogue.stream.say({ tokenise: asked("list", 400, "sakura") });
  const list = await lines("list", 400);
  const given = list.filter((line) => line["line_token"] !== "");
  expect(given.length <= tokensPerMinute && given.length >= tokensPerMinute - 5, `${given.length} tokens were given, ${tokensPerMinute} a minute are allowed`);
  expect(list.every((line) => line["line_token"] !== "" || line["error"] === "limit"), "a token was refused for another reason");
  expectEqual(new Set(given.map((line) => line["line_token"])).size, given.length, "tokens of different numbers that are the same");

  // By a wish, whose answer has a token too.
  const wishes = asked("wish", 20, "sakura").map((one, i) => ({ ...one, wish_id: `wish-${i}`, asked_us: Date.now() * 1000 }));
  // They wait, for somebody may have been promised a call; nobody else's does.
  rogue.stream.say({ wishes: [...wishes, { ...asked("free", 1, "wakaba")[0], wish_id: "free-0", asked_us: Date.now() * 1000 }] });
  const free = await rogue.told("wishes", 1, (wish) => wish["wish_id"] === "free-0");
  expectEqual(free[0]!["error"], "", "another client's wish");
  const answered = rogue.stream.told.flatMap((tells) => (tells["wishes"] ?? []) as Message[]).map((wish) => wish["wish_id"] as string);
  expectEqual(answered.filter((id) => id.startsWith("wish-")), [], "wishes beyond the limit that were answered");

  // Others' callers are not hindered, and rubbish is no token.
  rogue.stream.say({ tokenise: [...asked("other", 5, "wakaba"), ...asked("nobody", 2, "nobody"), { call_id: "rubbish-1", organisation_id: "wakaba", sealed_number: Buffer.alloc(3000, 7) }] });
  expect((await lines("other", 5)).every((line) => line["line_token"] !== ""), "another client's callers have no tokens");
  expectEqual((await lines("rubbish", 1))[0]!["error"], "unreadable", "a sealed number that is none");
}

export const journey: Journey = {
  title: "an exchange that leases what is not and asks for every number's token opens nothing, and is stopped and told",
  seconds: 180,
  async run(context) {
    const system = await System.start(context, {
      settings: (process, toml) => {
        if (process === "vault") return `${toml}\n[tokens]\nper_minute = ${tokensPerMinute}\n`;
        return process === "centre" ? withoutWords(toml) : toml;
      },
    });
    const hana = await system.staff("hana");
    const phone = await telephones(system, context.folder, ["hana"], hana);
    const owner = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
    const vault = system.pid("vault");
    const admin = Role.of(context.root, system.folder, "admin");
    expectEqual((await admin.ask("VaultForAdmin.SetStaffPassword", { operator_id: "hana", password })).body["error"], "", "hana's own password");
    const centre = Role.of(context.root, system.folder, "centre");
    const rogue = new Rogue(Role.of(context.root, system.folder, "exchange"));
    const key = await rogue.key();

    await refusedByOthers(rogue.role, "exchange");
    await falseLeases(rogue, centre);
    const glass = await VaultSite.signIn(system.ready.glass_url, "hana", password);
    expectEqual((await glass.post("/leg", {})).status, 200, "registering the telephone");
    await leaseOfAnOperatorWhoIsThere(rogue, centre, system);

    rogue.stream.say({ redeem: [{ ticket_id: "made-up", call_id: "made-up" }, { ticket_id: "", call_id: "" }] });
    const denials = await rogue.told("denials", 2, () => true);
    expectEqual(denials.map((one) => one["why"]), ["no_ticket", "no_ticket"], "numbers for tickets that nobody made");
    await tokensEnd(rogue, key);
    expect(!rogue.stream.told.some((tells) => (tells["grants"] as Message[]).length > 0), "the vault gave a number");

    // The limit is the token's, not the call's.
    await hana.ready();
    await callers(system, { folder: context.folder, numbers: ["09000001002"], service: leakDesk.number });
    const talking = await hana.seesCall("a real call connected", (one) => one.stage === "talking");
    expectEqual(talking.line_token, null, "the token of a call beyond the limit");
    await hana.act(talking.id, "end");

    await journalled(system, ["line_token limit", "lease other_number", "lease malformed", "role for_admin", "role for_centre"]);
    const told = await clientsLog(owner);
    const refused = (asked: string, outcome: string): boolean => told.some((one) => one.kind === "refusal" && one.outcome === outcome && one.details?.["asked"] === asked);
    expect(refused("line_token", "refused_limit"), "the client's log does not tell of the tokens");
    expect(refused("lease", "refused_other_number"), "the client's log does not tell of the false lease");
    expectEqual(told.filter((one) => one.kind === "opening" || one.kind === "search").length, 0, "openings and searches");
    expectEqual(system.pid("vault"), vault, "the vault that went through all this");
    for (const role of [rogue.role, centre, admin]) role.close();
    hana.stop();
    await phone.stop();
    await system.stop();
  },
};
