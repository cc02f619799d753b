import { describe, expect, it } from "vitest";
import { cellsOf } from "./entries.js";
import { standingWords } from "./standing.js";
import { textsFor } from "./texts.js";

const placed = { kind: "staff", outcome: "placed", operator: "administrator", details: { person: "hana", of: "minato", role: "operator", phone: "7001" } };

describe("entries about who is who", () => {
  it("are sentences in both languages", () => {
    expect(standingWords(textsFor("ja"), placed)).toBe("hana を minato の担当者に登録（電話機 7001）");
    expect(standingWords(textsFor("en"), placed)).toBe("hana is operator of minato (telephone 7001)");
    const moved = { ...placed, details: { person: "hana", of: "kawa", role: "supervisor", from: "minato", role_before: "operator" } };
    expect(standingWords(textsFor("en"), moved)).toBe("hana, until now operator of minato, is supervisor of kawa");
    expect(standingWords(textsFor("en"), { kind: "number", outcome: "bound", details: { number: "+81300000001" } })).toContain("+81300000001");
  });

  it("say on whose word a number went", () => {
    const released = (more: object): string | null => standingWords(textsFor("en"), { kind: "number", outcome: "released", details: { number: "+81300000001", ...more } });
    expect(released({ given_free_by: "oku" })).toBe("telephone number +81300000001, given free by oku, was taken from this organisation");
    expect(released({ no_owner: true })).toContain("has nobody who could give it free");
    expect(released({})).toBe("telephone number +81300000001 was taken from this organisation");
    for (const outcome of ["given_free", "kept", "released"])
      expect(standingWords(textsFor("ja"), { kind: "number", outcome, details: { number: "+81300000001" } })).toMatch(/^電話番号 \+81300000001 を[^{}]+$/);
  });

  it("leave no gap unfilled, whatever the vault did", () => {
    for (const language of ["ja", "en"] as const)
      for (const outcome of ["placed", "disabled", "sessions_ended", "password_set", "phone_set", "phone_removed", "passkey_code", "passkey_made"])
        expect(standingWords(textsFor(language), { ...placed, outcome })).not.toMatch(/[{}]|undefined/);
  });

  it("stand where the outcome stands, and name the centre where nobody else did it", () => {
    const entry = { time: "2026-11-22T03:00:00Z", kind: "organisation", outcome: "made", details: { by: "centre" } };
    expect(cellsOf(textsFor("en"), "en", { index: 0, entry }).slice(2)).toEqual(["organisation", "(the centre)", "", "", "this organisation was made"]);
  });

  it("are left as they are where there are no words for them", () => {
    expect(standingWords(textsFor("ja"), { kind: "staff", outcome: "of_a_later_version" })).toBeNull();
    expect(standingWords(textsFor("ja"), { kind: "opening", outcome: "shown" })).toBeNull();
  });
});
