// @vitest-environment node
import { beforeAll, describe, expect, it, vi } from "vitest";
import { BadLog, type Fetcher, type Key, OldBrowser, Tree, readBundle, readKey, readWitnessKey, sha256, tilePath, verifyLog } from "./verify.js";

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const join = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat(parts));
const origin = "vault.example/log/sakura";

interface Log {
  files: Map<string, Uint8Array>;
  key: string;
  fetcher: Fetcher;
}

/** The recursive definition of RFC 9162, section 2.1.1: another way than the one under test. */
async function rootOf(leaves: Uint8Array[]): Promise<Uint8Array> {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return sha256(Uint8Array.of(0), leaves[0] ?? new Uint8Array());
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Uint8Array.of(1), await rootOf(leaves.slice(0, split)), await rootOf(leaves.slice(split)));
}

const newKey = async (): Promise<CryptoKeyPair> => (await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"])) as CryptoKeyPair;

async function logOf(entries: (string | Uint8Array)[], signer?: CryptoKeyPair): Promise<Log> {
  const pair = signer ?? (await newKey());
  const blob = join(Uint8Array.of(1), new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  const id = (await sha256(encode(`${origin}\n`), blob)).slice(0, 4);
  const leaves = entries.map((one) => (typeof one === "string" ? encode(one) : one));
  const body = `${origin}\n${leaves.length}\n${base64(await rootOf(leaves))}\n`;
  const signature = new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, pair.privateKey, encode(body)));
  const files = new Map<string, Uint8Array>();
  files.set("checkpoint", encode(`${body}\n\u2014 ${origin} ${base64(join(id, signature))}\n`));
  for (let first = 0; first < leaves.length; first += 256) {
    const some = leaves.slice(first, first + 256);
    const name = `tile/entries/${tilePath(first / 256)}${some.length < 256 ? `.p/${some.length}` : ""}`;
    files.set(name, join(...some.map((leaf) => join(Uint8Array.of(leaf.length >> 8, leaf.length & 255), leaf))));
    files.set(name.replace("entries", "0"), join(...(await Promise.all(some.map((leaf) => sha256(Uint8Array.of(0), leaf))))));
  }
  return { files, key: `${origin}+${Buffer.from(id).toString("hex")}+${base64(blob)}`, fetcher: async (path) => files.get(path) ?? null };
}

const entry = (i: number): string => `{"index":${i}}`;

describe("the tree", () => {
  it("has the root of RFC 9162's definition at every size", async () => {
    for (const size of [0, 1, 2, 3, 4, 5, 7, 8, 13, 64, 100]) {
      const leaves = Array.from({ length: size }, (_, i) => encode(entry(i)));
      const tree = new Tree();
      for (const leaf of leaves) await tree.add(leaf);
      expect(base64(await tree.root()), `size ${size}`).toBe(base64(await rootOf(leaves)));
    }
  });

  it("is SHA-256 of nothing when empty", async () => {
    expect(Buffer.from(await new Tree().root()).toString("hex")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });
});

/** The same log with a witness's cosignature under its checkpoint; `told` is the time that it signed, `said` the one it says. */
async function witnessed(log: Log, told: bigint, said = told): Promise<{ fetcher: Fetcher; key: string }> {
  const name = "witness.example";
  const pair = (await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"])) as CryptoKeyPair;
  const blob = join(Uint8Array.of(4), new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  const id = (await sha256(encode(`${name}\n`), blob)).slice(0, 4);
  const note = Buffer.from(log.files.get("checkpoint") ?? []).toString();
  const body = note.slice(0, note.lastIndexOf("\n\n") + 1);
  const signature = new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, pair.privateKey, encode(`cosignature/v1\ntime ${told}\n${body}`)));
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, said);
  const checkpoint = encode(`${note}\u2014 ${name} ${base64(join(id, time, signature))}\n`);
  const fetcher: Fetcher = async (path) => (path === "checkpoint" ? checkpoint : (log.files.get(path) ?? null));
  return { fetcher, key: `${name}+${Buffer.from(id).toString("hex")}+${base64(blob)}` };
}

