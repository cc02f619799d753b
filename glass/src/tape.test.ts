import { describe, expect, it } from "vitest";
import { clock, stretches } from "./playback.js";
import { Tape, sampleRate } from "./tape.js";

class Room {
  time = 100;
  heard: { ms: number; at: number }[] = [];
  asked: number[] = [];
  failures: unknown[] = [];
  silences = 0;
  closed = false;
  refuse: Error | null = null;
  tape: Tape;

  constructor(lengthMs: number) {
    this.tape = new Tape({
      lengthMs,
      speaker: {
        now: () => this.time,
        play: (samples, at) => void this.heard.push({ ms: samples.length / 2 / (sampleRate / 1000), at }),
        silence: () => void this.silences++,
        wake: async () => undefined,
        close: () => void (this.closed = true),
      },
      fetch: async (fromMs, ms) => {
        this.asked.push(fromMs);
        if (this.refuse) throw this.refuse;
        return new Int16Array(Math.max(0, Math.min(ms, lengthMs - fromMs)) * (sampleRate / 1000) * 2);
      },
      failed: (error) => void this.failures.push(error),
    });
  }
  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds * 10; i++) {
      this.time += 0.1;
      await this.tape.tick();
    }
  }
}

describe("a tape", () => {
  it("plays to its end without a hole, fetching each piece once and a little ahead", async () => {
    const room = new Room(10_500);
    await room.tape.play();
    await room.pass(3);
    expect(room.asked).toEqual([0, 4000]);
    await room.pass(9);
    expect(room.asked).toEqual([0, 4000, 8000]);
    expect(room.heard.map((one) => one.ms)).toEqual([4000, 4000, 2500]);
    room.heard.slice(1).forEach((one, i) => expect(one.at).toBeCloseTo(room.heard[i]!.at + room.heard[i]!.ms / 1000, 5));
    expect(room.tape.isPlaying).toBe(false);
    expect(room.tape.atMs).toBe(10_500);
  });

  it("goes to another place, playing or not, and stays where it was paused", async () => {
    const room = new Room(60_000);
    room.tape.seek(30_000);
    expect(room.tape.atMs).toBe(30_000);
    expect(room.asked).toEqual([]);
    await room.tape.play();
    await room.pass(2);
    room.tape.pause();
    const at = room.tape.atMs;
    expect(at).toBeGreaterThan(31_500);
    await room.pass(5);
    expect(room.tape.atMs).toBe(at);
    await room.tape.play();
    room.tape.seek(5_000);
    await room.pass(1);
    expect(room.asked.at(-1)).toBe(5_000);
    expect(room.tape.isPlaying).toBe(true);
    expect(room.tape.atMs).toBeLessThan(7_000);
  });

  it("is silent at once when a piece is refused, whatever was fetched ahead", async () => {
    const room = new Room(60_000);
    await room.tape.play();
    await room.pass(0.5);
    room.refuse = new Error("ticket_over");
    await room.pass(3);
    expect(room.failures).toEqual([room.refuse]);
    expect(room.tape.isPlaying).toBe(false);
    expect(room.silences).toBeGreaterThan(0);
    const asked = room.asked.length;
    await room.pass(5);
    expect(room.asked.length).toBe(asked);
  });

  it("sounds no more once it is closed", async () => {
    const room = new Room(60_000);
    await room.tape.play();
    room.tape.close();
    await room.tape.play();
    expect(room.closed).toBe(true);
    expect(room.tape.isPlaying).toBe(false);
  });
});

describe("what is shown of a recording", () => {
  it("has its times as people say them", () => {
    expect([0, 59_999, 61_000, 3_661_000].map(clock)).toEqual(["0:00", "0:59", "1:01", "1:01:01"]);
  });

  it("has its pauses with their ends", () => {
    const marks = [
      { kind: "notice" as const, at_ms: 5 },
      { kind: "pause" as const, at_ms: 1000 },
      { kind: "leg_change" as const, at_ms: 1500 },
      { kind: "resume" as const, at_ms: 3000 },
      { kind: "hold" as const, at_ms: 4000 },
    ];
    expect(stretches(marks)).toEqual([
      { kind: "pause", fromMs: 1000, toMs: 3000 },
      { kind: "hold", fromMs: 4000, toMs: null },
    ]);
  });
});
