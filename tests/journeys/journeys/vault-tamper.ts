// A client's log is tampered with in every way: each kind of byte in entries, tiles and checkpoint, an entry taken
// out, a past rewritten, a fork shown to one client. `madoguchi verify`, or the client's own witness, names it. A running
// vault has that witness cosign what it publishes, does without it for a while, and cannot be set back unseen.
import { appendFileSync, cpSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command, commandJson } from "../lib/commands.ts";
import type { Context, Journey } from "../lib/journey.ts";
import { LogSite, type Tampering, bundleOf, entriesOf, leafHash, withByteChanged } from "../lib/log_site.ts";
import { runToEnd } from "../lib/process.ts";
import { System } from "../lib/system.ts";
import { VaultSite } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";
import { Witness } from "../lib/witness.ts";

interface Verdict {
  ok: boolean;
  error?: string;
  origin?: string;
  size?: number;
  from?: number;
  checked?: number;
  known?: number;
  state?: string | null;
  witnesses?: { name: string }[];
  finding?: { part: string; where: string; what: string; entry?: number };
}

class Story {
  readonly program: string;
  readonly tool: string;
  key = "";

  constructor(
    private readonly context: Context,
    readonly witness: Witness,
  ) {
    this.program = join(context.root, "build/release/madoguchi");
    this.tool = join(context.root, "build/release/tests/ledger_tool/ledger_tool");
  }

  file(name: string): string {
    return join(this.context.folder, name);
  }

  async append(data: string, count: number, more: string[] = []): Promise<string[]> {
    const out = await runToEnd(this.tool, ["append", "--data", this.file(data), "--count", String(count), ...more]);
    const told = JSON.parse(out) as { key: string; witness_troubles: string[] };
    this.key = told.key;
    return told.witness_troubles;
  }
  get withWitness(): string[] {
    return ["--witness", this.witness.url, this.witness.key];
  }

  async verify(log: string, expected: number, more: string[] = []): Promise<Verdict> {
    const out = await runToEnd(this.program, ["verify", "--json", "--key", this.key, "--log", log, ...more], { expected });
    return JSON.parse(out) as Verdict;
  }
}

/** What is shown instead, and what must be named. */
interface Trick {
  name: string;
  tampering: Tampering;
  where: RegExp;
  entry?: number;
}

const only =
  (which: string, change: (bytes: Buffer) => Buffer | null): Tampering =>
  (path, bytes) =>
    path === which ? change(bytes) : bytes;

const line = (bytes: Buffer, number: number, change: (text: string) => string): Buffer => {
  const lines = bytes.toString().split("\n");
  lines[number - 1] = change(lines[number - 1]!);
  return Buffer.from(lines.join("\n"));
};

