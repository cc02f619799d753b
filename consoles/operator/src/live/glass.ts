// What this console hears of the glass, the vault's own page in its frame: whether somebody has signed in there, and
// nothing else. A message counts only if it comes from that very frame and from the vault's origin. What it tells the
// glass is the certificate of its audio connection and the ticket of the call in hand; both mean something only in the
// operator's own session at the vault.

export type GlassState = "unknown" | "signed_in" | "signed_out" | "away";

interface Heard {
  origin: string;
  source: unknown;
  data: unknown;
}

export interface Told {
  fingerprint: string | null;
  ticket: string | null;
  call: string | null;
}

/** What the frame is sent, in order; the whole of it each time, since the frame may have been loaded again. */
export function messagesFor(told: Told): object[] {
  const messages: object[] = [];
  if (told.fingerprint !== null) messages.push({ type: "madoguchi.console", fingerprint: told.fingerprint });
  messages.push({ type: "madoguchi.ticket", ticket: told.ticket, call: told.call });
  return messages;
}

export class Glass {
  private state: GlassState = "unknown";
  private times = 0;
  private readonly listeners = new Set<() => void>();
  private readonly heardListeners = new Set<() => void>();

  readonly current = (): GlassState => this.state;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** How often the frame has spoken: when it did, it may be a page loaded anew, and is told all again. */
  readonly heard = (): number => this.times;
  readonly subscribeHeard = (listener: () => void): (() => void) => {
    this.heardListeners.add(listener);
    return () => this.heardListeners.delete(listener);
  };

  hear(message: Heard, origin: string, frame: unknown): void {
    if (message.origin !== origin || frame === null || message.source !== frame) return;
    const data = message.data as { type?: unknown; signed_in?: unknown } | null;
    if (typeof data !== "object" || data?.type !== "madoguchi.glass" || data.signed_in === undefined) return;
    this.times++;
    for (const listener of [...this.heardListeners]) listener();
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
