import { describe, expect, it } from "vitest";
import { Glass, messagesFor } from "./glass";

const vault = "https://vault.example";
const frame = { name: "the frame" };
const told = (over: object): { origin: string; source: unknown; data: unknown } => ({
  origin: vault, source: frame, data: { type: "madoguchi.glass", signed_in: true }, ...over,
});

describe("the glass", () => {
  it("is believed when its own frame says that somebody signed in, or out, or that the vault is away", () => {
    const glass = new Glass();
    glass.hear(told({}), vault, frame);
    expect(glass.current()).toBe("signed_in");
    glass.hear(told({ data: { type: "madoguchi.glass", signed_in: false } }), vault, frame);
    expect(glass.current()).toBe("signed_out");
    glass.hear(told({ data: { type: "madoguchi.glass", signed_in: null } }), vault, frame);
    expect(glass.current()).toBe("away");
  });

  it("believes nobody else: another origin, another window, another kind of message, no frame", () => {
    const glass = new Glass();
    glass.hear(told({ origin: "https://evil.example" }), vault, frame);
    glass.hear(told({ source: { name: "another" } }), vault, frame);
    glass.hear(told({ data: { type: "hello", signed_in: true } }), vault, frame);
    glass.hear(told({ data: "madoguchi.glass" }), vault, frame);
    glass.hear(told({ data: null }), vault, frame);
    glass.hear(told({ source: null }), vault, null);
    expect(glass.current()).toBe("unknown");
  });

  it("tells its listeners of changes only", () => {
    const glass = new Glass();
    let changes = 0;
    const stop = glass.subscribe(() => changes++);
    glass.hear(told({}), vault, frame);
    glass.hear(told({}), vault, frame);
    glass.forget();
    stop();
    glass.hear(told({}), vault, frame);
    expect(changes).toBe(2);
  });

  it("counts every time its frame speaks, so that a page loaded anew is told all again", () => {
    const glass = new Glass();
    glass.hear(told({}), vault, frame);
    glass.hear(told({}), vault, frame);
    glass.hear(told({ origin: "https://evil.example" }), vault, frame);
    expect(glass.heard()).toBe(2);
  });

  it("is told the ticket of the call in hand, and that there is none", () => {
    expect(messagesFor({ fingerprint: "sha-256 AA", ticket: "t1", call: "c1" })).toEqual([
      { type: "madoguchi.console", fingerprint: "sha-256 AA" },
      { type: "madoguchi.ticket", ticket: "t1", call: "c1" },
    ]);
    expect(messagesFor({ fingerprint: null, ticket: null, call: null })).toEqual([
      { type: "madoguchi.ticket", ticket: null, call: null },
    ]);
  });
});
