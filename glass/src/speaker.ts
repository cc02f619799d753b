// The sound card, by Web Audio: both sides of a call mixed, each to be switched off, and how loud each is at this moment.
import { type Speaker, sampleRate } from "./tape.js";

export const sides = ["caller", "ours"] as const;
export type Side = (typeof sides)[number];

export class CardSpeaker implements Speaker {
  private readonly context = new AudioContext();
  private readonly splitter = this.context.createChannelSplitter(2);
  private readonly gains: Record<Side, GainNode>;
  private readonly meters: Record<Side, AnalyserNode>;
  private sources = new Set<AudioBufferSourceNode>();

  constructor() {
    const side = (channel: number): [GainNode, AnalyserNode] => {
      const gain = this.context.createGain();
      const meter = this.context.createAnalyser();
      meter.fftSize = 2048;
      this.splitter.connect(gain, channel);
      gain.connect(meter);
      gain.connect(this.context.destination);
      return [gain, meter];
    };
    const [callerGain, callerMeter] = side(0);
    const [oursGain, oursMeter] = side(1);
    this.gains = { caller: callerGain, ours: oursGain };
    this.meters = { caller: callerMeter, ours: oursMeter };
  }

  now(): number {
    return this.context.currentTime;
  }

  async wake(): Promise<void> {
    await this.context.resume();
  }

  play(samples: Int16Array, at: number): void {
    const frames = samples.length / 2;
    const buffer = this.context.createBuffer(2, frames, sampleRate);
    for (let channel = 0; channel < 2; channel++) {
      const data = buffer.getChannelData(channel);
      for (let i = 0; i < frames; i++) data[i] = (samples[i * 2 + channel] ?? 0) / 32768;
    }
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.splitter);
    source.addEventListener("ended", () => this.sources.delete(source));
    this.sources.add(source);
    source.start(at);
  }

  silence(): void {
    for (const source of this.sources) source.stop();
    this.sources.clear();
  }

  hear(side: Side, on: boolean): void {
    this.gains[side].gain.value = on ? 1 : 0;
  }

  /** 0 to 1, of the last quarter of a tenth of a second. */
  level(side: Side): number {
    const samples = new Float32Array(this.meters[side].fftSize);
    this.meters[side].getFloatTimeDomainData(samples);
    return Math.min(1, Math.max(...samples.map(Math.abs)));
  }

  close(): void {
    this.silence();
    void this.context.close();
  }
}
