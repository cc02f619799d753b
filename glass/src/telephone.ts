// What a telephone carries beside its digits. Before it is opened: what kind of line it is and which uses were refused,
// so that nobody rings a number for what it was not given for. Opened: all of it, whose it is and where it came from.
import type { Candidate, Schemas } from "./api.js";
import { el } from "./dom.js";
import { type Language, type Texts, fill, label } from "./texts.js";

type Masked = Schemas["Masked"];
type Value = Schemas["Value"];

const lineWord = (texts: Texts, kind: Schemas["LineKind"] | undefined): string => (kind ? texts[`line_${kind}`] : "");

function refused(texts: Texts, language: Language, refusals: Schemas["RefusedUse"][] | undefined, more = false): HTMLElement[] {
  const uses = (refusals ?? []).map((one) => (language === "ja" ? one.ja : one.en));
  if (more) uses.push(texts.moreRefusals);
  if (uses.length === 0) return [];
  return [el("strong", { class: "refuses" }, fill(texts.refuses, { uses: uses.join(texts.usesBetween) }))];
}

function maskedValue(texts: Texts, language: Language, one: Masked): HTMLElement {
  const line = lineWord(texts, one.line_kind);
  const shown = `${label(language, one)} ${one.shown}${line === "" ? "" : fill(texts.lineIn, { line })}`;
  return el("span", { class: "value" }, shown, ...refused(texts, language, one.refusals, one.more_refusals));
}

/** One person, nothing opened; whose customer it is comes last. */
export function maskedLine(texts: Texts, language: Language, person: Candidate): HTMLElement {
  const values = person.masked.flatMap((one) => [maskedValue(texts, language, one), " "]);
  return el("p", { class: "masked" }, ...values, el("small", {}, person.owner.name));
}

function origin(texts: Texts, { given }: Value): string[] {
  if (!given) return [];
  const words = { day: given.obtained_on, source: given.source, by: given.obtained_by };
  return [fill(texts.givenFor, { use: given.given_for }), fill(given.obtained_by === "" ? texts.givenFrom : texts.givenBy, words)];
}

/** Beneath an opened value: empty for one that says no more than its text. */
export function carried(texts: Texts, language: Language, value: Value): HTMLElement[] {
  const isTelephone = value.holder !== undefined;
  const standing = value.verified ? (isTelephone ? texts.isVerified : "") : texts.selfDeclared;
  const signs = [lineWord(texts, value.line_kind), value.holder ? texts[`holder_${value.holder}`] : "", standing].filter((sign) => sign !== "");
  if (!isTelephone && !value.given) return signs.map((sign) => el("small", {}, sign));
  const lines = [signs.join(" ・ "), ...origin(texts, value)].filter((line) => line !== "").map((line) => el("li", {}, line));
  const uses = refused(texts, language, value.refusals).map((one) => el("li", {}, one));
  return [el("ul", { class: "carried" }, ...uses, ...lines)];
}
