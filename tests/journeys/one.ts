// One journey, for the runner: node one.ts NAME FOLDER. Exit code 0: it held; 3: skipped; 1: it did not. Says why on stdout.
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Journey, Skipped } from "./lib/journey.ts";
import { stopAll } from "./lib/process.ts";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const [name, folder] = process.argv.slice(2) as [string, string];
const { journey } = (await import(`./journeys/${name}.ts`)) as { journey: Journey };
process.once("SIGTERM", () => process.exit(1)); // whatever it started ends with it

async function withinLimit(): Promise<void> {
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

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
process.env["XDG_STATE_HOME"] = join(folder, ".state"); // what `madoguchi verify` remembers is this journey's
let code = 0;
try {
  await withinLimit();
} catch (error) {
  code = error instanceof Skipped ? 3 : 1;
  const why = error instanceof Skipped ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  await new Promise((written) => process.stdout.write(`${why}\n`, written));
} finally {
  await stopAll();
}
process.exit(code);
