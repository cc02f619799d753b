// The client's own check of the access log, in the browser: every entry is fetched, the Merkle tree over all of them is
// computed here, and its root must be the one that the log's key signed. Formats: C2SP signed-note, tlog-checkpoint and
// tlog-tiles; RFC 9162 section 2.1 for the tree. Only WebCrypto is used; the key is the one that the client pasted.

export type Fetcher = (path: string) => Promise<Uint8Array | null>;

export interface Key {
  written: string; // as it was pasted
  name: string;
  id: string; // the four bytes, in hexadecimal
  bytes: Uint8Array<ArrayBuffer>;
}

export interface Verified {
  origin: string;
  size: number;
  root: string; // base64
  entries: number;
  known: number; // entries of the last check, which are still the first ones
  cosigned: { name: string; at: number }[]; // by the witnesses whose keys were given; seconds since 1970
}

/** The checkpoint of an earlier check. */
export interface Remembered {
  size: number;
  root: string;
}

/** What is wrong, and where: the first bad thing. */
export class BadLog extends Error {}

/** Nothing is wrong but this browser, which can't check such signatures. */
export class OldBrowser extends BadLog {}

const perBundle = 256;
const ed25519 = 1;
const cosignature = 4;
const cosignatureBytes = 4 + 8 + 64; // key id, time, signature
const dash = "\u2014";

export const text = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
export const utf8 = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);
export const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export function fromBase64(value: string, what: string): Uint8Array<ArrayBuffer> {
  try {
    const bytes = Uint8Array.from(atob(value), (char) => char.charCodeAt(0));
    if (toBase64(bytes) === value) return bytes;
  } catch {
    // said below
  }
  throw new BadLog(`${what} is not base64`);
}

export async function sha256(...parts: Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

/** A log's. */
export const readKey = (written: string): Promise<Key> => readKeyOf(ed25519, written);
export const readWitnessKey = (written: string): Promise<Key> => readKeyOf(cosignature, written);

/** name+id+base64(type ‖ public key); the id must be the key's own. */
async function readKeyOf(type: number, written: string): Promise<Key> {
  const [name, id, encoded, ...rest] = written.trim().split("+");
  if (!name || !id || !encoded) throw new BadLog("the key is not of the form name+id+key");
  const blob = fromBase64([encoded, ...rest].join("+"), "the key");
  if (blob[0] !== type || blob.length !== 33) throw new BadLog(`the key is no Ed25519 key of a ${type === cosignature ? "witness" : "log"}`);
  const digest = await sha256(utf8(`${name}\n`), blob);
  if (hex(digest.slice(0, 4)) !== id) throw new BadLog("the key's id does not fit the key: was it pasted whole?");
  return { written: written.trim(), name, id, bytes: blob.slice(1) };
}

interface Checkpoint {
  origin: string;
  size: number;
  root: string;
  cosigned: Verified["cosigned"];
}

/** The checkpoint in a signed note, once the key's own signature holds, and one of each witness. */
export async function openCheckpoint(note: Uint8Array, key: Key, witnesses: Key[] = []): Promise<Checkpoint> {
  let whole: string;
  try {
    whole = text(note);
  } catch {
    throw new BadLog("the checkpoint is not UTF-8");
  }
  const split = whole.lastIndexOf("\n\n");
  if (split < 0 || !whole.endsWith("\n")) throw new BadLog("the checkpoint is no signed note");
  const body = whole.slice(0, split + 1);
  let signed = false;
  const cosigned: Verified["cosigned"] = [];
  for (const line of whole.slice(split + 2, -1).split("\n")) {
    const [mark, name, blob] = line.split(" ");
    if (mark !== dash || !name || !blob) throw new BadLog("the checkpoint has a line that is no signature");
    const bytes = fromBase64(blob, "a signature of the checkpoint");
    const isBy = (one: Key): boolean => name === one.name && hex(bytes.slice(0, 4)) === one.id;
    const witness = witnesses.find(isBy);
    if (witness) {
      if (bytes.length !== cosignatureBytes) throw new BadLog(`the signature of the witness ${name} has ${bytes.length} bytes instead of ${cosignatureBytes}`);
      const at = new DataView(bytes.buffer).getBigUint64(4);
      if (!(await verifies(witness, bytes.slice(12), `cosignature/v1\ntime ${at}\n${body}`))) throw new BadLog(`the signature of the witness ${name} is wrong`);
      cosigned.push({ name, at: Number(at) });
    } else if (isBy(key)) {
      if (!(await verifies(key, bytes.slice(4), body))) throw new BadLog("the checkpoint's signature is wrong");
      signed = true;
    } // else of an unknown key
  }
  const missing = witnesses.find((one) => !cosigned.some(({ name }) => name === one.name));
  if (missing) throw new BadLog(`the checkpoint is not cosigned by the witness ${missing.name}`);
  if (!signed) throw new BadLog("the checkpoint is not signed with this key");
  const [origin, size, root, end] = body.split("\n");
  if (origin !== key.name) throw new BadLog(`the checkpoint is of another log: ${origin ?? ""}`);
  if (!size || !/^(0|[1-9]\d{0,15})$/.test(size) || !root || end !== "") throw new BadLog("the checkpoint's text is malformed");
  if (fromBase64(root, "the checkpoint's root").length !== 32) throw new BadLog("the checkpoint's root is no SHA-256");
  return { origin, size: Number(size), root, cosigned };
}

async function verifies(key: Key, signature: Uint8Array<ArrayBuffer>, message: string): Promise<boolean> {
  const public_key = await crypto.subtle.importKey("raw", key.bytes, { name: "Ed25519" }, false, ["verify"]).catch((error: unknown) => {
    throw (error as Error).name === "NotSupportedError" ? new OldBrowser("this browser knows no Ed25519") : error;
  });
  return crypto.subtle.verify({ name: "Ed25519" }, public_key, signature, utf8(message));
}

/** 1234067 → x001/x234/067 */
export function tilePath(index: number): string {
  const groups: string[] = [];
  for (let rest = index; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000)) groups.unshift(String(rest % 1000).padStart(3, "0"));
  return groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join("/");
}