// A log of 700 entries: two full bundles and one of 188.
const tricks: Trick[] = [
  {
    name: "a letter in an entry",
    tampering: only("tile/entries/001", (bytes) => Buffer.from(bytes.toString("latin1").replace("call-65-0", "call-66-0"), "latin1")),
    where: /^entry 260 \(tile\/entries\/001\)$/,
    entry: 260,
  },
  { name: "a length in a bundle", tampering: only("tile/entries/000", (bytes) => withByteChanged(bytes, 1)), where: /^tile\/entries\/000$/ },
  {
    name: "a byte of the newest bundle",
    tampering: only("tile/entries/002.p/188", (bytes) => withByteChanged(bytes, bytes.length - 10)),
    where: /^entry 699 \(tile\/entries\/002\.p\/188\)$/,
    entry: 699,
  },
  {
    name: "an entry taken out",
    tampering: only("tile/entries/000", (bytes) => bundleOf(entriesOf(bytes).filter((_, i) => i !== 17))),
    where: /^tile\/entries\/000$/,
  },
  {
    name: "an entry taken out and another put in",
    tampering: only("tile/entries/000", (bytes) => {
      const entries = entriesOf(bytes);
      return bundleOf([...entries.filter((_, i) => i !== 17), entries[200]!]);
    }),
    where: /^entry 17 /,
    entry: 17,
  },
  {
    name: "an entry rewritten with its hash in the tile",
    tampering: (path, bytes) => {
      const forged = Buffer.from('{"kind":"refusal","time":"2026-11-22T03:00:00.000000Z","v":1}');
      if (path === "tile/entries/000") return bundleOf(entriesOf(bytes).map((entry, i) => (i === 5 ? forged : entry)));
      if (path === "tile/0/000") return Buffer.concat([bytes.subarray(0, 160), leafHash(forged), bytes.subarray(192)]);
      return bytes;
    },
    where: /^(tile\/1\/000\.p\/2|checkpoint line 3)$/,
  },
  { name: "a hash of a full tile", tampering: only("tile/0/001", (bytes) => withByteChanged(bytes, 40)), where: /^tile\/0\/001$/ },
  { name: "a hash of the newest tile", tampering: only("tile/0/002.p/188", (bytes) => withByteChanged(bytes, 3)), where: /^tile\/0\/002\.p\/188$/ },
  { name: "a hash of the level above", tampering: only("tile/1/000.p/2", (bytes) => withByteChanged(bytes, 63)), where: /^tile\/1\/000\.p\/2$/ },
  { name: "a tile cut short", tampering: only("tile/0/000", (bytes) => bytes.subarray(0, 8000)), where: /^tile\/0\/000$/ },
  { name: "a tile that is gone", tampering: only("tile/0/001", () => null), where: /^tile\/0\/001$/ },
  { name: "a bundle that is gone", tampering: only("tile/entries/001", () => null), where: /^tile\/entries\/001$/ },
  { name: "the checkpoint's origin", tampering: only("checkpoint", (bytes) => line(bytes, 1, (text) => `${text}x`)), where: /^checkpoint$/ },
  { name: "the checkpoint's size", tampering: only("checkpoint", (bytes) => line(bytes, 2, () => "699")), where: /^checkpoint$/ },
  { name: "the checkpoint's root", tampering: only("checkpoint", (bytes) => line(bytes, 3, (text) => `B${text.slice(1)}`)), where: /^checkpoint$/ },
  { name: "a line more in the checkpoint", tampering: only("checkpoint", (bytes) => line(bytes, 3, (text) => `${text}\nmore`)), where: /^checkpoint$/ },
  { name: "the log's signature", tampering: only("checkpoint", (bytes) => line(bytes, 5, (text) => text.replace(/.{6}$/, "AAAA=="))), where: /^checkpoint$/ },
  { name: "the witness's signature", tampering: only("checkpoint", (bytes) => line(bytes, 6, (text) => text.replace(/.{20}$/, "AAAAAAAAAAAAAAAAAAA="))), where: /^checkpoint$/ },
  { name: "no cosignature", tampering: only("checkpoint", (bytes) => Buffer.from(bytes.toString().split("\n").slice(0, 5).join("\n") + "\n")), where: /^checkpoint$/ },
];

async function everyTrick(story: Story, site: LogSite): Promise<void> {
  const witness = ["--witness", story.witness.key];
  const failures: string[] = [];
  for (const trick of tricks) {
    site.tampering = trick.tampering;
    const verdict = await story.verify(site.url, 1, witness);
    const where = verdict.finding?.where ?? "nothing";
    if (!trick.where.test(where)) failures.push(`${trick.name}: ${where} was named (${verdict.finding?.what})`);
    if (trick.entry !== undefined && verdict.finding?.entry !== trick.entry)
      failures.push(`${trick.name}: entry ${verdict.finding?.entry} was named`);
  }
  site.tampering = (_path, bytes) => bytes;
  expectEqual(failures, [], "tricks that were not named");
}

async function growsAndIsResumed(story: Story, site: LogSite): Promise<void> {
  const state = ["--witness", story.witness.key, "--state", story.file("state")];
  const first = await story.verify(site.url, 0, state);
  expectEqual([first.size, first.checked, first.witnesses?.[0]?.name], [700, 700, "witness.client.example"], "first check");
  expectEqual(await story.append("honest", 300, story.withWitness), [], "the witness cosigns what grew");
  site.asked.length = 0;
  const second = await story.verify(site.url, 0, state);
  expectEqual([second.size, second.from, second.checked], [1000, 700, 300], "resumed check");
  expect(!site.asked.includes("tile/entries/000"), "what was checked is not fetched again");
  const again = await story.verify(join(story.file("honest"), "site/sakura"), 0, state);
  expectEqual([again.from, again.checked], [1000, 0], "the same from the folder");
}

/** As the client types it, without a word of where to remember: it remembers, and reads a small log whole all the same. */
async function isRememberedUnasked(story: Story, site: LogSite): Promise<void> {
  const none = await story.verify(site.url, 0, ["--state", "none"]);
  expectEqual([none.known, none.state], [0, null], "no memory was wanted");
  const first = await story.verify(site.url, 0);
  expect(/madoguchi.verify/.test(first.state ?? ""), `where it is remembered: ${first.state}`);
  const second = await story.verify(site.url, 0);
  expectEqual([first.known, second.known, second.from, second.checked], [0, 1000, 0, 1000], "the second check");
  site.tampering = tricks[0]!.tampering;
  expectEqual((await story.verify(site.url, 1)).finding?.entry, 260, "an entry changed after it was checked");
  site.tampering = (_path, bytes) => bytes;
}

