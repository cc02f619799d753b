import { describe, expect, it } from "vitest";
import { inFewWords, whyNoMicrophone } from "./seat";

describe("a microphone that does not come", () => {
  it("says what the person can do about it", () => {
    const why = (name: string): string => whyNoMicrophone(new DOMException("", name));
    expect(["NotAllowedError", "NotReadableError", "NotFoundError", "OverconstrainedError"].map(why)).toEqual(["refused", "busy", "no_microphone", "no_microphone"]);
  });

  it("is not connected, in few words", () => {
    for (const state of ["no_microphone", "refused", "busy", "unsupported", "lost", "elsewhere"] as const) expect(inFewWords(state)).toBe("closed");
    expect(inFewWords("connected")).toBe("connected");
  });
});
