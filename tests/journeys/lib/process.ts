// Real programs, started and stopped by a journey. Every one is ended by its own process id, whatever happens.
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { until } from "./wait.ts";

const running = new Set<Program>();

export interface ProgramOptions {
  cwd?: string;
  env?: Record<string, string>;
  log?: string; // file that gets both outputs
  input?: boolean; // keep standard input open
}

export class Program {
  readonly name: string;
  output = "";
  exitCode: number | null = null;
  private ended = false;
  private readonly child: ChildProcess;
  private readonly listeners = new Set<() => void>();

  constructor(name: string, command: string, args: string[], options: ProgramOptions = {}) {
    this.name = name;
    this.child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: [options.input ? "pipe" : "ignore", "pipe", "pipe"],
    });
    running.add(this);
    const log = options.log ? createWriteStream(options.log, { flags: "a" }) : undefined;
    const take = (chunk: Buffer): void => {
      log?.write(chunk);
      this.output = (this.output + chunk.toString()).slice(-4_000_000);
      this.changed();
    };
    this.child.stdout?.on("data", take);
    this.child.stderr?.on("data", take);
    const over = (code: number | null): void => {
      this.ended = true;
      this.exitCode = code ?? -1;
      running.delete(this);
      this.changed();
    };
    this.child.on("error", (error) => {
      this.output += `\n${error.message}\n`;
      over(127);
    });
    this.child.on("exit", (code) => over(code));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }
  get isRunning(): boolean {
    return !this.ended;
  }

  write(text: string): void {
    this.child.stdin?.write(text);
  }

  /** The first match of `pattern` in all that was printed so far or will be. */
  async says(pattern: RegExp, seconds = 30): Promise<RegExpMatchArray> {
    const match = await until(
      `${this.name} to print ${pattern}`,
      () => this.output.match(pattern) ?? (this.ended ? this.gone() : undefined),
      { seconds, signal: this.onChange },
    );
    return match;
  }

  /** Waits for the end; the exit code. */
  async exits(seconds = 60): Promise<number> {
    await until(`${this.name} to end`, () => this.ended || undefined, { seconds, signal: this.onChange });
    return this.exitCode ?? -1;
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.ended) this.child.kill(signal);
  }

  /** Asks politely, then insists. */
  async stop(seconds = 15): Promise<void> {
    if (this.ended) return;
    this.kill("SIGTERM");
    try {
      await this.exits(seconds);
    } catch {
      this.kill("SIGKILL");
      await this.exits(5);
    }
  }

  private readonly onChange = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  private changed(): void {
    for (const listener of [...this.listeners]) listener();
  }
  private gone(): never {
    throw new Error(`${this.name} ended with ${this.exitCode}:\n${this.output.slice(-3000)}`);
  }
}

export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((program) => program.stop(5)));
}
process.on("exit", () => {
  for (const program of running) program.kill("SIGKILL");
});

/** Runs a program to its end; throws with its output unless it exits with `expected`. */
export async function runToEnd(
  command: string,
  args: string[],
  options: ProgramOptions & { seconds?: number; expected?: number } = {},
): Promise<string> {
  const program = new Program(command, command, args, options);
  const code = await program.exits(options.seconds ?? 60);
  if (code !== (options.expected ?? 0))
    throw new Error(`${command} ${args.join(" ")}: exit ${code}\n${program.output.slice(-3000)}`);
  return program.output;
}
