import { describe, expect, it } from "vitest";
import { Refused, type Schemas } from "./api.js";
import { type NoteState, NoteWriter } from "./notes.js";

type Note = Schemas["Note"];

class Desk {
  written: Note[] = [];
  states: NoteState[] = [];
  kept = new Map<string, string>();
  keptFor: string | undefined;
  waiting: (() => void)[] = [];
  answer: () => Promise<Schemas["Document"]> = async () => ({ document: "d1", version: this.written.length, kind: "note", author: "hana", written_at: "2026-11-22T03:00:00Z", draft: true });
  writer = new NoteWriter(
    { owner: "sakura", subject: "s1" },
    {
      write: (note) => {
        this.written.push(note);
        return this.answer();
      },
      sealed: { keep: async ({ place, text, document }) => void (this.kept.set(place, text), (this.keptFor = document)), drop: async (place) => void this.kept.delete(place) },
      later: (again) => void this.waiting.push(again),
      show: (state) => void this.states.push(state),
    },
    "d1",
  );
  async timers(): Promise<void> {
    for (const again of this.waiting.splice(0)) again();
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }
}

describe("a note", () => {
  it("is saved as typed, a version after the other of one document", async () => {
    const desk = new Desk();
    desk.writer.type("お");
    desk.writer.type("お怒り");
    await desk.timers();
    desk.writer.type("お怒りでした");
    await desk.timers();
    expect(desk.written.map((note) => [note.text, note.document])).toEqual([["お怒り", "d1"], ["お怒りでした", "d1"]]);
    expect(desk.states.at(-1)).toEqual({ kind: "saved", at: new Date("2026-11-22T03:00:00Z") });
  });

  it("is kept sealed in the page while the vault is away, and saved when it is back", async () => {
    const desk = new Desk();
    const whole = desk.answer;
    desk.answer = () => Promise.reject(new Refused(0, "away"));
    desk.writer.type("折り返し希望");
    await desk.timers();
    expect(desk.states.at(-1)).toEqual({ kind: "kept_here" });
    expect([...desk.kept.values()]).toEqual(["折り返し希望"]);
    desk.answer = whole;
    await desk.timers();
    expect(desk.states.at(-1)?.kind).toBe("saved");
    expect(desk.kept.size).toBe(0);
  });

  it("says why when it is refused, does not try for ever, and keeps it", async () => {
    const desk = new Desk();
    desk.answer = () => Promise.reject(new Refused(403, "ticket_over"));
    desk.writer.type("遅い");
    await desk.timers();
    expect(desk.states.at(-1)).toEqual({ kind: "refused", code: "ticket_over" });
    expect(desk.waiting.length).toBe(0);
    expect([...desk.kept.values()]).toEqual(["遅い"]);
    expect(desk.keptFor).toBe("d1");
  });

  it("goes on with what was kept, in the same document, so that a lost answer makes no second one", async () => {
    const desk = new Desk();
    desk.writer.resume({ place: desk.writer.place(), text: "途中まで", document: "d0" });
    await desk.timers();
    desk.writer.type("途中まで、続き");
    await desk.timers();
    expect(desk.written.map((note) => note.document)).toEqual(["d0", "d0"]);
  });

  it("saves what is unsaved before it is left, and nothing twice", async () => {
    const desk = new Desk();
    desk.writer.type("最後");
    await desk.writer.flush();
    await desk.writer.flush();
    expect(desk.written.length).toBe(1);
  });
});
