// Entries about files that came in, in words: which import it was, how many rows, and who was changed by one.
import { type Texts, fill } from "./texts.js";

const count = (value: unknown): number => (typeof value === "number" ? value : 0);

/** `outcome`: the outcome's own word. Nothing of an entry of another kind. */
export function importWords(texts: Texts, entry: object, outcome: string): string | null {
  const { kind, outcome: how, details } = entry as { kind?: unknown; outcome?: unknown; details?: Record<string, unknown> };
  const of = details?.["import"];
  if (typeof of !== "string" || (kind !== "import" && kind !== "correction")) return null;
  const told = { outcome, import: of, rows: count(details?.["rows"]), changed: count(details?.["changed"]), unchanged: count(details?.["unchanged"]), bad_rows: count(details?.["bad_rows"]) };
  if (kind === "correction") return fill(texts.import_of, told);
  const isUpdate = details?.["update"] === true;
  if (how === "begun") return fill(isUpdate ? texts.import_update : texts.import_of, told);
  return fill(isUpdate ? texts.import_counts_update : texts.import_counts, told);
}