/** The vault's administrator shows another past to one client, with the log's own key. */
async function forkIsNamed(story: Story, site: LogSite): Promise<void> {
  const memory = ["--state", story.file("state")];
  for (const [count, what] of [
    [900, /1000 before/],
    [100, /fork/],
    [500, /1000 entries/],
  ] as const) {
    const troubles = await story.append("forked", count, ["--variant", "1", ...story.withWitness]);
    expectEqual(troubles.length, 1, "the witness does not cosign the fork");
    site.folder = join(story.file("forked"), "site/sakura");
    const remembered = await story.verify(site.url, 1, memory);
    expectEqual(remembered.finding?.part, "history", "whoever checked before sees it");
    expectEqual((await story.verify(site.url, 1)).finding?.part, "history", "without naming a file as well");
    expect(what.test(remembered.finding!.what), `it is said how: ${remembered.finding!.what}`);
    const stranger = await story.verify(site.url, 1, ["--state", "none", "--witness", story.witness.key]);
    expect(/not cosigned by the witness/.test(stranger.finding!.what), "who comes for the first time misses the witness");
  }
  await story.witness.says(/vault\.test\/log\/sakura: a fork: two roots were signed for size 1000/);
  await story.witness.says(/not shown to have grown out of size 1000/);
  site.folder = join(story.file("honest"), "site/sakura");
}

async function witnessRemembers(story: Story): Promise<void> {
  const body = await runToEnd(story.tool, ["request", "--data", story.file("honest"), "--old", "0"]);
  await story.witness.kill();
  await story.witness.start([story.key]);
  const stale = await story.witness.post(body);
  expectEqual([stale.status, stale.body, stale.type], [409, "1000\n", "text/x.tlog.size"], "after kill -9 it knows what it saw");
  expectEqual((await story.witness.post(body.replace("old 0", "old 1000"))).status, 200, "and cosigns the same again");
  expectEqual((await story.witness.post(body.replace("old 0", "old 1001"))).status, 400, "old beyond the checkpoint");
  expectEqual((await story.witness.post(body.replaceAll("sakura", "momiji"))).status, 404, "a log it does not know");
  expectEqual((await story.witness.post(body.replace("\n1000\n", "\n1001\n"))).status, 403, "not what the log signed");
  expectEqual((await story.witness.post("rubbish")).status, 400, "rubbish");
}

async function proofsStandAlone(story: Story): Promise<void> {
  const file = story.file("opening.tlog-proof");
  await runToEnd(story.tool, ["prove", "--data", story.file("honest"), "--index", "613", "--out", file]);
  const verify = async (expected: number): Promise<Verdict> =>
    JSON.parse(
      await runToEnd(story.program, ["verify", "--json", "--key", story.key, "--witness", story.witness.key, "--proof", file], { expected }),
    ) as Verdict;
  await verify(0);
  const lines = readFileSync(file, "utf8").split("\n");
  for (const [number, change] of [
    [2, (text: string) => text.replace(/.{8}$/, "AAAAAA==")],
    [3, () => "index 612"],
    [5, (text: string) => `A${text.slice(1)}`],
    [lines.indexOf("") + 2, (text: string) => `${text}x`],
  ] as const) {
    const changed = [...lines];
    changed[number - 1] = change(lines[number - 1]!);
    writeFileSync(file, changed.join("\n"));
    expect(!(await verify(1)).ok, `line ${number} changed is refused`);
  }
}

// ---- a vault that has its logs cosigned

/** An act of the owner's, so that the log of sakura grows. */
async function grow(system: System): Promise<void> {
  const oku = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
  const frozen = await oku.post("/owner/freezes", { scope: "person", name: "kenji", reason: "journey" });
  expectEqual(frozen.status, 200, "an owner's freeze");
}

const isCosigned = (checkpoint: string): boolean => checkpoint.includes(`\n\u2014 ${Witness.title} `);

class Watched {
  constructor(
    readonly system: System,
    readonly witness: Witness,
    readonly key: string,
  ) {}

  checkpoint(): string {
    return readFileSync(join(this.system.folder, "vault/log/sakura/checkpoint"), "utf8");
  }
  size(): number {
    return Number(this.checkpoint().split("\n")[1]);
  }
  async verify(expected: number): Promise<Verdict> {
    const url = `${this.system.ready.glass_url}/log/sakura`;
    return JSON.parse(await runToEnd(this.system.binary, ["verify", "--json", "--log", url, "--key", this.key, "--witness", this.witness.key], { expected })) as Verdict;
  }
  async state(wanted: string): Promise<string> {
    const seen = await until(
      `the witness to be ${wanted}`,
      async () => {
        const [one] = await commandJson<{ state: string; trouble: string }>(this.system, ["log", "witnesses", "--organisation", "sakura"]);
        return one?.state === wanted ? one : undefined;
      },
      { seconds: 90 },
    );
    return seen.trouble;
  }
}

