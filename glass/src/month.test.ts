import { describe, expect, it } from "vitest";
import { Months, printableMonth, tablesOf } from "./month.js";
import { textsFor } from "./texts.js";

const texts = textsFor("ja");
const told = (kind: string, more: object = {}): string =>
  JSON.stringify({ v: 1, kind, operator: "hana", organisation: "minato", call: "call-1", purpose: "answer", outcome: "shown", time: "2026-11-22T03:00:00.000000Z", ...more });

function counted(...entries: string[]): Months {
  const months = new Months();
  entries.forEach((entry, index) => months.add(index, entry));
  return months;
}

describe("the monthly report", () => {
  it("begins a month at midnight in Japan", () => {
    const months = counted(told("opening", { time: "2026-10-31T14:59:59.999999Z" }), told("opening", { time: "2026-10-31T15:00:00.000000Z" }));
    expect([...months.all.keys()]).toEqual(["2026-10", "2026-11"]);
    expect(months.all.get("2026-11")).toMatchObject({ entries: 1, first: 1, last: 1 });
  });

  it("says who did what", () => {
    const months = counted(
      told("search"),
      told("identity_check", { outcome: "cannot_confirm" }),
      told("identity_check", { outcome: "match" }),
      told("opening"),
      told("opening"),
      told("opening", { call: "call-2" }),
      told("refusal", { operator: "sato", outcome: "refused_limit" }),
      told("refusal", { operator: "sato", outcome: "refused_limit", details: { times: 40 } }),
      "no entry",
      "null",
      "7",
    );
    const month = months.all.get("2026-11")!;
    const [kinds, people, purposes] = tablesOf(texts, month);
    expect(month.entries).toBe(8);
    expect(kinds!.rows).toContainEqual(["閲覧", "3"]);
    expect(people!.rows).toEqual([
      ["hana / minato", "3", "2", "1", "1", "0", "0"],
      ["sato / minato", "0", "0", "0", "0", "41", "0"],
    ]);
    expect(purposes!.rows).toEqual([["answer", "3"]]);
  });

  it("prints what proves it, and takes nothing as HTML", () => {
    const month = counted(told("opening", { purpose: "<b>x</b>" })).all.get("2026-11")!;
    const ground = { verified: { origin: "vault.example/log/sakura", size: 9, root: "AAAA", entries: 9 }, key: "vault.example/log/sakura+00+BBBB" };
    const page = printableMonth(texts, "ja", "2026-11", month, ground);
    for (const part of ["月次報告 2026-11", "AAAA", "madoguchi report --log https://vault.example/log/sakura", ground.key]) expect(page).toContain(part);
    expect(page).not.toContain("<b>");
    expect(page).not.toMatch(/<script|src=|href=/);
  });
});
