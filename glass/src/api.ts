// The vault's API, typed from docs/openapi-glass.yaml. What is refused becomes Refused with the vault's own word;
// nothing of an answer is kept in the page's storage. Whatever is asked is signed with the page's key (page_key.ts).
import { type PageKey, keyInHand, learnt, proofHeader, proofOf } from "./page_key.js";
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

type Method = "GET" | "POST" | "DELETE";

interface Sending {
  body?: string;
  ticket?: string;
  playback?: string;
  key?: PageKey; // of a session that is about to begin
}

async function sendOnce(method: Method, path: string, { body, ticket, playback, key }: Sending): Promise<Response> {
  const headers: Record<string, string> = {};
  if (method !== "GET") headers["Content-Type"] = "application/json";
  if (ticket !== undefined) headers["Madoguchi-Ticket"] = ticket;
  if (playback !== undefined) headers["Madoguchi-Playback"] = playback;
  const signer = key ?? (await keyInHand());
  if (signer !== null) {
    const { host, pathname, search } = new URL(`/api${path}`, location.href);
    headers[proofHeader] = await proofOf(signer, { method, host, target: pathname + search, ticket: ticket ?? "", playback: playback ?? "", body: body ?? "" });
  }
  const options: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store" };
  if (body !== undefined) options.body = body;
  return fetch(`/api${path}`, options).catch(() => {
    throw new Refused(0, "away");
  });
}

async function send(method: Method, path: string, sending: Sending): Promise<Response> {
  let response = await sendOnce(method, path, sending);
  // Twice at most: the vault's run, and then the key of another page that signed in.
  for (let again = 0; again < 2 && response.status === 401 && (await learnt(response)); again++) response = await sendOnce(method, path, sending);
  if (response.ok) return response;
  const told = (await response.json().catch(() => null)) as { code?: unknown } | null;
  throw new Refused(response.status, typeof told?.code === "string" ? told.code : "unknown");
}

export async function ask<T>(method: Method, path: string, options: { body?: unknown; ticket?: string; key?: PageKey } = {}): Promise<T> {
  const { body, ...more } = options;
  const response = await send(method, path, { ...more, ...(method === "GET" ? {} : { body: JSON.stringify(body ?? {}) }) });
  return (await response.json().catch(() => null)) as T;
}

/** A piece of a playback's sound; empty at its end. */
export async function askSound(playback: string, fromMs: number, ms: number): Promise<Int16Array> {
  const response = await send("GET", `/playback/sound?from_ms=${fromMs}&ms=${ms}`, { playback });
  return new Int16Array(await response.arrayBuffer());
}

/** A file, as it comes. */
export async function askFile(path: string): Promise<Blob> {
  return (await send("GET", path, {})).blob();
}
