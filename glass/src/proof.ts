// Proof files, checked in the browser: one entry's place in the log (C2SP tlog-proof, RFC 9162 section 2.1.3), and the
// file about one person that an owner gives out. Only WebCrypto is used; the key is the one that was pasted.
import { BadLog, type Key, fromBase64, openCheckpoint, orBad, sha256, text, toBase64, utf8 } from "./verify.js";

export interface ProvenEntry {
  index: number;
  size: number; // of the log at the checkpoint
  entry: Record<string, unknown>;
}
export interface ProvenPerson {
  subject: string;
  owner: string;
  size: number;
  entries: ProvenEntry[];
}

const firstLine = "c2sp.org/tlog-proof@v1";
const longest = 63;

/** The root that a leaf's proof leads to, or nothing when the proof does not fit the size. */
export async function rootFrom(index: number, size: number, leaf: Uint8Array, proof: Uint8Array[]): Promise<Uint8Array | null> {
  if (index >= size) return null;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  const up = (): void => {
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  };
  for (const sibling of proof) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      hash = await sha256(Uint8Array.of(1), sibling, hash);
      while (at % 2 === 0 && at !== 0) up();
    } else {
      hash = await sha256(Uint8Array.of(1), hash, sibling);
    }
    up();
  }
  return last === 0 ? hash : null;
}

/** One entry, once its proof leads to a checkpoint that the key signed. */
export const verifyProof = (file: string, key: Key): Promise<ProvenEntry> =>
  orBad(
    () => "the proof",
    () => provenEntry(file, key),
  );

async function provenEntry(file: string, key: Key): Promise<ProvenEntry> {
  const split = file.indexOf("\n\n");
  if (split < 0) throw new BadLog("the file ends before its checkpoint");
  const [first, ...lines] = file.slice(0, split).split("\n");
  if (first !== firstLine) throw new BadLog("this is no proof file");
  const extra = lines[0]?.startsWith("extra ") ? fromBase64(lines.shift()!.slice(6), "the entry") : null;
  if (extra === null) throw new BadLog("the file carries no entry");
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? "");
  if (!index) throw new BadLog("the file has no index");
  if (lines.length > longest) throw new BadLog("the proof is too long");
  const proof = lines.map((line) => fromBase64(line, "a hash of the proof"));
  if (proof.some((hash) => hash.length !== 32)) throw new BadLog("the proof has a hash that is no SHA-256");
  const { size, root } = await openCheckpoint(utf8(file.slice(split + 2)), key);
  const found = await rootFrom(Number(index[1]), size, await sha256(Uint8Array.of(0), extra), proof);
  if (found === null || toBase64(found) !== root) throw new BadLog(`entry ${index[1]} is not in the log that was signed`);
  return { index: Number(index[1]), size, entry: JSON.parse(text(extra)) as Record<string, unknown> };
}

async function hmac(key: Uint8Array<ArrayBuffer>, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}

async function isAbout(entry: Record<string, unknown>, saltKey: Uint8Array<ArrayBuffer>, subject: string): Promise<boolean> {
  const named = entry["subject"] as { commitment?: unknown; nonce?: unknown } | undefined;
  if (typeof named?.commitment !== "string" || typeof named.nonce !== "string") return false;
  const salt = await hmac(saltKey, fromBase64(named.nonce, "a nonce"));
  return toBase64(await hmac(salt, utf8(`madoguchi.subject.1\0${subject}`))) === named.commitment;
}

/** A certificate of destruction: its digest stands in an entry of the log. Gives its body. */
export const verifyCertificate = (file: string, key: Key): Promise<{ keys: number; done_at: string }> =>
  orBad(
    () => "the certificate",
    () => provenCertificate(file, key),
  );

async function provenCertificate(file: string, key: Key): Promise<{ keys: number; done_at: string }> {
  const told = JSON.parse(file) as { certificate?: Record<string, unknown>; entries?: { entry?: unknown; proof?: unknown }[] };
  const body = told.certificate;
  const last = told.entries?.at(-1);
  if (body === undefined || typeof last?.proof !== "string") throw new BadLog("this is no certificate");
  const { entry } = await verifyProof(last.proof, key);
  const details = (entry["details"] ?? {}) as Record<string, unknown>;
  const digest = [...(await sha256(utf8(sorted(body))))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (entry["kind"] !== "retention" || entry["outcome"] !== "destroyed" || details["destruction"] !== body["destruction"] || details["certificate_sha256"] !== digest)
    throw new BadLog("the certificate is not the one whose digest stands in the log");
  if (sorted(entry) !== sorted(last.entry)) throw new BadLog("the certificate shows something else than its proof carries");
  return { keys: Number(body["keys"]), done_at: String(body["done_at"]) };
}

/** The same text for the same value, whatever the order of names. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_name, one: unknown) => (one && typeof one === "object" && !Array.isArray(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one));

/**
 * The file about one person: every entry proven, and about whoever its salt key belongs to. That this is the person who
 * was given it is the word of the owner who gave it: the log names nobody.
 */
export const verifyPerson = (file: string, key: Key): Promise<ProvenPerson> =>
  orBad(
    () => "the file",
    () => provenPerson(file, key),
  );

async function provenPerson(file: string, key: Key): Promise<ProvenPerson> {
  let told: Record<string, unknown>;
  try {
    told = JSON.parse(file) as Record<string, unknown>;
  } catch {
    throw new BadLog("this is no file about a person");
  }
  const { format, subject, owner, salt_key, size, entries, key: theirs } = told;
  if (format !== "madoguchi.looked.1" || typeof subject !== "string" || typeof owner !== "string" || typeof salt_key !== "string" || typeof size !== "number" || !Array.isArray(entries))
    throw new BadLog("this is no file about a person");
  if (!key.name.endsWith(`/${owner}`)) throw new BadLog(`the file is of ${owner}, the key of the log ${key.name}`);
  if (theirs !== key.written) throw new BadLog("the file is of a log with another key");
  if (entries.length === 0) throw new BadLog("the file holds no entry: nothing shows that its salt key was ever used in the log");
  const saltKey = fromBase64(salt_key, "the salt key");
  const proven: ProvenEntry[] = [];
  for (const [i, one] of (entries as { entry?: unknown; proof?: unknown }[]).entries()) {
    if (typeof one?.proof !== "string") throw new BadLog(`entry ${i + 1} of the file has no proof`);
    const entry = await verifyProof(one.proof, key);
    if (sorted(entry.entry) !== sorted(one.entry)) throw new BadLog(`entry ${i + 1} of the file shows something else than its proof carries`);
    if (entry.size !== size) throw new BadLog(`entry ${i + 1} of the file is proven for another size of the log`);
    if (!(await isAbout(entry.entry, saltKey, subject))) throw new BadLog(`entry ${i + 1} of the file is not about this person`);
    if (entry.index <= (proven.at(-1)?.index ?? -1)) throw new BadLog(`entry ${i + 1} of the file is there twice, or not in order`);
    proven.push(entry);
  }
  return { subject, owner, size, entries: proven };
}
