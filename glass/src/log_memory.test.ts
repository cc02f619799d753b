import { beforeEach, describe, expect, it } from "vitest";
import { keep, recall } from "./log_memory.js";

describe("the memory of a log", () => {
  beforeEach(() => localStorage.clear());

  it("is of each key", () => {
    expect(recall("a+1+x")).toBeNull();
    expect(keep("a+1+x", { size: 7, root: "r" })).toBe(true);
    expect(recall("a+1+x")).toEqual({ size: 7, root: "r" });
    expect(recall("a+2+x")).toBeNull();
  });

  it("is empty where something else stands, or nothing can be kept", () => {
    localStorage.setItem("madoguchi.log.a", "rubbish");
    expect(recall("a")).toBeNull();
    const denied = (): Storage => {
      throw new DOMException("denied", "SecurityError");
    };
    expect(keep("a", { size: 1, root: "r" }, denied)).toBe(false);
    expect(recall("a", denied)).toBeNull();
  });
});
