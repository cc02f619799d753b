// What this console hears of the glass, the vault's own page in its frame: whether somebody has signed in there, and
// nothing else. A message counts only if it comes from that very frame and from the vault's origin.

export type GlassState = "unknown" | "signed_in" | "signed_out" | "away";

interface Heard {
  origin: string;
  source: unknown;
  data: unknown;
}

export class Glass {
  private state: GlassState = "unknown";
  private readonly listeners = new Set<() => void>();

  readonly current = (): GlassState => this.state;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  hear(message: Heard, origin: string, frame: unknown): void {
    if (message.origin !== origin || frame === null || message.source !== frame) return;
    const data = message.data as { type?: unknown; signed_in?: unknown } | null;
    if (typeof data !== "object" || data?.type !== "madoguchi.glass" || data.signed_in === undefined) return;
    this.become(data.signed_in === true ? "signed_in" : data.signed_in === false ? "signed_out" : "away");
  }

  /** The frame is gone or another one: what was heard of it no longer holds. */
  forget(): void {
    this.become("unknown");
  }

  private become(state: GlassState): void {
    if (state === this.state) return;
    this.state = state;
    for (const listener of [...this.listeners]) listener();
  }
}