/** The entries of a bundle; each is its length in two bytes, big-endian, and then itself. */
export function readBundle(bundle: Uint8Array, count: number, name: string): Uint8Array<ArrayBuffer>[] {
  const entries: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  while (at < bundle.length) {
    const length = ((bundle[at] ?? 0) << 8) | (bundle[at + 1] ?? 0);
    if (at + 2 + length > bundle.length) throw new BadLog(`${name} is cut off`);
    entries.push(bundle.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  if (entries.length !== count) throw new BadLog(`${name} holds ${entries.length} entries, not ${count}`);
  return entries;
}

/** The root over leaves as they come: whole subtrees, largest first, folded from the right at the end. */
export class Tree {
  private readonly subtrees: { height: number; hash: Uint8Array }[] = [];

  async add(entry: Uint8Array): Promise<void> {
    let node = { height: 0, hash: (await sha256(Uint8Array.of(0), entry)) as Uint8Array };
    for (let left = this.subtrees.at(-1); left && left.height === node.height; left = this.subtrees.at(-1)) {
      this.subtrees.pop();
      node = { height: node.height + 1, hash: await sha256(Uint8Array.of(1), left.hash, node.hash) };
    }
    this.subtrees.push(node);
  }

  async root(): Promise<Uint8Array> {
    const [last, ...others] = [...this.subtrees].reverse();
    if (!last) return sha256();
    let hash = last.hash;
    for (const left of others) hash = await sha256(Uint8Array.of(1), left.hash, hash);
    return hash;
  }
}

/** Runs a check: whatever else goes wrong in it than fetching is something wrong with what is checked, at `where()`. */
export async function orBad<T>(where: () => string, run: () => Promise<T>, away: () => unknown = () => null): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof BadLog || (error !== null && error === away())) throw error;
    throw new BadLog(`${where()} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const bundleName = (first: number, count: number, level: string): string => `tile/${level}/${tilePath(first / perBundle)}${count < perBundle ? `.p/${count}` : ""}`;

async function bundleAt(fetcher: Fetcher, first: number, size: number): Promise<{ name: string; entries: Uint8Array<ArrayBuffer>[] }> {
  const count = Math.min(perBundle, size - first);
  const name = bundleName(first, count, "entries");
  const bundle = await fetcher(name);
  if (!bundle) throw new BadLog(`${name} is missing`);
  return { name, entries: readBundle(bundle, count, name) };
}

/** An entry as text; null when it is no JSON object: it is in the tree all the same, but what it says is unknown. */
function readable(entry: Uint8Array): string | null {
  try {
    const written = text(entry);
    const value: unknown = JSON.parse(written);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? written : null;
  } catch {
    return null;
  }
}

/** When the root is another one: the first entry that is not the one its tile has, as far as the tiles tell. */
async function strangeEntry(fetcher: Fetcher, size: number): Promise<string | null> {
  for (let first = 0; first < size; first += perBundle) {
    const { name, entries } = await bundleAt(fetcher, first, size);
    const tile = await fetcher(bundleName(first, entries.length, "0"));
    if (tile?.length !== entries.length * 32) return null;
    for (const [i, entry] of entries.entries())
      if (hex(await sha256(Uint8Array.of(0), entry)) !== hex(tile.slice(i * 32, i * 32 + 32))) return `entry ${first + i} (${name})`;
  }
  return null;
}

function comesAfter(now: Remembered, before: Remembered): void {
  if (now.size < before.size) throw new BadLog(`the log has ${now.size} entries, it had ${before.size} at the last check: it was cut, or an old state is shown (a rollback)`);
  if (now.size === before.size && now.root !== before.root) throw new BadLog(`another root than at the last check for the same ${now.size} entries: the log shows a fork`);
}

/**
 * Checks the whole log under `fetcher`; `seen` is told of each entry as it comes. Throws BadLog with the first bad thing,
 * and otherwise only what `fetcher` throws. `before` is the checkpoint that an earlier check ended at.
 */
export async function verifyLog(fetcher: Fetcher, key: Key, seen: (index: number, entry: string) => void, witnesses: Key[] = [], before: Remembered | null = null): Promise<Verified> {
  let asked = "checkpoint";
  let away: unknown = null;
  const fetched: Fetcher = async (path) => {
    asked = path;
    try {
      return await fetcher(path);
    } catch (error) {
      away = error;
      throw error;
    }
  };
  return orBad(
    () => asked,
    () => check(fetched, key, seen, witnesses, before),
    () => away,
  );
}

async function check(fetcher: Fetcher, key: Key, seen: (index: number, entry: string) => void, witnesses: Key[], before: Remembered | null): Promise<Verified> {
  const note = await fetcher("checkpoint");
  if (!note) throw new BadLog("the log has no checkpoint");
  const { origin, size, root, cosigned } = await openCheckpoint(note, key, witnesses);
  if (before) comesAfter({ size, root }, before);
  const tree = new Tree();
  let rewritten = false;
  let unreadable: string | null = null;
  for (let first = 0; first < size; first += perBundle) {
    const { name, entries } = await bundleAt(fetcher, first, size);
    for (const [i, entry] of entries.entries()) {
      await tree.add(entry);
      if (before?.size === first + i + 1) rewritten = toBase64(await tree.root()) !== before.root;
      const written = readable(entry);
      if (written === null) unreadable ??= `entry ${first + i} (${name}) is no JSON object: what it says is unknown`;
      else seen(first + i, written);
    }
  }
  const computed = toBase64(await tree.root());
  if (computed !== root) {
    const which = await strangeEntry(fetcher, size);
    throw new BadLog(which ? `${which} is not the one that the log's tree has there: it was changed, added, or one before it removed` : `the entries do not give the signed root: an entry was changed, added or removed (${computed} instead of ${root})`);
  }
  if (before && rewritten) throw new BadLog(`the first ${before.size} entries are not those of the last check: the log was rewritten, or shows a fork`);
  if (unreadable !== null) throw new BadLog(`${unreadable}; the tree is right, all ${size} entries are those that were signed`);
  return { origin, size, root, entries: size, known: before?.size ?? 0, cosigned };
}
