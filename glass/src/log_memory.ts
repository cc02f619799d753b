// What this browser remembers of a log: the checkpoint that its last check ended at, for each key. A log that was cut,
// rewritten, or shows this client a fork is seen by it.
import type { Remembered } from "./verify.js";

const nameOf = (key: string): string => `madoguchi.log.${key}`;

/** The last check's checkpoint; null at the first one, and where the browser keeps nothing. */
export function recall(key: string, storage: () => Storage = () => localStorage): Remembered | null {
  try {
    const { size, root } = JSON.parse(storage().getItem(nameOf(key)) ?? "{}") as Partial<Remembered>;
    return Number.isSafeInteger(size) && typeof root === "string" ? { size: size as number, root } : null;
  } catch {
    return null;
  }
}

/** False where the browser keeps nothing. */
export function keep(key: string, { size, root }: Remembered, storage: () => Storage = () => localStorage): boolean {
  try {
    storage().setItem(nameOf(key), JSON.stringify({ size, root }));
    return true;
  } catch {
    return false;
  }
}
