import { describe, expect, it } from "vitest";
import { cellsOf } from "./entries.js";
import { textsFor } from "./texts.js";

const entry = { kind: "opening", operator: "hana", organisation: "minato", purpose: "answer", fields: ["telephone.2", "course"], outcome: "shown", time: "2026-11-22T02:00:00Z" };
const said = (language: "ja" | "en", change: object = {}): string[] => cellsOf(textsFor(language), language, { index: 7, entry: { ...entry, ...change } }).filter((_, i) => i !== 1);

describe("an entry of the log", () => {
  it("is said in the reader's words, a client's own field by its name", () => {
    expect(said("ja")).toEqual(["7", "閲覧", "hana / minato", "answer", "電話番号 2・course", "表示"]);
    expect(said("en")).toEqual(["7", "opened", "hana / minato", "answer", "telephone 2, course", "shown"]);
  });

  it("says why something was refused, and shows a word that nobody knows as it is", () => {
    expect(said("ja", { kind: "refusal", outcome: "refused_not_checked", fields: [] }).at(-1)).toBe("拒否（本人確認の前）");
    expect(said("ja", { outcome: "refused_by_moonlight" }).at(-1)).toBe("refused_by_moonlight");
    expect(said("ja", { outcome: "turned" }).at(-1)).toBe("turned");
  });
});
