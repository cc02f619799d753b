// Holds calls with sound, waiting and talking, for real minutes, and tells what memory and CPU the processes take.
// usage: tools/soak [MINUTES] [CALLS]; exits with 1 when a process's memory is not flat or a call was lost.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { callers, moreOperators, telephones, withoutWords } from "./lib/floor.ts";
import { stopAll } from "./lib/process.ts";
import { caller } from "./lib/sipp.ts";
import { System } from "./lib/system.ts";
import { callerTone, toneOnly } from "./lib/voices.ts";

const minutes = Number(process.argv[2] ?? 20);
const count = Number(process.argv[3] ?? 40);
const settleSeconds = Math.min(120, minutes * 15); // caches and buffers fill first
const mostGrowthKib = 4096; // over all the rest, per process
const names = ["exchange", "centre", "vault"] as const;

function memory(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = join(root, "build", "soak");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const context = { folder, root };
process.once("SIGTERM", () => process.exit(1)); // whatever it started ends with it
let failed = 0;
try {
  const operators = moreOperators(5);
  const system = await System.start(context, {
    passwords: operators.passwords,
    settings: (process_, toml) =>
      process_ === "centre" ? withoutWords(toml) + operators.toml : process_ === "exchange" ? toml.replace("[sip]\n", "[sip]\nsession_interval_s = 90\n") : toml,
  });
  const suzu = await system.staff("suzu");
  await telephones(system, folder, operators.names, suzu, true, 60, minutes * 60 + 300);
  for (const name of operators.names) await suzu.ask("PUT", `/operators/${name}/state`, { state: "ready" });
  const sound = toneOnly(folder, "caller", callerTone, 60);
  const numbers = Array.from({ length: count }, (_, i) => `030000${1000 + i}`);
  const scenario = [caller.call("[field0]", "", "stream"), caller.speak(sound.raw, -1), caller.untilBye()];
  await callers(system, { folder, numbers, scenario, seconds: minutes * 60 + 300 });
  const live = (): number => [...suzu.calls.values()].filter((call) => call.stage === "talking" || call.stage === "waiting").length;
  await suzu.sees(`${count} calls`, () => live() === count, 60);
  const talking = [...suzu.calls.values()].filter((call) => call.stage === "talking").length;
  console.log(`${count} calls with sound, ${talking} of them talking, for ${minutes} minutes`);

  const pids = names.map((name) => system.pid(name) ?? 0);
  const begun = Date.now();
  const samples: number[][] = names.map(() => []);
  const cpuBefore = pids.map(cpuSeconds);
  const tick = 10_000;
  for (let at = tick; at <= minutes * 60_000; at += tick) {
    await new Promise((resolve_) => setTimeout(resolve_, begun + at - Date.now()));
    if (live() !== count) throw new Error(`${live()} of ${count} calls are up after ${Math.round(at / 1000)} s`);
    names.forEach((_, i) => samples[i]!.push(memory(pids[i]!)));
    if (at % 60_000 === 0) console.log(`${at / 60_000} min: ${names.map((name, i) => `${name} ${samples[i]!.at(-1)} KiB`).join(", ")}`);
  }
  const seconds = (Date.now() - begun) / 1000;
  const settled = Math.min(Math.floor((settleSeconds * 1000) / tick), samples[0]!.length - 1);
  const figures = names.map((name, i) => {
    const rest = samples[i]!.slice(settled);
    const growth = (rest.at(-1) ?? 0) - (rest[0] ?? 0);
    if (growth > mostGrowthKib) failed++;
    return { process: name, rss_kib: rest.at(-1), growth_kib: growth, cpu_ms_per_call_second: Number((((cpuSeconds(pids[i]!) - cpuBefore[i]!) * 1000) / (count * seconds)).toFixed(4)) };
  });
  const { total, exact } = await suzu.readBalance();
  if (!exact || total.cut_off > 0 || total.abandoned > 0) failed++;
  console.log(JSON.stringify({ calls: count, talking, minutes, flat: failed === 0, figures }));
  suzu.stop();
  await system.stop();
} catch (error) {
  failed++;
  console.error(error instanceof Error ? error.message : error);
} finally {
  await stopAll();
}
process.exit(failed === 0 ? 0 : 1);
