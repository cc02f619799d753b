// A client's file into the running vault, by `madoguchi import` as somebody at the keyboard does it.
import { Program } from "./process.ts";
import type { System } from "./system.ts";

export interface Told {
  code: number;
  text: string;
  rows: number | undefined;
  bad: number | undefined;
  id: string | undefined;
  /** Of an update: people added, changed, unchanged, and rows refused. */
  people: (number | undefined)[];
}

/** The command, started. */
export function importing(system: System, file: string, more: string[] = []): Program {
  return new Program("import", system.binary, [
    "import", file, "--data", system.folder, "--organisation", "sakura", "--source", "お申込書", "--given-for", "ご契約の管理",
    "--obtained-on", "2024-05-31", "--obtained-by", "さくら信販", "--json", ...more,
  ]);
}

/** The command to its end, and what it told. */
export async function imports(system: System, file: string, more: string[] = []): Promise<Told> {
  const program = importing(system, file, more);
  const code = await program.exits(120);
  const line = program.output.split("\n").find((one) => one.startsWith("{"));
  const told = line ? (JSON.parse(line) as { import: string; rows: number; bad_rows: number; changed?: number; unchanged?: number }) : undefined;
  const people = [told?.rows, told?.changed, told?.unchanged, told?.bad_rows];
  return { code, text: program.output, rows: told?.rows, bad: told?.bad_rows, id: told?.import, people };
}
