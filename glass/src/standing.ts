// Entries about who is who, in words: organisations, the numbers bound to them, staff and their ways to sign in.
import { type Texts, fill } from "./texts.js";

const word = (value: unknown): string => (typeof value === "string" ? value : "");
const said = (texts: Texts, key: string): string | null => (key in texts ? String(texts[key as keyof Texts]) : null);

/** What else there is to say: whence somebody came, on whose word a number went. */
function furtherOf(outcome: unknown, told: Record<string, unknown>): "" | "_from" | "_given" | "_alone" {
  if (outcome === "placed" && word(told["from"]) !== "") return "_from";
  if (outcome !== "released") return "";
  if (told["no_owner"] === true) return "_alone";
  return word(told["given_free_by"]) !== "" ? "_given" : "";
}

/** Nothing of an entry of another kind, or that this page has no words for. */
export function standingWords(texts: Texts, entry: object): string | null {
  const { kind, outcome, details } = entry as { kind?: unknown; outcome?: unknown; details?: Record<string, unknown> };
  if (kind !== "organisation" && kind !== "number" && kind !== "staff") return null;
  const told = details ?? {};
  const sentence = said(texts, `${kind}_${word(outcome)}${furtherOf(outcome, told)}`);
  if (sentence === null) return null;
  const role = (name: string): string => said(texts, `role_${word(told[name])}`) ?? word(told[name]);
  const values = { who: word(told["person"]), of: word(told["of"]), from: word(told["from"]), role: role("role"), role_before: role("role_before"), number: word(told["number"]), given_free_by: word(told["given_free_by"]) };
  const telephone = outcome === "placed" && word(told["phone"]) !== "" ? fill(texts.staff_telephone, { phone: word(told["phone"]) }) : "";
  return fill(sentence, values) + telephone;
}

/** Who did it, where no person did. */
export const standingBy = (texts: Texts, entry: object): string => ((entry as { details?: { by?: unknown } }).details?.by === "centre" ? texts.byCentre : "");
