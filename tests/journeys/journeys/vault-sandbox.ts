// What the three processes gave up at their start, shown from outside and by themselves. From outside: each thread under
// a filter of system calls and without new privileges, no core files, and memory, environment and open files closed to an
// equal (the same user, without the right to trace), to whom an ordinary program of that user lies open. By themselves:
// asked by the administrator, each tries what it may not do, and to open the others' files, which that user may read.
//
// Root with all its rights can read any memory: `up` says so, and this journey checks that it does.
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { commandJson } from "../lib/commands.ts";
import { type Context, type Journey, Skipped } from "../lib/journey.ts";
import { Program } from "../lib/process.ts";
import { Role } from "../lib/roles.ts";
import { System } from "../lib/system.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const names = ["exchange", "vault", "centre"] as const;
type Name = (typeof names)[number];

// ---- from outside

function statusOf(path: string): Map<string, string> {
  return new Map(readFileSync(path, "utf8").split("\n").map((line) => line.split(":\t") as [string, string]));
}

function everyThreadIsConfined(name: Name, pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  for (const thread of threads) {
    const status = statusOf(`/proc/${pid}/task/${thread}/status`);
    expectEqual([status.get("NoNewPrivs"), status.get("Seccomp")], ["1", "2"], `no_new_privs and seccomp's filter of a thread of the ${name} (${status.get("Name")})`);
  }
  const core = readFileSync(`/proc/${pid}/limits`, "utf8").match(/^Max core file size +(\S+) +(\S+)/m);
  expectEqual([core?.[1], core?.[2]], ["0", "0"], `core files of the ${name}`);
  return threads.length;
}

// Root's rights to look into others, given away: all of this journey's programs are without, so that they are equals.
const rights = "-sys_ptrace,-perfmon,-sys_admin";
const withoutTracing = process.getuid?.() === 0 ? ["setpriv", `--bounding-set=${rights}`, `--inh-caps=${rights}`, "--"] : ["env"];

function equalProgram(name: string, line: string[]): Program {
  const whole = [...withoutTracing, ...line];
  return new Program(name, whole[0]!, whole.slice(1));
}

/** Runs a shell's line as the same user, who may not trace; its exit code and what it printed. */
async function equal(line: string): Promise<{ code: number; output: string }> {
  const program = equalProgram("an equal", ["bash", "-c", line]);
  const code = await program.exits(60);
  return { code, output: program.output };
}

// Each reads something; by PTRACE_MODE_READ the first three, by PTRACE_MODE_ATTACH the others.
const looks: Record<string, (pid: number, out: string) => string> = {
  environment: (pid) => `head -c 1 /proc/${pid}/environ | grep -q .`,
  "memory's map": (pid) => `head -c 1 /proc/${pid}/maps | grep -q .`,
  "open files": (pid) => `ls -l /proc/${pid}/fd >/dev/null && ls /proc/${pid}/fd | grep -q .`,
  memory: (pid) => `at=$((16#$(grep -m1 ' r' /proc/${pid}/maps | cut -d- -f1))) && dd if=/proc/${pid}/mem bs=1 count=1 skip=$at iflag=skip_bytes 2>/dev/null | wc -c | grep -q '^1$'`,
  "memory's image": (pid, out) => `gcore -o ${out} ${pid} && test -s ${out}.${pid}`,
};

async function closedToAnEqual(context: Context, pids: Record<Name, number>): Promise<void> {
  const ordinary = equalProgram("an ordinary program", ["sleep", "600"]);
  await until("an ordinary program", () => readFileSync(`/proc/${ordinary.pid}/comm`, "utf8").trim() === "sleep" || undefined);
  const out = join(context.folder, "image");
  for (const [what, look] of Object.entries(looks)) {
    const open = await equal(look(ordinary.pid, out));
    // Where nobody may trace another's process at all (yama), the refusal would prove nothing about ours.
    if (open.code !== 0) {
      appendFileSync(join(context.folder, "not-shown.txt"), `nobody here may see the ${what} of an equal's program\n`);
      expect(what.startsWith("memory"), `an ordinary program's ${what} is closed: ${open.output}`);
      continue;
    }
    for (const name of names) {
      const tried = await equal(look(pids[name], out));
      expect(tried.code !== 0 && !existsSync(`${out}.${pids[name]}`), `the ${what} of the ${name} is open to an equal: ${tried.output}`);
    }
  }
  await ordinary.stop();
}

