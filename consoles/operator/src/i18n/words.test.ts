import { describe, expect, it } from "vitest";
import en from "./en.json";
import ja from "./ja.json";

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, prefix = ""): Record<string, string> {
  return Object.entries(tree).reduce<Record<string, string>>((found, [key, value]) => {
    return typeof value === "string" ? { ...found, [prefix + key]: value } : { ...found, ...flat(value, `${prefix}${key}.`) };
  }, {});
}

const holes = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? "").sort();

describe("the words", () => {
  const japanese = flat(ja as Tree);
  const english = flat(en as Tree);

  it("exist in both languages", () => {
    expect(Object.keys(english).sort()).toEqual(Object.keys(japanese).sort());
  });

  it("leave the same gaps to fill", () => {
    for (const [key, text] of Object.entries(japanese)) expect(holes(english[key] ?? ""), key).toEqual(holes(text));
  });

  it("use the field's own and none of the avoided ones", () => {
    const all = Object.values(japanese).join("\n");
    for (const wanted of ["放棄呼", "折り返し（お約束）", "後処理", "受付可", "離席", "個人情報画面", "応対履歴"]) expect(all).toContain(wanted);
    for (const avoided of ["プロミス", "まとめ", "準備完了", "不在", "チケット", "監視", "漏洩"]) expect(all).not.toContain(avoided);
  });
});