describe("a log", () => {
  let log: Log;
  let key: Key;
  beforeAll(async () => {
    log = await logOf(Array.from({ length: 600 }, (_, i) => entry(i)));
    key = await readKey(log.key);
  });
  const changed = (path: string, change: (bytes: Uint8Array) => Uint8Array | null): Fetcher => async (asked) => {
    const bytes = log.files.get(asked) ?? null;
    return asked === path && bytes ? change(bytes) : bytes;
  };
  const nothing = (): void => undefined;

  it("is accepted whole, and each entry is told in order", async () => {
    const seen: string[] = [];
    const verified = await verifyLog(log.fetcher, key, (index, text) => seen.push(`${index} ${text}`));
    expect(verified.size).toBe(600);
    expect(seen.length).toBe(600);
    expect(seen[599]).toBe(`599 ${entry(599)}`);
  });

  it("is accepted with a witness's cosignature, which must be there and right", async () => {
    const { fetcher, key: written } = await witnessed(log, 1_795_316_400n);
    const witness = await readWitnessKey(written);
    expect((await verifyLog(fetcher, key, nothing, [witness])).cosigned).toEqual([{ name: "witness.example", at: 1_795_316_400 }]);
    expect((await verifyLog(fetcher, key, nothing)).cosigned).toEqual([]);
    await expect(verifyLog(log.fetcher, key, nothing, [witness])).rejects.toThrow(/not cosigned by the witness witness.example/);
    const late = await witnessed(log, 1_795_316_400n, 1_795_316_401n);
    await expect(verifyLog(late.fetcher, key, nothing, [await readWitnessKey(late.key)])).rejects.toThrow(/signature of the witness/);
    await expect(readWitnessKey(log.key)).rejects.toThrow(/no Ed25519 key of a witness/);
  });

  it("is refused when a byte of an entry is changed", async () => {
    const flip = changed("tile/entries/001", (bytes) => bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte)));
    await expect(verifyLog(flip, key, nothing)).rejects.toThrow(/^entry 256 .*changed, added/);
  });

  it("names the entry that was changed, also where it is no UTF-8 any more", async () => {
    const bad = changed("tile/entries/001", (bytes) => bytes.map((byte, i) => (i === 15 * 4 + 2 ? 0xff : byte)));
    const thrown = await verifyLog(bad, key, nothing).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(BadLog);
    expect((thrown as Error).message).toMatch(/^entry 260 \(tile\/entries\/001\)/);
  });

  it("is refused for what was signed and cannot be read, and its tree said to be right", async () => {
    for (const odd of [Uint8Array.of(0x7b, 0xff), "no JSON", "[]"]) {
      const other = await logOf([entry(0), odd, entry(2)]);
      const thrown = await verifyLog(other.fetcher, await readKey(other.key), nothing).catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(BadLog);
      expect((thrown as Error).message).toMatch(/^entry 1 .*the tree is right/);
    }
  });

  it("is refused with a cosignature that is too short, and one that is too long", async () => {
    const { fetcher, key: written } = await witnessed(log, 1_795_316_400n);
    const witness = await readWitnessKey(written);
    for (const length of [5, 12, 75, 77]) {
      const other: Fetcher = async (path) => {
        const bytes = await fetcher(path);
        if (path !== "checkpoint" || !bytes) return bytes;
        const lines = Buffer.from(bytes).toString().trimEnd().split("\n");
        const last = lines.pop() ?? "";
        const blob = Buffer.concat([Buffer.from(last.split(" ")[2] ?? "", "base64"), Buffer.alloc(9)]).subarray(0, length);
        return encode([...lines, `\u2014 witness.example ${base64(blob)}`, ""].join("\n"));
      };
      const thrown = await verifyLog(other, key, nothing, [witness]).catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(BadLog);
      expect((thrown as Error).message).toContain("witness.example");
    }
  });

  it("is never called bad when it could not be fetched", async () => {
    const gone = new TypeError("Failed to fetch");
    const away: Fetcher = async (path) => {
      if (path.startsWith("tile/")) throw gone;
      return log.fetcher(path);
    };
    await expect(verifyLog(away, key, nothing)).rejects.toBe(gone);
  });

  it("is held against the last check: grown is well, cut, rewritten or forked is not", async () => {
    const signer = await newKey();
    const entries = Array.from({ length: 300 }, (_, i) => entry(i));
    const small = await logOf(entries.slice(0, 260), signer);
    const same = await readKey(small.key);
    const before = await verifyLog(small.fetcher, same, nothing);
    const grown = await verifyLog((await logOf(entries, signer)).fetcher, same, nothing, [], before);
    expect([grown.size, grown.known]).toEqual([300, 260]);
    expect((await verifyLog(small.fetcher, same, nothing, [], before)).known).toBe(260);
    await expect(verifyLog(small.fetcher, same, nothing, [], grown)).rejects.toThrow(/had 300 at the last check.*rollback/);
    const forked = async (count: number): Promise<Fetcher> => (await logOf(entries.map((one, i) => (i === 7 ? "{}" : one)).slice(0, count), signer)).fetcher;
    await expect(verifyLog(await forked(260), same, nothing, [], before)).rejects.toThrow(/fork/);
    await expect(verifyLog(await forked(300), same, nothing, [], before)).rejects.toThrow(/first 260 entries.*rewritten/);
  });

  it("is refused when an entry or a bundle is missing", async () => {
    await expect(verifyLog(changed("tile/entries/002.p/88", (bytes) => bytes.slice(0, -14)), key, nothing)).rejects.toThrow(/holds 87 entries|cut off/);
    await expect(verifyLog(changed("tile/entries/000", () => null), key, nothing)).rejects.toThrow("tile/entries/000 is missing");
  });

  it("is refused when the checkpoint's size, root or signature is changed", async () => {
    const edit = (from: string, to: string): Fetcher => changed("checkpoint", (bytes) => encode(new TextDecoder().decode(bytes).replace(from, to)));
    await expect(verifyLog(edit("\n600\n", "\n599\n"), key, nothing)).rejects.toThrow("signature is wrong");
    await expect(verifyLog(edit(origin, "vault.example/log/other"), key, nothing)).rejects.toThrow(BadLog);
    await expect(verifyLog(changed("checkpoint", (bytes) => bytes.slice(0, 20)), key, nothing)).rejects.toThrow(BadLog);
  });

  it("is refused under another key", async () => {
    const other = await readKey((await logOf(["{}"])).key);
    await expect(verifyLog(log.fetcher, other, nothing)).rejects.toThrow("not signed with this key");
  });

  it("is not called bad by a browser that knows no Ed25519", async () => {
    const old = vi.spyOn(crypto.subtle, "importKey").mockRejectedValue(new DOMException("", "NotSupportedError"));
    await expect(verifyLog(log.fetcher, key, () => undefined)).rejects.toThrow(OldBrowser);
    old.mockRestore();
  });
});

describe("a key", () => {
  it("is refused when it was not pasted whole", async () => {
    const { key } = await logOf([]);
    await expect(readKey(key.slice(0, -5))).rejects.toThrow(BadLog);
    await expect(readKey("")).rejects.toThrow(BadLog);
    await expect(readKey("a+b")).rejects.toThrow(BadLog);
  });
});

describe("paths and bundles", () => {
  it("are as the tile format says", () => {
    expect(tilePath(0)).toBe("000");
    expect(tilePath(999)).toBe("999");
    expect(tilePath(1000)).toBe("x001/000");
    expect(tilePath(1234067)).toBe("x001/x234/067");
  });

  it("are refused when cut off", () => {
    expect(() => readBundle(Uint8Array.of(0, 5, 1, 2), 1, "b")).toThrow("b is cut off");
    expect(() => readBundle(new Uint8Array(), 1, "b")).toThrow("holds 0 entries, not 1");
  });
});
