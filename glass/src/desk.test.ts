import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Desk } from "./desk.js";
import { textsFor } from "./texts.js";

let stage = "in_call";

/** The vault: a ticket for each purpose of the call. */
function answer(path: string, init: RequestInit): Response {
  const ticket = (init.headers as Record<string, string>)["Madoguchi-Ticket"];
  const purposes = [{ id: "answer", name: "答える" }, { id: "send-letter", name: "手紙を送る" }];
  const told = (id: string, purpose: number): object => ({ ticket: id, call: "C", stage, ends_at: "2026-11-22T03:00:00Z", case: null, purpose: purposes[purpose], purposes, owners: [], searchable: [{ name: "name_kana", label: { ja: "フリガナ", en: "Kana" } }] });
  if (path === "/api/ticket/purpose") return Response.json(told("T1.letter", 1));
  if (path === "/api/ticket") return Response.json(ticket === "T1.letter" ? told("T1.letter", 1) : told(ticket!, 0));
  return Response.json({ people: [] });
}

describe("the desk of the call in hand", () => {
  let desk: Desk;
  const purpose = (): HTMLSelectElement => desk.element.querySelector(".ticket select")!;
  beforeEach(() => {
    stage = "in_call";
    vi.stubGlobal("fetch", async (path: string, init: RequestInit) => answer(path, init));
    desk = new Desk({ texts: textsFor("ja"), language: "ja", sealed: () => null, tell: () => undefined, say: () => undefined, signedOut: () => undefined, closed: () => undefined });
  });
  afterEach(() => vi.unstubAllGlobals());

  it("keeps the purpose that was chosen when the console tells the same call again", async () => {
    await desk.take("T1");
    expect(purpose().value).toBe("answer");
    purpose().value = "send-letter";
    purpose().dispatchEvent(new Event("change"));
    await vi.waitFor(() => expect(purpose()?.selectedOptions[0]?.textContent).toBe("手紙を送る"));
    const shown = desk.element.firstElementChild;
    await desk.take("T1");
    expect(purpose().value).toBe("send-letter");
    expect(desk.element.firstElementChild).toBe(shown);
  });

  it("shows the wrap-up as soon as the vault tells of it, and nothing once it is over", async () => {
    await desk.take("T1");
    stage = "wrap_up";
    desk.stands("another", "wrap_up");
    expect(desk.element.querySelector(".stage")?.textContent).toBe("通話中");
    desk.stands("T1", "wrap_up");
    await vi.waitFor(() => expect(desk.element.querySelector(".stage")?.textContent).toContain("後処理"));
    expect(desk.element.querySelector(".search")).toBeNull();
    expect(desk.element.textContent).toContain("この通話で閲覧した方はいません。");
    desk.stands("T1", "over");
    await vi.waitFor(() => expect(desk.element.childElementCount).toBe(0));
  });

  it("goes to the next call, and to none", async () => {
    await desk.take("T1");
    await desk.take("T2");
    expect(purpose().value).toBe("answer");
    await desk.take(null);
    expect(desk.isOpen).toBe(false);
    expect(desk.element.childElementCount).toBe(0);
  });
});