async function cosignsWhatAVaultShows(context: Context, witness: Witness): Promise<Watched> {
  const system = await System.start(context, { name: "vault-data" });
  const key = (await command(system, ["log", "key", "--organisation", "sakura"])).trim();
  await grow(system);
  await witness.start([key]);
  appendFileSync(join(system.folder, "vault.toml"), witness.settings("sakura"));
  await system.restarted("vault", system.kill("vault"));
  const watched = new Watched(system, witness, key);
  await until("a cosigned checkpoint", () => isCosigned(watched.checkpoint()) || undefined, { seconds: 60 });
  await watched.state("in_step");
  const before = watched.size();
  await grow(system);
  await until("the next checkpoint, cosigned", () => (watched.size() > before && isCosigned(watched.checkpoint())) || undefined, { seconds: 60 });
  expectEqual((await watched.verify(0)).witnesses?.[0]?.name, Witness.title, "verified with the witness's key");
  return watched;
}

/** It holds nothing up, is told of, and signs what is shown when it is back, though nothing was added. */
async function isAwayForAWhile(whole: Watched): Promise<void> {
  const { system, witness, key } = whole;
  const before = whole.size();
  await witness.kill();
  await grow(system);
  await until("a checkpoint without it", () => whole.size() > before || undefined);
  const trouble = await whole.state("away");
  expect(/no answer/.test(trouble), `why it is away: ${trouble}`);
  const [status] = await commandJson<{ troubles: { text: string }[] }>(system, ["status"]);
  expect(status?.troubles.some(({ text }) => text.includes(`witness ${Witness.title} does not cosign the log of sakura`)), "`madoguchi status` does not tell of it");
  expect(/not cosigned by the witness/.test((await whole.verify(1)).finding!.what), "who insists on it misses it");
  const size = whole.size();
  await witness.start([key]);
  await until("its cosignature under the same checkpoint", () => (whole.size() === size && isCosigned(whole.checkpoint())) || undefined, { seconds: 60 });
  await whole.verify(0);
}

/** Databases and files are set back together, so that the vault itself cannot know: only the witness does. */
async function namesAVaultThatWasSetBack(watched: Watched): Promise<void> {
  const { system, witness } = watched;
  const vault = join(system.folder, "vault");
  await system.stop();
  cpSync(vault, `${vault}.backup`, { recursive: true });
  await system.run();
  const before = watched.size();
  await grow(system);
  await until("the next checkpoint", () => (watched.size() > before && isCosigned(watched.checkpoint())) || undefined, { seconds: 60 });
  await system.stop();
  renameSync(vault, `${vault}.newer`);
  renameSync(`${vault}.backup`, vault);
  await system.run();
  expect(/seen \d+ entries, this checkpoint has/.test(await watched.state("another_history")), "an old backup");
  await grow(system);
  await witness.says(/log\/sakura: (a fork: two roots were signed|not shown to have grown)/);
  expect(!isCosigned(watched.checkpoint()), "the witness signed a second history");
  await system.stop();
}

export const journey: Journey = {
  title: "each kind of byte in log, tiles and checkpoint changed, an entry removed, a fork: verify or the witness names it",
  seconds: 300,
  async run(context) {
    const story = new Story(context, await Witness.prepare(context));
    await story.append("honest", 1);
    await story.witness.start([story.key]);
    expectEqual(await story.append("honest", 699, story.withWitness), [], "the witness cosigns");
    const site = await LogSite.open(join(story.file("honest"), "site/sakura"));
    try {
      await everyTrick(story, site);
      await growsAndIsResumed(story, site);
      await isRememberedUnasked(story, site);
      await forkIsNamed(story, site);
      await witnessRemembers(story);
      await proofsStandAlone(story);
      const url = site.url;
      site.close();
      expect(/no answer/.test((await story.verify(url, 3)).error ?? ""), "a server that is away is no finding");
      await runToEnd(story.program, ["verify", "--key", "rubbish", "--log", url], { expected: 2 });
    } finally {
      site.close();
    }
    await story.witness.kill();
    const watched = await cosignsWhatAVaultShows(context, story.witness);
    await isAwayForAWhile(watched);
    await namesAVaultThatWasSetBack(watched);
  },
};
