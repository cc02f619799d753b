import { describe, expect, it } from "vitest";
import { printable } from "./looked_file.js";
import { textsFor } from "./texts.js";

const file = {
  format: "madoguchi.looked.1" as const,
  made_at: "2026-11-22T03:00:00.000000Z",
  made_by: "oku",
  owner: "sakura",
  subject: "01ABC",
  salt_key: "AAAA",
  key: "vault.example/log/sakura+00+AAAA",
  size: 9,
  entries: [{ entry: { kind: "opening", operator: "hana", organisation: "minato", purpose: "<b>answer</b>", fields: ["name_kana"], outcome: "shown", time: "2026-11-22T02:00:00.000000Z" }, proof: "c2sp.org/tlog-proof@v1\nextra AAAA\nindex 7\n\n" }],
};

describe("the page to print", () => {
  it("says who, why and what in words, and how it is checked", () => {
    const page = printable(textsFor("ja"), "ja", file);
    for (const part of ["hana / minato", "閲覧", "氏名（カナ）", "madoguchi verify --proof looked-01ABC.json", "<td class=\"number\">7</td>"]) expect(page).toContain(part);
  });

  it("takes nothing as HTML, and neither gives away the salt key nor loads anything", () => {
    const page = printable(textsFor("en"), "en", file);
    expect(page).not.toContain("<b>");
    expect(page).not.toContain(file.salt_key + '"');
    expect(page).not.toMatch(/<script|src=|href=/);
  });
});
