// An entry of the client's log as a row says it.
import { fileLink } from "./file_link.js";
import { importWords } from "./import_words.js";
import { standingBy, standingWords } from "./standing.js";
import { type Language, type Texts, fill, shortTime, wordOf } from "./texts.js";

export interface LogEntry {
  index: number;
  entry: object;
}

export const columns = ["columnTime", "columnKind", "columnWho", "columnPurpose", "columnFields", "columnOutcome"] as const;

const wordIn = (texts: Texts, key: string): string | undefined => (key in texts ? texts[key as keyof Texts] : undefined);

/** "telephone.2" in words; a client's own field as it is named. */
function fieldWord(texts: Texts, name: string): string {
  const [base, number] = name.split(".");
  const word = wordIn(texts, `field_${base}`) ?? base ?? "";
  return number === undefined ? word : `${word} ${number}`;
}

function outcomeWord(texts: Texts, outcome: string): string {
  const why = outcome.startsWith("refused_") ? wordIn(texts, `why_${outcome.slice("refused_".length)}`) : undefined;
  return why === undefined ? (wordIn(texts, `outcome_${outcome}`) ?? outcome) : fill(texts.refusedFor, { why });
}

/** What the columns say of an entry. */
export function cellsOf(texts: Texts, language: Language, { index, entry }: LogEntry): string[] {
  const value = (name: string): string => {
    const found = (entry as Record<string, unknown>)[name];
    if (Array.isArray(found)) return found.map((one) => fieldWord(texts, String(one))).join(language === "ja" ? "・" : ", ");
    return found === undefined || found === null ? "" : String(found);
  };
  const who = [value("operator") || standingBy(texts, entry), value("organisation")].filter((part) => part !== "").join(" / ");
  const outcome = outcomeWord(texts, value("outcome"));
  const said = standingWords(texts, entry) ?? importWords(texts, entry, outcome) ?? outcome;
  return [String(index), shortTime(language, value("time")), wordOf(texts, value("kind")), who, value("purpose"), value("fields"), said];
}

/** The call that an entry is about, where it is about one. */
export function callOf({ entry }: LogEntry): string | null {
  const call = (entry as { call?: unknown }).call;
  return typeof call === "string" && call !== "" ? call : null;
}

/** The vault sends it as a file. */
export const proofLink = (texts: Texts, index: number): HTMLElement =>
  fileLink(texts, `/owner/entries/${index}/proof`, `${index}.tlog-proof`, texts.proof, { "aria-label": `${texts.proof} ${index}` });
