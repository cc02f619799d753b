// The owner corrects what is wrong about one of its people: a value is replaced, added or taken away, with a reason that the
// log keeps. What stands in the record is not shown; it is chosen by its masked form.
import { type Candidate, Refused, type Schemas, ask } from "./api.js";
import { el, setText } from "./dom.js";
import { type Language, type Texts, fill, label, sentence } from "./texts.js";

type Correction = Schemas["Correction"];

const reasons: Correction["reason"][] = ["asked_by_person", "found_wrong"];

export interface CorrectingParts {
  texts: Texts;
  language: Language;
  /** All fields that records may have. */
  fields: Schemas["Field"][];
}

interface Choice {
  words: string;
  field: string;
  number: number;
  isTelephone: boolean;
}

/** What is stored, then what may be added to it: one value more of a field that repeats. */
function choicesOf({ texts, language, fields }: CorrectingParts, person: Candidate): Choice[] {
  const isTelephone = (name: string): boolean => fields.some((one) => one.name === name && one.kind === "telephone");
  const stored = person.masked.map((one) => ({ words: `${label(language, one)} ${one.shown}`, field: one.field, number: one.number, isTelephone: isTelephone(one.field) }));
  const added = fields.flatMap((one) => {
    const last = Math.max(0, ...stored.filter(({ field }) => field === one.name).map(({ number }) => number));
    if (last > 0 && !one.repeats) return [];
    return [{ words: fill(texts.correctAdd, { field: label(language, one) }), field: one.name, number: last + 1, isTelephone: isTelephone(one.name) }];
  });
  return [...stored, ...added];
}

export const refusalsOf = (typed: string): string[] => typed.split(/[、,，;；]/).map((one) => one.trim()).filter((one) => one !== "");

/** What the vault finds wrong with a value, by its words. */
const faults = ["controls", "not_kana", "no_date", "in_future", "no_postal_code", "no_telephone", "no_mail"] as const;

function troubleOf(texts: Texts, error: Refused): string {
  if (error.isAway) return texts.away;
  const fault = faults.find((one) => one === error.code);
  if (fault !== undefined) return texts[`correctFault_${fault}`];
  if (error.code === "nothing") return texts.correctInvalid;
  if (error.code === "invalid") return texts.correctInvalid;
  return error.code === "conflict" ? texts.correctConflict : sentence(texts, error.code);
}

export function correctingForm(parts: CorrectingParts, person: Candidate): HTMLElement {
  const { texts } = parts;
  const choices = choicesOf(parts, person);
  const field = el("select", { name: "correct-field" }, ...choices.map((one, i) => el("option", { value: String(i) }, one.words)));
  const text = el("input", { type: "text", name: "correct-text", autocomplete: "off", spellcheck: "false", maxlength: "2000" });
  const verified = el("input", { type: "checkbox", name: "correct-verified" });
  const givenFor = el("input", { type: "text", name: "correct-given-for", autocomplete: "off", maxlength: "60" });
  const refusals = el("input", { type: "text", name: "correct-refusals", autocomplete: "off", maxlength: "200" });
  const refusesNothing = el("input", { type: "checkbox", name: "correct-refuses-nothing" });
  const why = el("select", { name: "correct-reason" }, el("option", { value: "" }, "―"), ...reasons.map((one) => el("option", { value: one }, texts[`correct_${one}`])));
  const said = el("p", { class: "outcome correct-said", role: "status" });
  const ofTelephones = el("div", {}, el("label", {}, texts.correctGivenFor, givenFor), el("label", {}, texts.correctRefusals, refusals), el("label", { class: "tick" }, refusesNothing, texts.correctRefusesNothing));
  const gone = el("button", { type: "button", class: "quiet" }, texts.correctGone);

  const chosen = (): Choice => choices[Number(field.value)]!;
  const showChosen = (): void => {
    ofTelephones.hidden = !chosen().isTelephone;
    const isStored = Number(field.value) < person.masked.length;
    gone.hidden = !isStored;
    refusesNothing.parentElement!.hidden = !isStored;
  };
  const say = (words: string, kind: string): void => {
    said.className = `outcome correct-said ${kind}`;
    setText(said, words);
  };
  const send = async (what: Partial<Correction>): Promise<void> => {
    if (why.value === "") return why.focus();
    const { field: name, number } = chosen();
    try {
      const { outcome } = await ask<Schemas["Corrected"]>("POST", "/owner/correct", { body: { subject: person.subject, reason: why.value, field: name, number, ...what } });
      for (const input of [text, givenFor, refusals]) input.value = "";
      refusesNothing.checked = false;
      say(texts[`correctDone_${outcome}`], "match");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say(troubleOf(texts, error), "cannot_confirm");
    }
  };
  const newRefusals = (): string[] | null => {
    if (!chosen().isTelephone) return null;
    const typed = refusalsOf(refusals.value);
    return typed.length > 0 || refusesNothing.checked ? typed : null;
  };
  const wanted = (): Partial<Correction> => ({
    ...(text.value.trim() === "" ? {} : { text: text.value.trim(), ...(verified.checked ? { verified: true } : {}) }),
    ...(chosen().isTelephone && givenFor.value.trim() !== "" ? { given_for: givenFor.value.trim() } : {}),
    ...(newRefusals() === null ? {} : { refusals: newRefusals()! }),
  });
  const form = el(
    "form",
    { class: "correcting", autocomplete: "off" },
    el("label", {}, texts.correctField, field),
    el("label", {}, texts.correctText, text),
    el("label", { class: "tick" }, verified, texts.correctVerified),
    ofTelephones,
    el("label", {}, texts.correctReason, why),
    el("div", { class: "row" }, el("button", { type: "submit" }, texts.correctDo), gone),
    said,
  );
  field.addEventListener("change", showChosen);
  gone.addEventListener("click", () => {
    if (why.value === "") return why.focus();
    if (window.confirm(texts.correctGoneSure)) void send({ gone: true });
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const what = wanted();
    if (Object.keys(what).length > 0) return void send(what);
    say(texts.correctNothing, "cannot_confirm");
    text.focus();
  });
  showChosen();
  return el("details", { id: "correct" }, el("summary", {}, texts.correctTitle), el("p", { class: "muted" }, texts.correctHint), form);
}
