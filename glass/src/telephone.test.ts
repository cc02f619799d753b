// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import type { Candidate, Schemas } from "./api.js";
import { carried, maskedLine } from "./telephone.js";
import { textsFor } from "./texts.js";

const sales = { ja: "営業・勧誘のお電話", en: "sales calls" };
const names = { label_ja: "電話番号", label_en: "Telephone" };
const text = (elements: HTMLElement[]): string[] => elements.flatMap((one) => (one.children.length > 0 ? [...one.children] : [one]).map((line) => line.textContent ?? ""));

const telephone: Schemas["Value"] = {
  field: "telephone", number: 1, ...names, text: "090-0000-1001", verified: true, holder: "user", line_kind: "mobile", refusals: [sales],
  given: { source: "お申込書", given_for: "ご契約の管理", obtained_on: "2024-05-31", obtained_by: "佐藤" },
};

describe("a telephone", () => {
  const person = (refusals: Schemas["RefusedUse"][], more: boolean): Candidate => ({
    owner: { id: "sakura", name: "さくら信販" }, subject: "s", matched: [], vouched: false, opened: false, opened_for: [], may_open: false,
    masked: [
      { field: "name_kanji", number: 1, label_ja: "氏名", label_en: "Name", shown: "架•" },
      { field: "telephone", number: 1, ...names, shown: "090-••••-1001", line_kind: "mobile", refusals, more_refusals: more },
    ],
  });

  it("tells its line and what was refused before it is opened, and nothing of whose it is", () => {
    expect(maskedLine(textsFor("ja"), "ja", person([sales], true)).textContent).toBe("氏名 架• 電話番号 090-••••-1001（携帯電話）お断り: 営業・勧誘のお電話、ほかにも（閲覧で表示） さくら信販");
    expect(maskedLine(textsFor("en"), "en", person([], false)).textContent).toBe("Name 架• Telephone 090-••••-1001 (mobile) さくら信販");
  });

  it("tells all that it carries when it is opened", () => {
    expect(text(carried(textsFor("ja"), "ja", telephone))).toEqual(["お断り: 営業・勧誘のお電話", "携帯電話 ・ 利用者 ・ 確認済み", "利用目的: ご契約の管理", "取得: 2024-05-31 お申込書（佐藤）"]);
    expect(text(carried(textsFor("en"), "en", { ...telephone, verified: false, refusals: [], given: { ...telephone.given!, obtained_by: "" } }))).toEqual([
      "mobile ・ user ・ self-declared", "Given for: ご契約の管理", "Taken down 2024-05-31, from お申込書",
    ]);
  });
});

describe("another value", () => {
  it("says only where it is the person's own word, or came from elsewhere", () => {
    const name = { field: "name_kanji", number: 1, label_ja: "氏名", label_en: "Name", text: "架空 花子", verified: true };
    expect(text(carried(textsFor("ja"), "ja", name))).toEqual([]);
    expect(text(carried(textsFor("ja"), "ja", { ...name, verified: false }))).toEqual(["自己申告"]);
    expect(text(carried(textsFor("ja"), "ja", { ...name, given: telephone.given! }))).toEqual(["利用目的: ご契約の管理", "取得: 2024-05-31 お申込書（佐藤）"]);
  });
});
