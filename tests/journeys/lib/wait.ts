// Waiting for events. A journey never waits for a duration: it waits until something is so, and the time-out
// is only there to fail instead of hanging.

type Subscribe = (listener: () => void) => () => void;

/**
 * Resolves with the first value of `probe` that is neither undefined nor false nor null.
 * With `signal`, the probe is asked again whenever the signal fires; else it is asked over and over.
 */
export async function until<T>(
  what: string,
  probe: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  options: { seconds?: number; signal?: Subscribe } = {},
): Promise<T> {
  const seconds = options.seconds ?? 30;
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== null && value !== false) return value;
    } catch (error) {
      if (options.signal) throw error;
      last = error;
    }
    const left = deadline - Date.now();
    if (left <= 0)
      throw new Error(`waited ${seconds} s for ${what}${last instanceof Error ? ` (last: ${last.message})` : ""}`);
    await new Promise<void>((wake) => {
      // Polling interval of the probe, or the guard that makes a silent signal fail.
      const timer = setTimeout(done, options.signal ? left : Math.min(40, left));
      const unsubscribe = options.signal?.(done);
      function done(): void {
        clearTimeout(timer);
        unsubscribe?.();
        wake();
      }
    });
  }
}

export function expect(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export function expectEqual<T>(actual: T, wanted: T, what: string): void {
  const a = JSON.stringify(actual);
  const w = JSON.stringify(wanted);
  if (a !== w) throw new Error(`${what}: expected ${w}, got ${a}`);
}
