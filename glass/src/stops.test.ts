// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from "vitest";
import { StopBoard } from "./stops.js";
import { textsFor } from "./texts.js";

const stop = { scope: "desk", name: "leak", owner: { id: "sakura", name: "さくら信販" }, since: "2026-11-22T03:00:00Z", script: "明日お電話します。" };
const alarm = {
  alarm: "a", rule: "mismatches", severity: "severe", frozen: true, owner: "sakura", operator: "hana", organisation: "minato", desk: "leak",
  call: "c", at: "2026-11-22T03:00:00Z", count: 5, limit: 5, reason_ja: "5回一致しませんでした。", reason_en: "5 did not match.",
  answer: null, answered_by: null, answered_at: null,
};

const parts = (ticket: string | null) => ({ ticket: () => ticket, stands: vi.fn(), reached: vi.fn() });

function serve(answers: Record<string, unknown>): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (path: string) => {
    asked.push(path);
    return Promise.resolve(new Response(JSON.stringify(answers[path] ?? {}), { status: 200 }));
  });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

describe("what owners have stopped", () => {
  it("is shown with the words for callers, and goes when nobody is signed in", async () => {
    serve({ "/api/stops": { stops: [stop, { ...stop, script: "" }], ticket_frozen: true, ticket_stage: "wrap_up" } });
    const told = parts("ticket");
    const board = new StopBoard(textsFor("ja"), "ja", told);
    board.watch({ signed_in: true, role: "operator" });
    await vi.waitFor(() => expect(board.element.querySelectorAll(".stop").length).toBe(3));
    expect(board.element.textContent).toContain("さくら信販 が閲覧を止めています（窓口 leak");
    expect([...board.element.querySelectorAll("q")].map((one) => one.textContent)).toEqual(["明日お電話します。", textsFor("ja").usualScript]);
    expect(told.stands).toHaveBeenCalledWith("ticket", "wrap_up");
    expect(told.reached).toHaveBeenLastCalledWith(true);
    vi.stubGlobal("fetch", () => Promise.reject(new Error("no way there")));
    board.watch({ signed_in: true, role: "operator" });
    await vi.waitFor(() => expect(told.reached).toHaveBeenLastCalledWith(false));
    expect(board.element.querySelectorAll(".stop").length).toBe(3);
    board.watch(null);
    expect(board.element.querySelectorAll(".stop").length).toBe(0);
  });

  it("comes with alarms for supervisors only", async () => {
    const answers = { "/api/stops": { stops: [], ticket_frozen: false, ticket_stage: null }, "/api/alarms": { alarms: [alarm] } };
    const asked = serve(answers);
    const board = new StopBoard(textsFor("en"), "en", parts(null));
    board.watch({ signed_in: true, role: "operator" });
    await vi.waitFor(() => expect(asked).toEqual(["/api/stops"]));
    board.watch({ signed_in: true, role: "supervisor" });
    await vi.waitFor(() => expect(board.element.querySelector(".alarms li")?.textContent).toContain("5 did not match."));
    board.watch(null);
  });
});
