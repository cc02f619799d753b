// The runner: each journey is one file under journeys/, run one after another, each with a folder of its own.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Journey } from "./lib/journey.ts";
import { Skipped } from "./lib/journey.ts";
import { stopAll } from "./lib/process.ts";

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

async function withinLimit(journey: Journey, folder: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${journey.seconds} s`)), journey.seconds * 1000);
  });
  try {
    await Promise.race([journey.run({ folder, root }), limit]);
  } finally {
    clearTimeout(timer);
  }
}

let passed = 0;
let failed = 0;
let skipped = 0;
const unsteady: string[] = [];

type Outcome = { kind: "ok" } | { kind: "skipped"; why: string } | { kind: "failed"; why: string };

async function attempt(name: string, journey: Journey): Promise<Outcome> {
  const folder = join(root, "build", "journeys", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    await withinLimit(journey, folder);
    return { kind: "ok" };
  } catch (error) {
    if (error instanceof Skipped) return { kind: "skipped", why: error.message };
    return { kind: "failed", why: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  } finally {
    await stopAll();
  }
}

for (const name of asked.length > 0 ? asked : names) {
  const { journey } = (await import(`./journeys/${name}.ts`)) as { journey: Journey };
  const start = Date.now();
  let outcome = await attempt(name, journey);
  if (outcome.kind === "failed") {
    // Real programs on a shared machine: a second try tells an unsteady journey from a broken one, and both are said.
    console.log(`again    ${name}: ${outcome.why}`);
    outcome = await attempt(name, journey);
    if (outcome.kind === "ok") unsteady.push(name);
  }
  const took = `${((Date.now() - start) / 1000).toFixed(1)} s`;
  if (outcome.kind === "ok") {
    passed++;
    console.log(`ok       ${name} (${took}): ${journey.title}`);
  } else if (outcome.kind === "skipped") {
    skipped++;
    console.log(`skipped  ${name}: ${outcome.why}`);
  } else {
    failed++;
    console.log(`FAILED   ${name} (${took}): ${outcome.why}`);
    console.log(`         what it left is in build/journeys/${name}/`);
  }
}
if (unsteady.length > 0) console.log(`unsteady (failed once, then passed): ${unsteady.join(", ")}`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);
