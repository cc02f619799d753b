// A whole centre of its own for one journey: started by `madoguchi up`, on ports nobody else uses, in a fresh folder.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Staff } from "./api.ts";
import type { Context } from "./journey.ts";
import { Program, runToEnd } from "./process.ts";
import { until } from "./wait.ts";
import { freePorts } from "./ports.ts";

interface Ready {
  ready: true;
  console_url: string;
  glass_url: string;
  sip_port: number;
  sign_ins: { role: string; name: string; password: string }[];
  guarantee: string;
}

export interface SystemOptions {
  name?: string;
  args?: string[];
  /** A command that runs what follows it, with fewer rights say; it must become that program. */
  through?: string[];
  /** Changes the settings written at the first start, before the processes read them. */
  settings?: (process: "exchange" | "vault" | "centre", toml: string) => string;
  /** Of people that the settings add. */
  passwords?: Record<string, string>;
}

export class System {
  readonly binary: string;
  program!: Program;
  ready!: Ready;
  sipPort = 0;
  browserPort = 0;
  private args: string[] = [];

  private constructor(
    readonly context: Context,
    readonly folder: string,
    private readonly options: SystemOptions,
  ) {
    this.binary = join(context.root, "build", "release", "madoguchi");
  }

  static async start(context: Context, options: SystemOptions = {}): Promise<System> {
    const system = new System(context, join(context.folder, options.name ?? "data"), options);
    const base = await freePorts(8);
    const sound = await freePorts(1000);
    system.sipPort = base;
    system.browserPort = base + 4;
    system.args = [
      "up", "--json", "--data", system.folder, "--sip-port", String(base), "--web-port", String(base + 2),
      "--glass-port", String(base + 3), "--browser-port", String(base + 4),
      "--first-sound-port", String(sound), "--last-sound-port", String(sound + 999), ...(options.args ?? []),
    ];
    await system.run();
    return system;
  }

  /** Starts it (again) in the same folder. */
  async run(): Promise<void> {
    if (!existsSync(this.binary)) throw new Error(`${this.binary} is missing: run tools/build first`);
    if (this.options.settings && !existsSync(join(this.folder, "centre.toml"))) await this.writeSettings();
    const before = this.options.through ?? [];
    const command = before[0] ?? this.binary;
    this.program = new Program("madoguchi", command, [...before, this.binary, ...this.args].slice(1), { log: join(this.context.folder, "madoguchi.log") });
    const line = await this.program.says(/^\{"console_url".*\}$/m, 60);
    this.ready = JSON.parse(line[0]) as Ready;
  }

  /** What it was started with. */
  get arguments(): string[] {
    return this.args;
  }
  get sip(): string {
    return `127.0.0.1:${this.sipPort}`;
  }
  get url(): string {
    return this.ready.console_url;
  }

  password(name: string): string {
    const found = this.options.passwords?.[name] ?? this.ready.sign_ins.find((one) => one.name === name)?.password;
    if (!found) throw new Error(`nobody is called ${name}`);
    return found;
  }

  /** Somebody of the staff, signed in at the API and listening to events. */
  async staff(name: string): Promise<Staff> {
    return Staff.signIn(this.url, name, this.password(name));
  }

  /** The process id of one of the three processes. */
  pid(name: "exchange" | "vault" | "centre"): number | undefined {
    for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
      try {
        const status = readFileSync(`/proc/${pid}/stat`, "utf8");
        const parent = Number(status.slice(status.lastIndexOf(")") + 2).split(" ")[1]);
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        if (parent === this.program.pid && line[1] === name) return Number(pid);
      } catch {
        // It ended while we looked.
      }
    }
    return undefined;
  }

  /** kill -9 of one process; resolves with its old pid. */
  kill(name: "exchange" | "vault" | "centre"): number {
    const pid = this.pid(name);
    if (!pid) throw new Error(`${name} does not run`);
    process.kill(pid, "SIGKILL");
    return pid;
  }

  /** Until the supervisor has started it again, with another pid. */
  async restarted(name: "exchange" | "vault" | "centre", oldPid: number): Promise<number> {
    return until(`${name} to be started again`, () => {
      const pid = this.pid(name);
      return pid !== undefined && pid !== oldPid ? pid : undefined;
    });
  }

  recordings(): string[] {
    const folder = join(this.folder, "exchange", "recordings");
    return existsSync(folder) ? readdirSync(folder).map((file) => join(folder, file)) : [];
  }

  async exportRecording(callId: string, out: string): Promise<{ bytes: number; cut_off: boolean; goes_on: boolean }> {
    const text = await runToEnd(this.binary, [
      "recording", "--data", this.folder, "export", "--call", callId, "--out", out, "--purpose", "journey", "--json",
    ]);
    return JSON.parse(text.trim().split("\n").pop() ?? "{}") as { bytes: number; cut_off: boolean; goes_on: boolean };
  }

  async journal(): Promise<Record<string, unknown>[]> {
    const text = await runToEnd(this.binary, ["journal", "--data", this.folder]);
    return text.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async stop(): Promise<void> {
    await this.program.stop(30);
  }

  // The settings are written by a start that is stopped at once; then they are changed.
  private async writeSettings(): Promise<void> {
    const first = new Program("madoguchi", this.binary, this.args, { log: join(this.context.folder, "first-start.log") });
    await first.says(/^\{"console_url".*\}$/m, 60);
    await first.stop(30);
    for (const name of ["exchange", "vault", "centre"] as const) {
      const file = join(this.folder, `${name}.toml`);
      writeFileSync(file, this.options.settings?.(name, readFileSync(file, "utf8")) ?? "");
    }
  }
}

/** Everything a process's memory holds, as gcore writes it. */
export function memoryImage(pid: number, file: string): Buffer {
  execFileSync("gcore", ["-a", "-o", file, String(pid)], { stdio: "pipe" });
  return readFileSync(`${file}.${pid}`);
}
