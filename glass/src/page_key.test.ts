import { webcrypto } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

/** The vault's door, as far as the page sees it. */
class Door {
  run = "run-1";
  aheadMs = 0; // of this machine's clock
  key: CryptoKey | null = null;
  asked: { path: string; proof: string | null; status: number }[] = [];
  private used = new Set<string>();

  async answer(path: string, init: RequestInit): Promise<Response> {
    const headers = init.headers as Record<string, string>;
    const proof = headers["Madoguchi-Proof"] ?? null;
    const body = String(init.body ?? "");
    const begins = path === "/api/session" && init.method === "POST";
    const key = begins && proof !== null ? await this.read(proof.split(" ")[3]!) : this.key;
    const code = await this.faultOf(key, proof, [init.method!, location.host, path, headers["Madoguchi-Ticket"] ?? "", headers["Madoguchi-Playback"] ?? ""], body);
    if (code === null && begins) this.key = key;
    this.asked.push({ path, proof, status: code === null ? 200 : 401 });
    const reads = path === "/api/session" && init.method === "GET";
    if (reads && code !== "other_run") return new Response(JSON.stringify({ signed_in: code === null }), { status: 200 });
    if (code === null) return new Response("{}", { status: 200 });
    return new Response(JSON.stringify({ code }), { status: 401, headers: code === "other_run" ? { "Madoguchi-Run": `${this.run} ${Date.now() + this.aheadMs}` } : {} });
  }

  private read = (text: string): Promise<CryptoKey> =>
    webcrypto.subtle.importKey("raw", Buffer.from(text, "base64"), { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]) as Promise<CryptoKey>;

  private async faultOf(key: CryptoKey | null, proof: string | null, asked: string[], body: string): Promise<string | null> {
    if (proof === null || key === null) return "no_proof";
    const [run, made, name, , signature] = proof.split(" ") as [string, string, string, string, string];
    if (run !== this.run) return "other_run";
    if (Math.abs(Number(made) - Date.now() - this.aheadMs) > 60_000) return "old_proof";
    const digest = Buffer.from(await webcrypto.subtle.digest("SHA-256", Buffer.from(body))).toString("hex");
    const message = ["madoguchi.proof.1", run, made, name, ...asked, digest].join("\n");
    const good = await webcrypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key as never, Buffer.from(signature, "base64"), Buffer.from(message));
    if (!good) return "wrong_proof";
    if (this.used.has(name)) return "used_proof";
    this.used.add(name);
    return null;
  }
}

/** As much of a browser's database as the page uses, which all pages of one site share. */
class Database {
  private readonly kept = new Map<string, unknown>();
  private readonly soon = <T>(result: T): { result: T; onsuccess?: () => void; onupgradeneeded?: () => void } => {
    const request: { result: T; onsuccess?: () => void } = { result };
    queueMicrotask(() => request.onsuccess?.());
    return request;
  };
  open = (): unknown => this.soon({ close: () => undefined, transaction: () => ({ objectStore: () => this.keys }) });
  private readonly keys = {
    get: (name: string) => this.soon(this.kept.get(name)),
    put: (value: unknown, name: string) => this.soon(void this.kept.set(name, value)),
    delete: (name: string) => this.soon(void this.kept.delete(name)),
  };
}

describe("what the page signs", () => {
  let door: Door;
  beforeEach(() => {
    vi.resetModules(); // a page that was just loaded
    door = new Door();
    vi.stubGlobal("fetch", (path: string, init: RequestInit) => door.answer(path, init));
  });
  afterEach(() => vi.unstubAllGlobals());

  it("signs the sign-in and everything after it, whatever the vault's run and clock", async () => {
    const { signIn } = await import("./session.js");
    const { ask, askSound } = await import("./api.js");
    door.aheadMs = 9 * 3_600_000;
    expect("session" in (await signIn("hana", "secret"))).toBe(true);
    expect(door.asked.map((one) => one.status)).toEqual([401, 200]);
    door.asked = [];
    await ask("POST", "/open", { body: { owner: "さくら", subject: "s" }, ticket: "T" });
    await Promise.all([ask("GET", "/candidates?q=%20%E8%8A%B1&x=1", { ticket: "T" }), ask("GET", "/stops"), askSound("P", 0, 4000)]);
    expect(door.asked.map((one) => one.status)).toEqual([200, 200, 200, 200]);
    door.run = "run-2"; // the vault was started again
    await ask("GET", "/stops");
    expect(door.asked.map((one) => one.status).slice(4)).toEqual([401, 200]);
  });

  it("signs nothing before anybody has signed in, nor after", async () => {
    const { signIn, signOut } = await import("./session.js");
    const { ask } = await import("./api.js");
    await expect(ask("GET", "/stops")).rejects.toMatchObject({ status: 401, code: "no_proof" });
    expect(door.asked.map((one) => one.proof)).toEqual([null]);
    await signIn("hana", "secret");
    await signOut();
    door.asked = [];
    await expect(ask("GET", "/stops")).rejects.toMatchObject({ code: "no_proof" });
    expect(door.asked.map((one) => one.proof)).toEqual([null]);
  });

  it("makes keys that can't be read out, another one for each session", async () => {
    const { makeKey } = await import("./page_key.js");
    const [one, other] = [await makeKey(), await makeKey()];
    expect(one.signer.extractable).toBe(false);
    expect(one.text).not.toBe(other.text);
    for (const form of ["pkcs8", "jwk"] as const) await expect(crypto.subtle.exportKey(form, one.signer)).rejects.toThrow();
  });

  it("takes over the key of another page of the site that signed in", async () => {
    vi.stubGlobal("indexedDB", new Database());
    const frame = await import("./session.js");
    expect(await frame.readSession()).toEqual({ session: { signed_in: false } });
    const framesAsk = (await import("./api.js")).ask;
    for (const run of ["run-1", "run-2"]) {
      vi.resetModules();
      const tab = await import("./session.js");
      door.run = run;
      await tab.signIn("hana", "secret");
      expect(await frame.readSession()).toEqual({ session: { signed_in: true } });
    }
    vi.resetModules();
    await (await import("./session.js")).signIn("hana", "secret");
    door.run = "run-3"; // started again as well
    await framesAsk("GET", "/stops");
    expect(door.asked.slice(-3).map((one) => one.status)).toEqual([401, 401, 200]);
  });
});
