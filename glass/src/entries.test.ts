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

  it("says what became of a file's rows, and who was changed by it", () => {
    const details = { import: "01M", rows: 2, bad_rows: 1 };
    expect(said("en", { kind: "import", outcome: "done", details }).at(-1)).toBe("done (01M: 2 added, 1 not taken)");
    const update = { ...details, update: true, changed: 3, unchanged: 40 };
    expect(said("ja", { kind: "import", outcome: "done", details: update }).at(-1)).toBe("完了（01M、追加 2、変更 3、変更なし 40、取り込めず 1）");
    expect(said("ja", { kind: "import", outcome: "begun", details: update }).at(-1)).toBe("開始（01M、登録済みの方も更新）");
    const changed = { kind: "correction", operator: "administrator", outcome: "updated", fields: ["address", "telephone.3"], details: { by: "import", import: "01M" } };
    expect(said("ja", changed)).toEqual(["7", "訂正", "administrator / minato", "answer", "住所・電話番号 3", "取り込みで更新（01M）"]);
    expect(said("en", { ...changed, outcome: "corrected", details: { by: "owner" } }).at(-1)).toBe("corrected");
  });
});
