// Mandates as an administrator drafts them and an owner signs them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandJson } from "./commands.ts";
import type { Context } from "./journey.ts";
import type { System } from "./system.ts";
import type { VaultSite } from "./vault_site.ts";
import { expectEqual } from "./wait.ts";

export interface Mandate {
  id: string;
  version: number;
  ends: string;
  retention: string;
  [member: string]: unknown;
}

export async function mandate(system: System, id: string): Promise<Mandate> {
  const [shown] = await commandJson<Mandate>(system, ["mandate", "show", id]);
  return shown!;
}

/** The next version of a mandate, drafted by command. */
export async function drafts(system: System, context: Context, id: string, change: Partial<Mandate>): Promise<number> {
  const known = await mandate(system, id);
  const next = { ...known, ...change, version: known.version + 1 };
  const file = join(context.folder, `${id}-${next.version}.json`);
  writeFileSync(file, JSON.stringify(next));
  const [drafted] = await commandJson<{ version: number }>(system, ["mandate", "draft", file]);
  return drafted!.version;
}

export async function signs(owner: VaultSite, id: string, version: number): Promise<void> {
  expectEqual((await owner.post(`/owner/mandates/${id}/sign`, { version })).status, 200, `signing ${id}`);
}
