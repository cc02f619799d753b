// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Candidate } from "./api.js";
import { correctingForm, refusalsOf } from "./correcting.js";
import { textsFor } from "./texts.js";

const names = { label_ja: "電話番号", label_en: "Telephone" };
const person: Candidate = {
  owner: { id: "sakura", name: "さくら信販" }, subject: "s", matched: [], vouched: false, opened: false, opened_for: [], may_open: false,
  masked: [
    { field: "name_kanji", number: 1, label_ja: "氏名", label_en: "Name", shown: "架•" },
    { field: "telephone", number: 2, ...names, shown: "090-••••-1001", line_kind: "mobile", refusals: [], more_refusals: false },
  ],
};
const fields = [
  { name: "name_kanji", label_ja: "氏名", label_en: "Name", kind: "name", repeats: false },
  { name: "mail", label_ja: "メール", label_en: "Mail", kind: "mail", repeats: true },
  { name: "telephone", ...names, kind: "telephone", repeats: true },
];

describe("correcting a record", () => {
  afterEach(() => vi.unstubAllGlobals());
  const form = (): HTMLElement => correctingForm({ texts: textsFor("ja"), language: "ja", fields }, person);
  const input = (of: HTMLElement, name: string): HTMLInputElement => of.querySelector(`[name=${name}]`)!;

  it("offers what is stored by its masked form, and to add what is not or may be there more than once", () => {
    expect([...form().querySelectorAll("select[name=correct-field] option")].map((one) => one.textContent)).toEqual(["氏名 架•", "電話番号 090-••••-1001", "メール（追加）", "電話番号（追加）"]);
  });

  it("takes back all refusals, and adds a telephone under the next number", async () => {
    const sent: { number?: number }[] = [];
    vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
      sent.push(JSON.parse(String(init.body)));
      return Response.json({ outcome: "corrected" });
    });
    const made = form();
    input(made, "correct-reason").value = "asked_by_person";
    const field = input(made, "correct-field");
    const send = async (choice: string, change: () => void): Promise<void> => {
      field.value = choice;
      field.dispatchEvent(new Event("change"));
      change();
      const before = sent.length;
      made.querySelector("form")!.dispatchEvent(new Event("submit"));
      await vi.waitFor(() => expect(sent.length).toBe(before + 1));
      await vi.waitFor(() => expect(input(made, "correct-text").value).toBe(""));
    };
    await send("1", () => (input(made, "correct-refuses-nothing").checked = true));
    await send("3", () => (input(made, "correct-text").value = "03-0000-3001"));
    expect(sent).toEqual([
      { subject: "s", reason: "asked_by_person", field: "telephone", number: 2, refusals: [] },
      { subject: "s", reason: "asked_by_person", field: "telephone", number: 3, text: "03-0000-3001" },
    ]);
  });

  it("sends only what changes, and says what the vault made of it", async () => {
    const sent: unknown[] = [];
    vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
      sent.push(JSON.parse(String(init.body)));
      return sent.length === 1 ? Response.json({ outcome: "corrected" }) : Response.json({ code: "invalid" }, { status: 400 });
    });
    const made = form();
    const field = input(made, "correct-field");
    field.value = "1";
    field.dispatchEvent(new Event("change"));
    input(made, "correct-reason").value = "asked_by_person";
    input(made, "correct-refusals").value = "営業、アンケート";
    const submit = (): boolean => made.querySelector("form")!.dispatchEvent(new Event("submit"));
    submit();
    await vi.waitFor(() => expect(made.querySelector(".correct-said")?.textContent).toContain("訂正しました"));
    expect(sent).toEqual([{ subject: "s", reason: "asked_by_person", field: "telephone", number: 2, refusals: ["営業", "アンケート"] }]);
    submit();
    expect(made.querySelector(".correct-said")?.textContent).toBe("正しい内容を入力してください。");
    input(made, "correct-text").value = "番号ではない";
    submit();
    await vi.waitFor(() => expect(made.querySelector(".correct-said")?.textContent).toContain("使えない内容"));
    expect(sent.length).toBe(2);
  });

  it("says in the owner's language what is wrong with a value, in the vault's word", async () => {
    const said = async (language: "ja" | "en", code: string): Promise<string> => {
      vi.stubGlobal("fetch", async () => Response.json({ code, message: "in English" }, { status: 400 }));
      const made = correctingForm({ texts: textsFor(language), language, fields }, person);
      input(made, "correct-reason").value = "found_wrong";
      input(made, "correct-text").value = "x";
      made.querySelector("form")!.dispatchEvent(new Event("submit"));
      const words = (): string => made.querySelector(".correct-said")?.textContent ?? "";
      await vi.waitFor(() => expect(words()).not.toBe(""));
      return words();
    };
    expect(await said("ja", "not_kana")).toContain("カナで入力");
    expect(await said("en", "not_kana")).toContain("in kana");
    expect(await said("ja", "in_future")).toBe("今日より後の日付は使えません。");
    expect(await said("en", "no_telephone")).toContain("no telephone number");
    expect(await said("ja", "no_mail")).toContain("メールアドレス");
    expect(await said("en", "nothing")).toBe(textsFor("en").correctInvalid);
  });

  it("leaves a value verified that is typed once more, and says so of a new one only when it is ticked", async () => {
    const sent: unknown[] = [];
    vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
      sent.push(JSON.parse(String(init.body)));
      return Response.json({ outcome: "corrected" });
    });
    const made = form();
    const field = input(made, "correct-field");
    field.value = "1";
    field.dispatchEvent(new Event("change"));
    input(made, "correct-reason").value = "found_wrong";
    for (const ticked of [false, true]) {
      input(made, "correct-verified").checked = ticked;
      input(made, "correct-text").value = "+81 90 0000 1001";
      made.querySelector("form")!.dispatchEvent(new Event("submit"));
      await vi.waitFor(() => expect(input(made, "correct-text").value).toBe(""));
    }
    const asked = { subject: "s", reason: "found_wrong", field: "telephone", number: 2, text: "+81 90 0000 1001" };
    expect(sent).toEqual([asked, { ...asked, verified: true }]);
  });

  it("reads refusals however they are separated", () => {
    expect(refusalsOf("営業、 アンケート ；DM,")).toEqual(["営業", "アンケート", "DM"]);
  });
});
