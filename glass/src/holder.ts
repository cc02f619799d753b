// The console that holds the glass in its frame, and what the two say to each other. The glass believes only the
// origins that the vault names, and only the window it is in; it tells nothing but whether somebody is signed in and
// that something was opened, never what.
import { ask } from "./api.js";

export interface Told {
  fingerprint?: string; // the console's new audio connection
  ticket?: string | null; // a ticket came, or there is none any more
}

/** What a message from `origin` tells, if it is one of ours. */
export function read(data: unknown, origin: string, parents: readonly string[]): Told | null {
  if (!parents.includes(origin) || typeof data !== "object" || data === null) return null;
  const { type, fingerprint, ticket } = data as { type?: unknown; fingerprint?: unknown; ticket?: unknown };
  if (type === "madoguchi.console" && typeof fingerprint === "string" && fingerprint.length <= 200) return { fingerprint };
  if (type === "madoguchi.ticket" && (ticket === null || (typeof ticket === "string" && /^[\w.-]{1,64}$/.test(ticket)))) return { ticket };
  return null;
}

export class Holder {
  private parents: string[] = [];

  /** Reads whom to talk to; false while the vault is away. */
  async meet(): Promise<boolean> {
    try {
      this.parents = (await ask<{ parents: string[] }>("GET", "/parents")).parents;
      return true;
    } catch {
      return false;
    }
  }

  listen(take: (told: Told) => void): void {
    window.addEventListener("message", (event) => {
      const told = event.source === window.parent ? read(event.data, event.origin, this.parents) : null;
      if (told) take(told);
    });
  }

  tell(message: { signed_in: boolean | null } | { outcome: "opened" | "refused" }): void {
    if (window.parent === window) return;
    // A browser delivers a message only to the origin it is addressed to.
    for (const origin of this.parents) window.parent.postMessage({ type: "madoguchi.glass", ...message }, origin);
  }
}
