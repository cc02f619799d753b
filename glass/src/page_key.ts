// The key with which this page shows that it is where its person signed in: made here, never to be read out (WebCrypto,
// `extractable: false`), so that the session's cookie is worth nothing anywhere else. The browser's database keeps it
// for the next page of this site; where the frame gets no database it lives as long as the page. What is signed is in
// src/vault/page_keys/request_proof.h; the idea is DPoP's (RFC 9449).
import { toBase64Url } from "./base64.js";

export const proofHeader = "Madoguchi-Proof";
export const runHeader = "Madoguchi-Run";

export interface PageKey {
  readonly signer: CryptoKey;
  readonly text: string; // the public part, as it stands in proofs
}

export interface Asked {
  method: string;
  host: string;
  target: string; // path and query, as they are sent
  ticket: string;
  playback: string;
  body: string;
}

const curve = { name: "ECDSA", namedCurve: "P-256" } as const;
const signing = { name: "ECDSA", hash: "SHA-256" } as const;
const database = "madoguchi-glass-session";

const toBase64 = (bytes: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const toHex = (bytes: ArrayBuffer): string => [...new Uint8Array(bytes)].map((one) => one.toString(16).padStart(2, "0")).join("");

let held: PageKey | null = null;
let looked = false; // in the database
let run = "-"; // of the vault's process
let aheadMs = 0; // the vault's clock before this one

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the page's database failed"));
  });
}

/** Nothing where the frame gets no database. */
async function inDatabase<T>(mode: IDBTransactionMode, work: (keys: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  try {
    const request = indexedDB.open(database, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore("keys");
    const opened = await done(request);
    try {
      return await done(work(opened.transaction("keys", mode).objectStore("keys")));
    } finally {
      opened.close();
    }
  } catch {
    return undefined;
  }
}

/** For a session that is about to begin. */
export async function makeKey(): Promise<PageKey> {
  const pair = await crypto.subtle.generateKey(curve, false, ["sign", "verify"]);
  return { signer: pair.privateKey, text: toBase64(await crypto.subtle.exportKey("raw", pair.publicKey)) };
}

/** The session has begun. */
export async function holdKey(key: PageKey): Promise<void> {
  held = key;
  looked = true;
  await inDatabase("readwrite", (keys) => keys.put(key, "session"));
}

/** The session is over. */
export async function dropKey(): Promise<void> {
  held = null;
  await inDatabase("readwrite", (keys) => keys.delete("session"));
}

const kept = (): Promise<PageKey | undefined> => inDatabase<PageKey | undefined>("readonly", (keys) => keys.get("session"));

export async function keyInHand(): Promise<PageKey | null> {
  if (!looked) held = (await kept()) ?? null;
  looked = true;
  return held;
}

/** After a refusal: whether the vault's answer, or another page of this site that signed in, makes it worth a second try. */
export async function learnt(refusal: Response): Promise<boolean> {
  const [now, milliseconds] = refusal.headers.get(runHeader)?.split(" ") ?? [];
  if (now !== undefined && milliseconds !== undefined) {
    run = now;
    aheadMs = Number(milliseconds) - Date.now();
    return true;
  }
  return takeOver();
}

/** Whether another page of this site has signed in since: its key is this page's too from then on. */
export async function takeOver(): Promise<boolean> {
  const there = await kept();
  if (there === undefined || there.text === held?.text) return false;
  held = there;
  return true;
}

/** What goes into the header of one request. */
export async function proofOf({ signer, text: key }: PageKey, asked: Asked): Promise<string> {
  const bytes = new TextEncoder();
  const made = Math.round(Date.now() + aheadMs);
  const name = toBase64Url(crypto.getRandomValues(new Uint8Array(16)).buffer);
  const body = toHex(await crypto.subtle.digest("SHA-256", bytes.encode(asked.body)));
  const message = ["madoguchi.proof.1", run, made, name, asked.method, asked.host, asked.target, asked.ticket, asked.playback, body].join("\n");
  return [run, made, name, key, toBase64(await crypto.subtle.sign(signing, signer, bytes.encode(message)))].join(" ");
}
