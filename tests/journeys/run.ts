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
for (const name of asked.length > 0 ? asked : names) {
  const { journey } = (await import(`./journeys/${name}.ts`)) as { journey: Journey };
  const folder = join(root, "build", "journeys", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const start = Date.now();
  const took = (): string => `${((Date.now() - start) / 1000).toFixed(1)} s`;
  try {
    await withinLimit(journey, folder);
    passed++;
    console.log(`ok       ${name} (${took()}): ${journey.title}`);
  } catch (error) {
    if (error instanceof Skipped) {
      skipped++;
      console.log(`skipped  ${name}: ${error.message}`);
    } else {
      failed++;
      console.log(`FAILED   ${name} (${took()}): ${error instanceof Error ? (error.stack ?? error.message) : error}`);
      console.log(`         what it left is in build/journeys/${name}/`);
    }
  } finally {
    await stopAll();
  }
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);
