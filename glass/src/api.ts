// The vault's API, typed from docs/openapi-glass.yaml. What is refused becomes Refused with the vault's own word;
// nothing of an answer is kept in the page's storage.
import type { components } from "./schema";

export type Schemas = components["schemas"];
export type Ticket = Schemas["Ticket"];
export type Candidate = Schemas["Candidate"];
export type Opened = Schemas["Opened"];

export class Refused extends Error {
  /** `status` is 0 when the vault could not be reached. */
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }

  /** Nothing was decided: the same may be asked again. */
  get isAway(): boolean {
    return this.status === 0 || this.status === 503;
  }
}

/** A piece of a playback's sound; empty at its end. */
export async function askSound(playback: string, fromMs: number, ms: number): Promise<Int16Array> {
  const response = await fetch(`/api/playback/sound?from_ms=${fromMs}&ms=${ms}`, {
    headers: { "Madoguchi-Playback": playback },
    credentials: "same-origin",
    cache: "no-store",
  }).catch(() => null);
  if (response === null) throw new Refused(0, "away");
  if (response.ok) return new Int16Array(await response.arrayBuffer());
  const told = (await response.json().catch(() => null)) as { code?: unknown } | null;
  throw new Refused(response.status, typeof told?.code === "string" ? told.code : "unknown");
}

type Method = "GET" | "POST" | "DELETE";

export async function ask<T>(method: Method, path: string, options: { body?: unknown; ticket?: string } = {}): Promise<T> {
  const headers: Record<string, string> = {};
  if (method !== "GET") headers["Content-Type"] = "application/json";
  if (options.ticket !== undefined) headers["Madoguchi-Ticket"] = options.ticket;
  let response: Response;
  try {
    response = await fetch(`/api${path}`, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      ...(method === "GET" ? {} : { body: JSON.stringify(options.body ?? {}) }),
    });
  } catch {
    throw new Refused(0, "away");
  }
  const told: unknown = await response.json().catch(() => null);
  if (response.ok) return told as T;
  const code = (told as { code?: unknown } | null)?.code;
  throw new Refused(response.status, typeof code === "string" ? code : "unknown");
}
