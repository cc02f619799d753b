// @vitest-environment node
import { beforeAll, describe, expect, it } from "vitest";
import { rootFrom, verifyCertificate, verifyPerson, verifyProof } from "./proof.js";
import { BadLog, type Key, readKey, sha256 } from "./verify.js";

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const join = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat(parts));
const origin = "vault.example/log/sakura";

const splitOf = (size: number): number => {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
};

/** The recursive definitions of RFC 9162, sections 2.1.1 and 2.1.3.1: another way than the one under test. */
async function rootOf(leaves: Uint8Array[]): Promise<Uint8Array> {
  if (leaves.length === 1) return sha256(Uint8Array.of(0), leaves[0] ?? new Uint8Array());
  const split = splitOf(leaves.length);
  return sha256(Uint8Array.of(1), await rootOf(leaves.slice(0, split)), await rootOf(leaves.slice(split)));
}
async function pathOf(index: number, leaves: Uint8Array[]): Promise<Uint8Array[]> {
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  return index < split
    ? [...(await pathOf(index, leaves.slice(0, split))), await rootOf(leaves.slice(split))]
    : [...(await pathOf(index - split, leaves.slice(split))), await rootOf(leaves.slice(0, split))];
}

async function hmac(key: Uint8Array<ArrayBuffer>, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}

const saltKey = new Uint8Array(32).fill(7);
async function entryAbout(subject: string, number: number): Promise<string> {
  const nonce = new Uint8Array(16).fill(number);
  const commitment = await hmac(await hmac(saltKey, nonce), encode(`madoguchi.subject.1\0${subject}`));
  return JSON.stringify({ kind: "opening", subject: { commitment: base64(commitment), nonce: base64(nonce) }, time: "t", v: 1 });
}

let key: Key;
let proofs: string[];

beforeAll(async () => {
  const pair = (await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"])) as CryptoKeyPair;
  const blob = join(Uint8Array.of(1), new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  const id = (await sha256(encode(`${origin}\n`), blob)).slice(0, 4);
  key = await readKey(`${origin}+${Buffer.from(id).toString("hex")}+${base64(blob)}`);
  const entries = await Promise.all([0, 1, 2, 3, 4].map((i) => entryAbout(i === 3 ? "he" : "she", i)));
  const leaves = entries.map(encode);
  const body = `${origin}\n${leaves.length}\n${base64(await rootOf(leaves))}\n`;
  const signature = new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, pair.privateKey, encode(body)));
  const checkpoint = `${body}\n\u2014 ${origin} ${base64(join(id, signature))}\n`;
  proofs = await Promise.all(
    leaves.map(async (leaf, i) => `c2sp.org/tlog-proof@v1\nextra ${base64(leaf)}\nindex ${i}\n${(await pathOf(i, leaves)).map((hash) => `${base64(hash)}\n`).join("")}\n${checkpoint}`),
  );
});

describe("a proof", () => {
  it("leads to the root at every place of every size", async () => {
    for (let size = 1; size <= 20; ++size) {
      const leaves = Array.from({ length: size }, (_, i) => encode(`leaf ${i}`));
      const root = base64(await rootOf(leaves));
      for (let i = 0; i < size; ++i) {
        const leaf = await sha256(Uint8Array.of(0), leaves[i] ?? encode(""));
        const path = await pathOf(i, leaves);
        expect(base64((await rootFrom(i, size, leaf, path)) ?? encode("")), `${i} of ${size}`).toBe(root);
        expect(await rootFrom(i, size, leaf, [...path, leaf])).toBeNull();
        if (path.length > 0) expect(await rootFrom(i, size, leaf, path.slice(1))).not.toEqual(await rootOf(leaves));
      }
    }
  });

  it("gives its entry when key, place and bytes are right, and is refused otherwise", async () => {
    const file = proofs[2] ?? "";
    expect((await verifyProof(file, key)).index).toBe(2);
    for (const changed of [file.replace("index 2", "index 1"), file.replace(/extra ./, "extra A"), file.replace("\n5\n", "\n6\n"), file.slice(0, 90), "", file.replace("tlog-proof@v1", "tlog-proof@v2")])
      await expect(verifyProof(changed, key), changed.slice(0, 60)).rejects.toThrow();
  });
});

describe("the file about a person", () => {
  const fileOf = (indexes: number[], changes: object = {}): string =>
    JSON.stringify({
      format: "madoguchi.looked.1",
      subject: "she",
      owner: "sakura",
      salt_key: base64(saltKey),
      key: key.written,
      size: 5,
      entries: indexes.map((i) => ({ proof: proofs[i], entry: JSON.parse(Buffer.from(/extra (\S+)/.exec(proofs[i] ?? "")![1]!, "base64").toString()) as unknown })),
      ...changes,
    });

  it("is proven entry by entry", async () => {
    expect((await verifyPerson(fileOf([0, 1, 2, 4]), key)).entries.map((one) => one.index)).toEqual([0, 1, 2, 4]);
  });

  it("is refused with someone else's entry, one twice, or another salt", async () => {
    await expect(verifyPerson(fileOf([0, 3]), key)).rejects.toThrow(/not about this person/);
    await expect(verifyPerson(fileOf([1, 1]), key)).rejects.toThrow(/twice/);
    await expect(verifyPerson(fileOf([0], { salt_key: base64(new Uint8Array(32)) }), key)).rejects.toThrow(/not about/);
    await expect(verifyPerson(fileOf([0], { size: 4 }), key)).rejects.toThrow(/another size/);
    await expect(verifyPerson(fileOf([0]).replace('"kind":"opening"', '"kind":"refusal"'), key)).rejects.toThrow(/something else/);
    await expect(verifyPerson("{", key)).rejects.toThrow();
  });

  it("is refused when it proves nothing, or is of another client's log", async () => {
    await expect(verifyPerson(fileOf([], { salt_key: base64(new Uint8Array(32)) }), key)).rejects.toThrow(/no entry/);
    await expect(verifyPerson(fileOf([0], { owner: "momiji" }), key)).rejects.toThrow(/of momiji/);
    await expect(verifyPerson(fileOf([0], { key: key.written.replace("+", "+0") }), key)).rejects.toThrow(/another key/);
  });

  it("is called bad, not broken, whatever stands in it", async () => {
    for (const changes of [{ entries: [null] }, { entries: [{ proof: proofs[0], entry: null }] }, { salt_key: "%" }]) await expect(verifyPerson(fileOf([0], changes), key)).rejects.toThrow(BadLog);
    await expect(verifyPerson("null", key)).rejects.toThrow(BadLog);
    await expect(verifyCertificate("null", key)).rejects.toThrow(BadLog);
    await expect(verifyCertificate("{", key)).rejects.toThrow(BadLog);
  });
});
