import { describe, expect, it } from "vitest";
import { fromBase64Url, toBase64Url } from "./base64.js";

describe("base64url", () => {
  it("is without padding, and goes there and back", () => {
    expect(toBase64Url(Uint8Array.of(0xfb, 0xff).buffer)).toBe("-_8");
    for (let length = 0; length < 9; ++length) {
      const bytes = Uint8Array.from({ length }, (_, i) => 255 - i * 3);
      expect([...fromBase64Url(toBase64Url(bytes.buffer))]).toEqual([...bytes]);
    }
  });
});
