// The administrator's command line against a journey's own centre.
import { Program } from "./process.ts";
import type { System } from "./system.ts";
import { expectEqual } from "./wait.ts";

export interface CommandOptions {
  input?: string; // one line for standard input
  expected?: number; // exit code
}

/** Runs `madoguchi …` on the system's data; what it printed. */
export async function command(system: System, args: string[], options: CommandOptions = {}): Promise<string> {
  const program = new Program("madoguchi", system.binary, args, { env: { MADOGUCHI_DATA: system.folder }, input: options.input !== undefined });
  if (options.input !== undefined) program.write(`${options.input}\n`);
  const code = await program.exits(60);
  expectEqual(code, options.expected ?? 0, `exit code of madoguchi ${args.join(" ")} (${program.output.trim()})`);
  return program.output;
}

/** The same with --json: every line parsed. */
export async function commandJson<T>(system: System, args: string[], options: CommandOptions = {}): Promise<T[]> {
  const text = await command(system, [...args, "--json"], options);
  return text.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as T);
}
