// An entry of the client's log as a row says it.
import { fileLink } from "./file_link.js";
import { standingBy, standingWords } from "./standing.js";
import { type Language, type Texts, shortTime, wordOf } from "./texts.js";

export interface LogEntry {
  index: number;
  entry: object;
}

export const columns = ["columnTime", "columnKind", "columnWho", "columnPurpose", "columnFields", "columnOutcome"] as const;

/** What the columns say of an entry. */
export function cellsOf(texts: Texts, language: Language, { index, entry }: LogEntry): string[] {
  const value = (name: string): string => {
    const found = (entry as Record<string, unknown>)[name];
    return Array.isArray(found) ? found.join("・") : found === undefined || found === null ? "" : String(found);
  };
  const who = [value("operator") || standingBy(texts, entry), value("organisation")].filter((part) => part !== "").join(" / ");
  return [String(index), shortTime(language, value("time")), wordOf(texts, value("kind")), who, value("purpose"), value("fields"), standingWords(texts, entry) ?? value("outcome")];
}

/** The call that an entry is about, where it is about one. */
export function callOf({ entry }: LogEntry): string | null {
  const call = (entry as { call?: unknown }).call;
  return typeof call === "string" && call !== "" ? call : null;
}

/** The vault sends it as a file. */
export const proofLink = (texts: Texts, index: number): HTMLElement =>
  fileLink(texts, `/owner/entries/${index}/proof`, `${index}.tlog-proof`, texts.proof, { "aria-label": `${texts.proof} ${index}` });
