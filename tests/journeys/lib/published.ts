// A client's log as the client checks it: all that its owner sees is published and verifies.
import { runToEnd } from "./process.ts";
import type { System } from "./system.ts";
import { VaultSite } from "./vault_site.ts";
import { until } from "./wait.ts";

/** How many entries verify, once everything committed is among them. */
export async function verified(system: System, owner = "oku"): Promise<number> {
  const site = await VaultSite.signIn(system.ready.glass_url, owner, system.password(owner));
  const { key, url } = (await site.get("/owner/log")).body;
  const { size } = (await site.get("/owner/entries?limit=1")).body;
  return until("all entries to be published", async () => {
    const told = JSON.parse(await runToEnd(system.binary, ["verify", "--json", "--log", url, "--key", key])) as { size: number };
    return told.size >= size ? told.size : undefined;
  });
}
