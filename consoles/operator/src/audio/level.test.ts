import { afterEach, describe, expect, it, vi } from "vitest";
import { Level, loudness } from "./level";

describe("how loud a microphone is", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is its largest swing, to either side", () => {
    expect(loudness(new Float32Array([0, 0.25, -0.5, 0.125]))).toBe(0.5);
    expect(loudness(new Float32Array(8))).toBe(0);
  });

  it("is listened to until nobody looks any more", () => {
    const close = vi.fn(() => Promise.resolve());
    const connect = vi.fn();
    vi.stubGlobal("AudioContext", class {
      close = close;
      createAnalyser = () => ({ fftSize: 0, getFloatTimeDomainData: (into: Float32Array) => into.fill(-0.75) });
      createMediaStreamSource = () => ({ connect });
    });
    const level = new Level({} as MediaStream);
    expect(connect).toHaveBeenCalledOnce();
    expect(level.read()).toBe(0.75);
    level.close();
    expect(close).toHaveBeenCalledOnce();
  });
});
