import { afterEach, describe, expect, it, vi } from "vitest";
import { record } from "./recorder";

class FakeRecorder {
  static last: FakeRecorder;
  ondataavailable: ((event: { data: Blob }) => void) | null = null;
  constructor() {
    FakeRecorder.last = this;
  }
  start = vi.fn();
  tell(text: string): void {
    this.ondataavailable?.({ data: new Blob([text]) });
  }
}

describe("an announcement's recording", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  const begin = async (): Promise<{ begun: () => boolean }> => {
    vi.useFakeTimers();
    vi.stubGlobal("MediaRecorder", FakeRecorder);
    vi.stubGlobal("navigator", { mediaDevices: { getUserMedia: () => Promise.resolve({ getTracks: () => [] }) } });
    let done = false;
    void record(null).then(() => (done = true));
    await vi.advanceTimersByTimeAsync(0);
    return { begun: () => done };
  };

  it("has begun once the microphone gives sound, not before", async () => {
    const { begun } = await begin();
    FakeRecorder.last.tell("");
    await vi.advanceTimersByTimeAsync(1000);
    expect(begun()).toBe(false);
    FakeRecorder.last.tell("OggS");
    await vi.advanceTimersByTimeAsync(0);
    expect(begun()).toBe(true);
  });

  it("does not wait for ever for one that gives none", async () => {
    const { begun } = await begin();
    await vi.advanceTimersByTimeAsync(3000);
    expect(begun()).toBe(true);
  });
});
