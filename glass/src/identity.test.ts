import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Schemas } from "./api.js";
import { IdentityCheck } from "./identity.js";
import { textsFor } from "./texts.js";

type Identity = Schemas["Identity"];

const texts = textsFor("ja");
const callers: Schemas["Caller"][] = [
  { caller: "self", ja: "ご本人", en: "The person", own_voice: true, ground: "", asks: [], bases: [] },
  { caller: "agent", ja: "代理人", en: "An agent", own_voice: false, ground: "法第37条", asks: [{ ja: "お名前を伺う", en: "Ask the name" }], bases: [{ id: "statutory", ja: "法定代理人", en: "by law" }] },
  { caller: "heir", ja: "相続人", en: "An heir", own_voice: false, ground: "", asks: [], bases: [{ id: "family_register", ja: "戸籍", en: "register" }] },
];
const ticket = {
  ticket: "t1", stage: "in_call", ends_at: null, desk: "leak", call: "c1", owners: [], fields: [], searchable: [], purposes: [],
  checkable: [{ name: "name_kana", label_ja: "カナ", label_en: "Kana", kind: "kana", repeats: false }],
  purpose: { id: "answer", name: "", fields: ["name", "letter"], checks: 1, callers: { agent: { fields: ["letter"], checks: 2 } } },
} as unknown as Schemas["Ticket"];

class Vault {
  asked: { path: string; body: unknown }[] = [];
  identity: Identity = { caller: "self", basis: "", fields: ["name", "letter"], matched: [], checks_left: 1, guesses_left: 3, vouched: false, vouch_wanted: false, may_open: false };
  answer(path: string, body: Record<string, unknown>): unknown {
    this.asked.push({ path, body });
    if (path === "/callers") return { callers };
    if (path === "/caller") Object.assign(this.identity, { caller: body["caller"], basis: body["basis"], fields: ["letter"], checks_left: 2 });
    if (path === "/vouch/wanted") this.identity.vouch_wanted = true;
    return { ...this.identity };
  }
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

describe("an identity check", () => {
  let vault: Vault;
  let check: IdentityCheck;
  let standings: Identity[];
  const part = <T extends HTMLElement>(selector: string): T => check.element.querySelector<T>(selector)!;
  const choose = (caller: string): void => {
    part<HTMLSelectElement>("select[name=caller]").value = caller;
    part("select[name=caller]").dispatchEvent(new Event("change"));
  };

  beforeEach(async () => {
    vi.useFakeTimers();
    vault = new Vault();
    standings = [];
    vi.stubGlobal("fetch", async (url: string, init: { body?: string }) => {
      const told = vault.answer(url.replace("/api", "").replace(/\?.*/, ""), JSON.parse(init.body ?? "{}") as Record<string, unknown>);
      return { ok: true, status: 200, json: async () => told };
    });
    check = new IdentityCheck({ texts, language: "ja", ticket, about: { owner: "sakura", subject: "s1" }, standing: (now) => void standings.push(now), refused: (error) => { throw error; } });
    document.body.replaceChildren(check.element);
    await settle();
  });
  afterEach(() => {
    check.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("begins with the person, and narrows to what the mandate gives whoever speaks", async () => {
    expect(standings.at(-1)?.fields).toEqual(["name", "letter"]);
    choose("agent");
    expect(part(".asks").textContent).toContain("お名前を伺う");
    part("form.caller").dispatchEvent(new Event("submit"));
    await settle();
    expect(vault.asked.some((one) => one.path === "/caller")).toBe(false); // on no basis nothing is said
    part<HTMLSelectElement>("select[name=caller-basis]").value = "statutory";
    part("form.caller").dispatchEvent(new Event("submit"));
    await settle();
    expect(vault.asked.at(-1)?.body).toEqual({ owner: "sakura", subject: "s1", caller: "agent", basis: "statutory" });
    expect(standings.at(-1)?.fields).toEqual(["letter"]);
    expect(check.element.textContent).toContain("代理人としてお話ししています（法定代理人）。");
  });

  it("gives general guidance to whom the mandate gives nothing", () => {
    choose("heir");
    expect(part(".asks").textContent).toContain(texts.callerNothing);
    expect(part<HTMLButtonElement>(".caller button").disabled).toBe(true);
    expect(part<HTMLSelectElement>("select[name=caller-basis]").hidden).toBe(true);
  });

  it("waits for the supervisor's word, and says either outcome", async () => {
    part(".vouch-ask").click();
    await settle();
    expect(part(".outcome").textContent).toBe(texts.vouchAsked);
    await vi.advanceTimersByTimeAsync(2000);
    Object.assign(vault.identity, { vouch_wanted: false, vouched: true, checks_left: 0, may_open: true });
    await vi.advanceTimersByTimeAsync(2000);
    expect(part(".outcome").textContent).toContain(texts.vouched);
    expect(standings.at(-1)?.may_open).toBe(true);
    expect(part(".vouch-ask").hidden).toBe(true);
  });

  it("says when the supervisor does not confirm, and asks the vault no more", async () => {
    part(".vouch-ask").click();
    await settle();
    Object.assign(vault.identity, { vouch_wanted: false });
    await vi.advanceTimersByTimeAsync(2000);
    expect(part(".outcome").textContent).toContain(texts.notVouched);
    const asked = vault.asked.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(vault.asked.length).toBe(asked);
  });
});
