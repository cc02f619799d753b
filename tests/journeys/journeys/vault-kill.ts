// kill -9 of the vault at every step of an opening, 200 seeds: whatever an operator's browser has received by then
// stands in the client's log, which `madoguchi verify` accepts. What stands there and was never received is fine.
//
// Two vaults are driven side by side, each killed and started again a hundred times, by somebody with the certificates
// of exchange and centre and an operator's session. The moment is chosen by the seed: some time after the request, in
// steps of microseconds, or some time after the first byte that the vault writes to its database for it.
import { cpSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { leakDesk } from "../lib/floor.ts";
import type { Context, Journey } from "../lib/journey.ts";
import { entriesOf } from "../lib/log_site.ts";
import { Program, runToEnd } from "../lib/process.ts";
import { type Attached, Role } from "../lib/roles.ts";
import { System } from "../lib/system.ts";
import type { PageKey } from "../lib/page_key.ts";
import { freePorts } from "../lib/ports.ts";
import { VaultSite } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const seeds = 200;
const chains = 2;
const person = { letter: "S-1001", kana: "カクウ ハナコ", name: "架空 花子" };
const note = "お詫びをお伝えした";

type Step = "search" | "check" | "open" | "write" | "read";
// Most of the seeds go to the openings themselves.
const steps: Step[] = ["open", "open", "check", "open", "read", "open", "write", "open", "open", "search"];

const traces: Record<Step, string> = {
  search: "search CALL found letter_number",
  check: "identity_check CALL match name_kana",
  open: "opening CALL shown name_kanji",
  write: "writing CALL written ",
  read: "opening CALL shown documents",
};

/** What somebody received: an entry of this kind, call and field must stand in the log. */
interface Received {
  seed: number;
  call: string;
  kind: string;
  outcome: string;
  field: string;
}

function randomOf(seed: number): () => number {
  let state = (seed + 1) * 0x9e3779b1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Got {
  run: string | string[] | undefined;
  whole: boolean;
  text: string; // all that arrived, whole or not
  milliseconds: number;
}

class Chain {
  program!: Program;
  exchange!: Role;
  centre!: Role;
  stream!: Attached;
  subject = "";
  document = "";
  key = "";
  latency = 4; // ms that an opening takes, as seen lately
  readonly received: Received[] = [];
  readonly counts = { whole: 0, part: 0, nothing: 0, unseen: 0 };
  private readonly lost: string[] = []; // entries that would stand for answers that never came
  private agents: Agent[] = [];

  constructor(
    private readonly context: Context,
    readonly name: string,
    readonly folder: string,
    private readonly url: URL,
    private readonly cookie: string,
    private readonly page: PageKey,
  ) {}

  async start(): Promise<void> {
    const binary = join(this.context.root, "build", "release", "madoguchi");
    this.program = new Program(this.name, binary, ["vault", "--config", join(this.folder, "vault.toml")], {
      cwd: this.folder,
      log: join(this.context.folder, `${this.name}.log`),
    });
    await this.program.says(/gRPC on unix:/, 60);
    this.exchange = Role.of(this.context.root, this.folder, "exchange");
    this.centre = Role.of(this.context.root, this.folder, "centre");
    this.stream = this.exchange.attach();
    const session = await this.ask("GET", "/session", ""); // of which run proofs are to be
    this.page.learnt(session.run);
  }

  async killed(): Promise<void> {
    await this.program.exits();
    this.exchange.close();
    this.centre.close();
    for (const agent of this.agents) agent.destroy();
    this.agents = [];
  }

  /** Calls with hana's telephone in them, and a ticket for each. */
  async tickets(calls: string[]): Promise<string[]> {
    this.stream.say({
      leases: calls.map((call) => ({
        call_id: call, organisation_id: "sakura", number_called: leakDesk.number, desk_id: leakDesk.id, legs: [{ phone_user: "hana" }],
      })),
    });
    return Promise.all(
      calls.map((call) =>
        until(`a ticket for ${call}`, async () => {
          const reply = await this.centre.ask("VaultForCentre.AskOpeningTicket", { operator_id: "hana", desk_id: leakDesk.id, call_id: call, purpose: "answer" });
          return (reply.body["ticket_id"] as string | undefined) || undefined;
        }),
      ),
    );
  }

  /** One request on a connection of its own; resolves when the answer is whole or the connection is gone. */
  ask(method: string, path: string, ticket: string, body?: object): Promise<Got> {
    const agent = new Agent({ keepAlive: true });
    this.agents.push(agent);
    const text = body === undefined ? "" : JSON.stringify(body);
    const proof = this.page.proof({ method, host: this.url.host, target: `/api${path}`, ticket, body: text });
    const began = process.hrtime.bigint();
    return new Promise((resolve) => {
      let got = "";
      let run: string | string[] | undefined;
      const end = (whole: boolean): void => resolve({ run, whole, text: got, milliseconds: Number(process.hrtime.bigint() - began) / 1e6 });
      const asked = request(
        {
          host: "127.0.0.1", port: this.url.port, method, path: `/api${path}`, agent,
          headers: {
            Host: this.url.host, Cookie: this.cookie, "Madoguchi-Ticket": ticket, "Madoguchi-Proof": proof,
            ...(method === "GET" ? {} : { Origin: this.url.origin, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }),
          },
        },
        (answer) => {
          run = answer.headers["madoguchi-run"];
          answer.setEncoding("utf8");
          answer.on("data", (part: string) => (got += part));
          answer.on("end", () => end(answer.complete));
          answer.on("error", () => end(false));
        },
      );
      asked.on("error", () => end(false));
      asked.end(method === "GET" ? undefined : text);
    });
  }

  take(step: Step, ticket: string): Promise<Got> {
    const who = { owner: "sakura", subject: this.subject };
    switch (step) {
      case "search":
        return this.ask("POST", "/search", ticket, { all_of: [{ field: "letter_number", value: person.letter }] });
      case "check":
        return this.ask("POST", "/check", ticket, { ...who, field: "name_kana", typed: person.kana });
      case "open":
        return this.ask("POST", "/open", ticket, who);
      case "write":
        return this.ask("POST", "/documents", ticket, { ...who, text: note, draft: false });
      case "read":
        return this.ask("GET", `/documents/${this.document}?owner=sakura&subject=${this.subject}`, ticket);
    }
  }

  /** What of it is a value, however little of the answer arrived. */
  keep(seed: number, step: Step, call: string, got: Got): void {
    const add = (kind: string, outcome: string, field: string): void => void this.received.push({ seed, call, kind, outcome, field });
    if (step === "search" && got.text.includes("subject")) add("search", "found", "letter_number");
    if (step === "check" && got.text.includes("match")) add("identity_check", "match", "name_kana");
    if (step === "write" && got.text.includes("document")) add("writing", "written", "");
    if (step === "read" && got.text.includes(note)) add("opening", "shown", "documents");
    if (step !== "open") return;
    for (const [field, value] of [["name_kanji", person.name], ["name_kana", person.kana], ["letter_number", person.letter]] as const)
      if (got.text.includes(value)) add("opening", "shown", field);
  }

  /** All of it once, unhurt: whose record it is, a note to be read, how long things take. */
  async first(): Promise<void> {
    await this.start();
    const [ticket] = (await this.tickets(["first"])) as [string];
    const found = JSON.parse((await this.take("search", ticket)).text) as { people: { subject: string }[] };
    this.subject = found.people[0]!.subject;
    expect((await this.take("check", ticket)).text.includes("match"), "the identity check");
    for (let i = 0; i < 3; i++) {
      const opened = await this.take("open", ticket);
      this.keep(-1, "open", "first", opened);
      this.latency = Math.min(opened.milliseconds, 20);
    }
    expectEqual(this.received.length, 9, `fields received in three openings of ${this.name}`);
    const written = await this.take("write", ticket);
    this.document = (JSON.parse(written.text) as { document: string }).document;
    this.key = (await this.program.says(/the log of sakura is verified with (\S+)/))[1]!;
    await until("a log to be verified", () => existsSync(join(this.folder, "vault", "log", "sakura", "checkpoint")) || undefined);
    this.program.kill("SIGKILL");
    await this.killed();
  }

  async seed(seed: number): Promise<void> {
    const random = randomOf(seed);
    const step = steps[seed % steps.length]!;
    const afterWrite = random() < 0.4;
    const width = step === "open" ? 1 + Math.floor(random() * 4) : 1;
    const calls = Array.from({ length: width }, (_, i) => `seed-${seed}-${i}`);
    await this.start();
    const tickets = await this.tickets(calls);
    const before: Step[] = step === "open" ? ["check"] : step === "write" || step === "read" ? ["check", "open"] : [];
    for (const one of before)
      await Promise.all(tickets.map(async (ticket, i) => this.keep(seed, one, calls[i]!, await this.take(one, ticket))));
    const flying = tickets.map((ticket) => this.take(step, ticket));
    await new Promise((next) => setImmediate(next)); // the requests leave
    await new Promise((next) => setImmediate(next));
    this.killSoon(random, afterWrite, width);
    for (const [i, got] of (await Promise.all(flying)).entries()) {
      this.keep(seed, step, calls[i]!, got);
      this.counts[got.whole ? "whole" : got.text ? "part" : "nothing"]++;
      if (!got.text) this.lost.push(traces[step].replace("CALL", calls[i]!));
      if (got.whole) this.latency = 0.8 * this.latency + 0.2 * Math.min(got.milliseconds, 20);
    }
    await this.killed();
  }

  /** Holds this program still, so that the moment is exact; what the vault sends meanwhile waits in the socket. */
  private killSoon(random: () => number, afterWrite: boolean, width: number): void {
    const now = (): number => Number(process.hrtime.bigint()) / 1e6;
    const span = this.latency * (1 + 0.3 * (width - 1));
    if (afterWrite) {
      const began = this.written();
      for (const give = now() + 50; now() < give && this.written() === began;);
    }
    const moment = now() + random() * (afterWrite ? 0.5 : 1.3) * span;
    while (now() < moment);
    process.kill(this.program.pid, "SIGKILL");
  }
  private written(): string {
    const wal = join(this.folder, "vault", "vault.db-wal");
    if (!existsSync(wal)) return "";
    const { mtimeNs, size } = statSync(wal, { bigint: true });
    return `${mtimeNs} ${size}`;
  }

  async verified(): Promise<number> {
    const site = join(this.folder, "vault", "log", "sakura");
    const state = join(this.context.folder, `${this.name}.seen`);
    const binary = join(this.context.root, "build", "release", "madoguchi");
    const out = await runToEnd(binary, ["verify", "--json", "--log", site, "--key", this.key, "--state", state]);
    return (JSON.parse(out) as { size: number }).size;
  }

  /** "kind call outcome field", of every entry of the verified log. */
  entries(size: number): Set<string> {
    const bundles = join(this.folder, "vault", "log", "sakura", "tile", "entries");
    const held: Buffer[] = [];
    for (let bundle = 0; bundle * 256 < size; bundle++) {
      const whole = (bundle + 1) * 256 <= size;
      const file = String(bundle).padStart(3, "0");
      held.push(...entriesOf(readFileSync(join(bundles, whole ? file : `${file}.p/${size % 256}`))));
    }
    const told = new Set<string>();
    for (const bytes of held) {
      const entry = JSON.parse(bytes.toString()) as { kind: string; call?: string; outcome: string; fields?: string[] };
      for (const field of entry.fields ?? [""]) told.add(`${entry.kind} ${entry.call} ${entry.outcome} ${field}`);
    }
    return told;
  }

  /** Of what was received, what the log does not tell. */
  missing(size: number): Received[] {
    const told = this.entries(size);
    this.counts.unseen = this.lost.filter((one) => told.has(one)).length;
    return this.received.filter((one) => !told.has(`${one.kind} ${one.call} ${one.outcome} ${one.field}`));
  }
}

/** A deployment whose vault is then run alone: hana signed in there with her telephone, and a mandate that never says enough. */
async function prepared(context: Context): Promise<Chain[]> {
  const system = await System.start(context);
  const glass = await VaultSite.signIn(system.ready.glass_url, "hana", system.password("hana"));
  expectEqual((await glass.post("/leg", {})).status, 200, "registering the telephone");
  const owner = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
  const mandates = (await owner.get("/owner/mandates")).body["mandates"] as { mandate: Record<string, unknown> }[];
  const mandate = mandates.find(({ mandate }) => mandate["id"] === "sakura-1")!.mandate;
  const often = { per_minute: 1_000_000, per_hour: 1_000_000, per_day: 1_000_000 };
  const admin = Role.of(context.root, system.folder, "admin");
  const wider = { ...mandate, version: 2, limits: { by_operator: often, on_desk: often, in_all: often } };
  const drafted = await admin.ask("VaultForAdmin.DraftMandate", { json: JSON.stringify(wider) });
  expectEqual([drafted.code, drafted.body["error"]], ["OK", ""], "drafting a wider mandate");
  expectEqual((await owner.post("/owner/mandates/sakura-1/sign", { version: 2 })).status, 200, "signing it");
  admin.close();
  const url = new URL(system.ready.glass_url);
  await system.stop();

  const made: Chain[] = [];
  for (let i = 0; i < chains; i++) {
    const own = new URL(url);
    own.port = String(await freePorts(1));
    const folder = join(context.folder, `vault-${i}`);
    cpSync(system.folder, folder, { recursive: true, filter: (path) => !path.endsWith(".sock") && !path.includes("/prompts") });
    const file = join(folder, "vault.toml");
    const settings = readFileSync(file, "utf8").replaceAll(`${system.folder}/`, `${folder}/`).replace(`port = ${url.port}`, `port = ${own.port}`);
    writeFileSync(file, settings);
    made.push(new Chain(context, `vault-${i}`, folder, own, glass.cookie, glass.key!.elsewhere()));
  }
  return made;
}

async function runChain(chain: Chain, index: number): Promise<void> {
  await chain.first();
  for (let seed = index; seed < seeds; seed += chains) {
    await chain.seed(seed);
    if (seed % 20 < chains) await chain.verified(); // as the kill left it
  }
  await chain.start();
  let missing = chain.missing(0);
  await until("what was received to stand in the published log", async () => {
    missing = chain.missing(await chain.verified());
    return missing.length === 0 || undefined;
  }, { seconds: 10 }).catch(() => undefined);
  expectEqual(missing, [], `values that ${chain.name} handed out without an entry`);
  await chain.program.stop();
  await chain.killed();
}

export const journey: Journey = {
  title: "killed at any step of an opening, 200 times, the vault never handed out a value without its entry in the log",
  seconds: 900,
  alone: true,
  async run(context) {
    const made = await prepared(context);
    const began = Date.now();
    await Promise.all(made.map(runChain));
    const sum = (name: keyof Chain["counts"]): number => made.reduce((all, chain) => all + chain.counts[name], 0);
    const told = `${seeds} seeds in ${((Date.now() - began) / 1000).toFixed(0)} s: ${sum("whole")} answers came whole, ${sum("part")} in part, ${sum("nothing")} not at all`;
    writeFileSync(join(context.folder, "figures.txt"), `${told}, ${sum("unseen")} of those after their entry\n`);
    expect(sum("whole") >= 20 && sum("nothing") >= 20 && sum("unseen") >= 5, `the kills came all at the same moment: ${told}`);
  },
};
