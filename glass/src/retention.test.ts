import { describe, expect, it } from "vitest";
import type { Schemas } from "./api.js";
import { mandateTextsFor } from "./mandate_texts.js";
import { printable } from "./retention.js";

const file: Schemas["Certificate"] = {
  format: "madoguchi.destruction.1",
  certificate: {
    destruction: "01D",
    owner: "wakaba",
    owner_name: "わかば<保険>",
    destroyed: "subject_keys",
    begun_at: "2026-11-22T03:00:00.000000Z",
    done_at: "2026-11-22T03:00:01.000000Z",
    keys: 10,
    mandates: [{ id: "common-1", version: 2, to: "minato", to_name: "みなと", ended_at: "2026-11-01T00:00:00.000000Z", retention: "2026-11-22T03:00:00.000000Z", at_end: "returned", waived_by: "wada", waived_at: "2026-11-02T00:00:00.000000Z" }],
  },
  key: "vault.localhost/log/wakaba+00000000+AAAA",
  size: 20,
  entries: [{ entry: { kind: "retention", outcome: "destroyed" }, proof: "c2sp.org/tlog-proof@v1\nindex 19\n" }],
};

describe("the certificate to print", () => {
  it.each(["ja", "en"] as const)("says what went, for which mandates, and has the proofs beneath (%s)", (language) => {
    const page = printable(mandateTextsFor(language), language, file);
    for (const part of ["01D", "common-1", "10", "wada", "tlog-proof", "verify --proof 01D.certificate.json"]) expect(page).toContain(part);
    expect(page).not.toContain("<保険>");
  });
  it("says each word in both languages", () => {
    expect(Object.keys(mandateTextsFor("en"))).toEqual(Object.keys(mandateTextsFor("ja")));
    for (const text of Object.values(mandateTextsFor("en"))) expect(text).not.toBe("");
  });
});
