import { describe, expect, it } from "vitest";
import { isReference, referenceOf } from "./cases.js";

describe("a case's number", () => {
  it("is taken as people type it", () => {
    for (const typed of ["C-1024", " c-1024 ", "Ｃ－１０２４", "Ｃ‐１０２４", "cー1024"]) expect(referenceOf(typed), typed).toBe("C-1024");
  });

  it("is never a name or a telephone number", () => {
    for (const good of ["C-1", "KJ-2026-12"]) expect(isReference(good), good).toBe(true);
    for (const bad of ["", "C", "1024", "090-0000-1001", "C-1234567", "佐藤-1", "ABCDE-1"]) expect(isReference(bad), bad).toBe(false);
  });
});
