// A recording being heard: its place in time, what was fetched ahead, and pieces on their way. Knows neither the page nor
// the sound card; both are handed in. A piece that is refused ends it at once: what was fetched ahead is not played out.
export const sampleRate = 8000;

export interface Speaker {
  /** Seconds on the card's own clock. */
  now(): number;
  /** Plays samples of both sides (caller and ours in turn) from then on. */
  play(samples: Int16Array, at: number): void;
  /** Everything that was handed over and not yet heard. */
  silence(): void;
  wake(): Promise<void>;
  close(): void;
}

export interface TapeParts {
  lengthMs: number;
  speaker: Speaker;
  fetch: (fromMs: number, ms: number) => Promise<Int16Array>;
  failed: (error: unknown) => void;
}

const pieceMs = 4_000;
const aheadMs = 3_000;
const leadS = 0.05; // between handing over and sounding

export class Tape {
  private fromMs = 0; // where the run that plays now began,
  private fromCard = 0; // and when, on the card's clock
  private fetchedMs = 0;
  private fetching = false;
  private run = 0; // pieces of an earlier run are nobody's
  private playing = false;
  private closed = false;

  constructor(private readonly parts: TapeParts) {}

  get isPlaying(): boolean {
    return this.playing;
  }

  get atMs(): number {
    if (!this.playing) return this.fromMs;
    const heard = Math.max(0, (this.parts.speaker.now() - this.fromCard) * 1000);
    return Math.min(this.parts.lengthMs, this.fromMs + heard);
  }

  async play(): Promise<void> {
    if (this.playing || this.closed) return;
    await this.parts.speaker.wake();
    if (this.fromMs >= this.parts.lengthMs) this.fromMs = 0;
    this.begin();
  }

  pause(): void {
    this.fromMs = this.atMs;
    this.stopSound();
  }

  seek(toMs: number): void {
    const wasPlaying = this.playing;
    this.stopSound();
    this.fromMs = Math.min(Math.max(0, toMs), this.parts.lengthMs);
    if (wasPlaying) this.begin();
  }

  /** To be called several times a second: fetches ahead, and notices the end. */
  async tick(): Promise<void> {
    if (!this.playing) return;
    if (this.atMs >= this.parts.lengthMs) return this.pause();
    await this.fetchAhead();
  }

  close(): void {
    if (this.closed) return;
    this.stopSound();
    this.closed = true;
    this.parts.speaker.close();
  }

  private begin(): void {
    this.run++;
    this.playing = true;
    this.fromCard = this.parts.speaker.now() + leadS;
    this.fetchedMs = this.fromMs;
    void this.fetchAhead();
  }

  private stopSound(): void {
    this.run++;
    this.playing = false;
    this.fetching = false;
    this.parts.speaker.silence();
  }

  private async fetchAhead(): Promise<void> {
    if (this.fetching || this.fetchedMs >= this.parts.lengthMs || this.fetchedMs - this.atMs > aheadMs) return;
    const run = this.run;
    this.fetching = true;
    try {
      const samples = await this.parts.fetch(Math.floor(this.fetchedMs), pieceMs);
      if (run !== this.run) return;
      this.fetching = false;
      if (samples.length === 0) {
        this.fetchedMs = this.parts.lengthMs;
        return;
      }
      this.hand(samples);
    } catch (error) {
      if (run !== this.run) return;
      this.pause();
      this.parts.failed(error);
    }
  }

  private hand(samples: Int16Array): void {
    const due = this.fromCard + (this.fetchedMs - this.fromMs) / 1000;
    // The vault was slower than the sound: the rest is heard later rather than not.
    const late = this.parts.speaker.now() + leadS - due;
    if (late > 0) this.fromCard += late;
    this.parts.speaker.play(samples, Math.max(due, due + late));
    this.fetchedMs = Math.floor(this.fetchedMs) + (samples.length / 2 / sampleRate) * 1000;
  }
}