// ---- by themselves

interface Trial {
  process: Name;
  what: string;
  file: string;
  denied: boolean;
  answer: string;
}

async function triedByThemselves(system: System): Promise<void> {
  const files: Record<string, Name | "" | Name[]> = {
    "vault/master.key": "vault", "vault/vault.db": "vault", "vault/records.db": "vault", "vault/subject-keys.db": "vault", "../data-erasures/list": "vault",
    "centre/centre.db": "centre", "exchange/spool": "exchange", "exchange/recordings": ["exchange", "vault"],
    "tls/vault.key": "vault", "tls/centre.key": "centre", "tls/exchange.key": "exchange",
    "tls/authority.key": "", "tls/admin.key": "", "sign-ins.txt": "", "vault.toml": "", "centre.toml": "", ".": "",
  };
  const whole = Object.entries(files).map(([file, owner]) => ({ path: join(system.folder, file), owner }));
  for (const { path } of whole) closeSync(openSync(path, "r")); // this user may
  const others = ["/", "/tmp", "/home"].map((path) => ({ path, owner: "" }));
  const trials = await commandJson<Trial>(system, ["confinement", ...[...whole, ...others].map(({ path }) => path)]);
  for (const name of names) {
    const mine = trials.filter((one) => one.process === name);
    const denied = (what: string): boolean | undefined => mine.find((one) => one.what === what)?.denied;
    for (const what of ["be_dumped", "gain_privileges", "read_memory", "trace", "leave_namespaces", "write_elsewhere"])
      expectEqual(denied(what), true, `${what}, tried by the ${name}`);
    // The centre alone starts a program: the one that speaks its announcements.
    if (name !== "centre") expectEqual(denied("start_program"), true, `starting a program, tried by the ${name}`);
    for (const { path, owner } of [...whole, ...others]) {
      const trial = mine.find((one) => one.file === path || one.file === `${path}/`);
      expect(trial, `the ${name} does not tell of ${path}`);
      if ([owner].flat().includes(name)) expectEqual(trial.answer, "done", `${path}, opened by the ${name}, whose own it is`);
      else expectEqual([trial.denied, trial.answer], [true, "EACCES"], `${path}, opened by the ${name}`);
    }
  }
}

async function onlyTheAdministratorAsks(context: Context, system: System): Promise<void> {
  for (const role of ["exchange", "centre"] as const)
    for (const name of names) {
      const asked = Role.of(context.root, system.folder, role, name);
      expectEqual((await asked.ask("ProcessConfinement.Try", { files: ["/"] })).code, "PERMISSION_DENIED", `the ${name}'s trials asked by the ${role}`);
      asked.close();
    }
}

export const journey: Journey = {
  title: "vault, exchange and centre are closed to an equal's eyes, filtered, and kept to their own files",
  seconds: 120,
  async run(context) {
    const system = await System.start(context, { through: withoutTracing });
    const pids = Object.fromEntries(names.map((name) => [name, system.pid(name)!])) as Record<Name, number>;
    expect(/Root on this machine sees everything/.test(system.ready.guarantee), "the guarantee does not say what root sees");
    for (const name of names) everyThreadIsConfined(name, pids[name]);
    await closedToAnEqual(context, pids);
    await onlyTheAdministratorAsks(context, system);
    if (/files confined: NO/.test(system.program.output)) throw new Skipped("this kernel has no Landlock");
    await triedByThemselves(system);
    await system.stop();
  },
};
