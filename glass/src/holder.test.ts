import { describe, expect, it } from "vitest";
import { read } from "./holder.js";

const parents = ["https://console.example"];
const console_ = parents[0] ?? "";

describe("a message from the frame's holder", () => {
  it("counts when it comes from a console that the vault names", () => {
    expect(read({ type: "madoguchi.console", fingerprint: "sha-256 AA" }, console_, parents)).toEqual({ fingerprint: "sha-256 AA" });
    expect(read({ type: "madoguchi.ticket", ticket: "T1", call: "C1" }, console_, parents)).toEqual({ ticket: "T1" });
    expect(read({ type: "madoguchi.ticket", ticket: null }, console_, parents)).toEqual({ ticket: null });
  });

  it("is nothing from anybody else, or of another shape", () => {
    expect(read({ type: "madoguchi.ticket", ticket: "T1" }, "https://evil.example", parents)).toBeNull();
    expect(read({ type: "madoguchi.ticket", ticket: "../x" }, console_, parents)).toBeNull();
    expect(read({ type: "madoguchi.ticket", ticket: 7 }, console_, parents)).toBeNull();
    expect(read({ type: "madoguchi.console", fingerprint: "A".repeat(500) }, console_, parents)).toBeNull();
    expect(read("madoguchi.ticket", console_, parents)).toBeNull();
    expect(read(null, console_, parents)).toBeNull();
  });
});
