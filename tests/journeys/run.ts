// The runner: each journey is one file under journeys/ and runs in a process of its own, two beside each other, each
// with a folder and a range of ports of its own; those that measure time run alone, after the others.
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Journey } from "./lib/journey.ts";
import { firstPort } from "./lib/ports.ts";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const names = readdirSync(join(here, "journeys"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3))
  .sort();

const asked = process.argv.slice(2);
if (asked.includes("--list")) {
  for (const name of names) console.log(name);
  process.exit(0);
}
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no journey named ${unknown.join(", ")}; tests/journeys/run --list names them`);
  process.exit(2);
}

interface Outcome {
  kind: "ok" | "skipped" | "failed";
  why: string;
  seconds: number;
}

const lanes = 2;
const portsOfALane = 4300;
const running = new Set<ChildProcess>();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    for (const child of running) child.kill("SIGTERM");
    process.exit(1);
  });

function attempt(name: string, lane: number): Promise<Outcome> {
  const start = Date.now();
  const child = spawn(process.execPath, ["--import", "tsx", join(here, "one.ts"), name, join(root, "build", "journeys", name)], {
    cwd: here,
    env: { ...process.env, MADOGUCHI_JOURNEY_PORTS: String(firstPort() + lane * portsOfALane) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.add(child);
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (said += part));
  return new Promise((done) =>
    child.once("close", (code) => {
      running.delete(child);
      const kind = code === 0 ? "ok" : code === 3 ? "skipped" : "failed";
      done({ kind, why: said.trim() || `its process ended with ${code}`, seconds: (Date.now() - start) / 1000 });
    }),
  );
}

const journeys = new Map<string, Journey>();
for (const name of asked.length > 0 ? asked : names)
  journeys.set(name, ((await import(`./journeys/${name}.ts`)) as { journey: Journey }).journey);

const counts = { ok: 0, skipped: 0, failed: 0 };
const unsteady: string[] = [];
const again: string[] = [];

function tell(name: string, { kind, why, seconds }: Outcome): void {
  counts[kind]++;
  const took = `${seconds.toFixed(1)} s`;
  if (kind === "ok") console.log(`ok       ${name} (${took}): ${journeys.get(name)?.title}`);
  else if (kind === "skipped") console.log(`skipped  ${name}: ${why}`);
  else console.log(`FAILED   ${name} (${took}): ${why}\n         what it left is in build/journeys/${name}/`);
}

async function first(name: string, lane: number): Promise<void> {
  const outcome = await attempt(name, lane);
  if (outcome.kind !== "failed") return tell(name, outcome);
  console.log(`again    ${name} (${outcome.seconds.toFixed(1)} s): ${outcome.why}`);
  again.push(name);
}

const together = [...journeys.keys()].filter((name) => !journeys.get(name)?.alone);
await Promise.all(
  Array.from({ length: lanes }, async (_, lane) => {
    for (let name = together.shift(); name; name = together.shift()) await first(name, lane);
  }),
);
for (const [name, journey] of journeys) if (journey.alone) await first(name, 0);
// Real programs on a shared machine: a second try, alone, tells an unsteady journey from a broken one; both are said.
for (const name of again) {
  const outcome = await attempt(name, 0);
  if (outcome.kind === "ok") unsteady.push(name);
  tell(name, outcome);
}
if (unsteady.length > 0) console.log(`unsteady (failed once, then passed): ${unsteady.join(", ")}`);
console.log(`${counts.ok} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed === 0 ? 0 : 1);
