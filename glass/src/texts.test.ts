import { describe, expect, it } from "vitest";
import { fill, sentence, shortTime, textsFor, timeIn } from "./texts.js";

const holes = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").sort();

describe("the words", () => {
  it("leave the same gaps to fill in both languages", () => {
    const ja = textsFor("ja");
    const en = textsFor("en");
    for (const [key, text] of Object.entries(ja)) expect(holes(en[key as keyof typeof en]), key).toEqual(holes(text));
  });

  it("say each refusal of the vault in words, and an unknown one by its code", () => {
    const texts = textsFor("ja");
    for (const code of ["no_call", "not_on_call", "ticket_over", "frozen", "revoked", "not_checked", "guesses", "limit"])
      expect(sentence(texts, code)).not.toContain(code);
    expect(sentence(texts, "strange")).toContain("strange");
  });

  it("say times as clocks in Japan do, also where the page is read elsewhere", () => {
    expect(shortTime("ja", "2026-11-23T18:05:09Z")).toBe("2026/11/24 3:05:09");
    expect(timeIn("en", new Date("2026-11-23T18:05:09Z"), "short")).toBe("03:05");
  });

  it("are filled with values", () => {
    expect(fill("{a}-{b}", { a: 1, b: "x" })).toBe("1-x");
  });
});
