// Cases in the glass: keeping the person of the call in hand for one, and, while no call is up, the own ones: opened,
// handed on, ended. A line shows the case's number and nothing of the record; each opening stands in the owner's log.
import { Refused, type Schemas, type Ticket, ask } from "./api.js";
import { become, el, setText } from "./dom.js";
import { type Language, type Texts, fill, sentence, shortTime } from "./texts.js";

type Case = Schemas["Case"];

const lookAgainMs = 5_000;
const reference = /^[A-Z]{1,4}(-[0-9]{1,6}){1,2}$/;

export function caseLine(texts: Texts, language: Language, one: Case): string {
  return fill(texts.caseLine, { owner: one.owner.name, purpose: one.purpose.name, desk: one.desk, time: shortTime(language, one.ends_at) });
}

/** As people type it: with full-width letters too, in small ones, with blanks around. */
export const referenceOf = (typed: string): string => typed.normalize("NFKC").trim().toUpperCase().replace(/[‐‑–—―−ー]/g, "-");
export const isReference = (text: string): boolean => reference.test(text);

export function referenceInput(texts: Texts): HTMLInputElement {
  return el("input", { name: "case-reference", type: "text", autocomplete: "off", spellcheck: "false", maxlength: "24", "aria-label": texts.caseReference, placeholder: "C-1024" });
}

/** For somebody who was opened in this call; null where the purpose is none for cases. */
export function keepForm(texts: Texts, language: Language, ticket: Ticket, about: { owner: string; subject: string }, refused: (error: unknown) => void): HTMLElement | null {
  if (!ticket.purpose.cases || ticket.case !== null) return null;
  const input = referenceInput(texts);
  const said = el("p", { class: "muted case-kept", role: "status" });
  const keep = async (): Promise<void> => {
    const wanted = referenceOf(input.value);
    if (!isReference(wanted)) {
      setText(said, texts.caseReferenceWrong);
      return input.focus();
    }
    try {
      const kept = await ask<Case>("POST", "/cases", { body: { ...about, reference: wanted }, ticket: ticket.ticket });
      input.value = "";
      setText(said, fill(texts.caseKept, { reference: kept.reference, time: shortTime(language, kept.ends_at) }));
    } catch (error) {
      refused(error);
    }
  };
  const form = el("form", { class: "condition keep-case" }, input, el("button", { type: "submit", class: "quiet" }, texts.caseKeep));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void keep();
  });
  return el("details", { class: "keep" }, el("summary", {}, texts.caseKeep), el("p", { class: "muted" }, texts.caseKeepHint), form, said);
}

export interface CaseBoardParts {
  texts: Texts;
  language: Language;
  /** The holder took one up: it is to be shown. */
  open: (ticket: string) => void;
  say: (words: string) => void;
}

export class CaseBoard {
  readonly element = el("section", { class: "cases", hidden: true });
  private watching = false;
  private timer = 0;

  constructor(private readonly parts: CaseBoardParts) {
    this.element.setAttribute("aria-label", parts.texts.casesMine);
  }

  /** Shown while somebody of staff is signed in and nobody is on the phone. */
  watch(wanted: boolean): void {
    this.watching = wanted;
    window.clearTimeout(this.timer);
    if (wanted) void this.look();
    else this.element.hidden = true;
  }

  private async look(): Promise<void> {
    window.clearTimeout(this.timer);
    try {
      const told = await ask<Schemas["MyCases"]>("GET", "/cases");
      if (this.watching) this.show(told);
    } catch {
      // What is shown stays; the vault decides at each press anyway.
    }
    if (this.watching) this.timer = window.setTimeout(() => void this.look(), lookAgainMs);
  }

  private show({ cases, colleagues }: Schemas["MyCases"]): void {
    const { texts } = this.parts;
    this.element.hidden = cases.length === 0;
    if (this.element.contains(document.activeElement) && document.activeElement?.tagName === "SELECT") return;
    become(this.element, [el("h2", {}, texts.casesMine), el("p", { class: "muted" }, texts.casesHint), el("ul", {}, ...cases.map((one) => this.line(one, colleagues)))]);
  }

  private line(one: Case, colleagues: string[]): HTMLElement {
    const { texts, language } = this.parts;
    const button = (words: string, press: () => void, kind = "quiet"): HTMLElement => el("button", { type: "button", class: kind, "aria-label": `${words} ${one.reference}`, onclick: press }, words);
    const to = el("select", { name: "case-to", "aria-label": `${texts.caseHandTo} ${one.reference}` }, el("option", { value: "" }, texts.caseHandTo), ...colleagues.map((who) => el("option", { value: who }, who)));
    const hand = (): void => {
      if (to.value === "") return to.focus();
      const body = { to: to.value };
      to.blur();
      this.act(() => ask("POST", `/cases/${one.case}/hand`, { body }));
    };
    const end = (): void => {
      if (window.confirm(fill(texts.caseEndSure, { reference: one.reference }))) this.act(() => ask("POST", `/cases/${one.case}/end`));
    };
    return el(
      "li",
      { "data-case": one.case },
      el("strong", {}, one.reference),
      el("span", {}, caseLine(texts, language, one)),
      button(texts.caseOpen, () => this.act(async () => this.parts.open((await ask<Schemas["TakenUp"]>("POST", `/cases/${one.case}/ticket`)).ticket)), "open-case"),
      el("details", {}, el("summary", {}, texts.caseHand), el("span", { class: "condition" }, to, button(texts.caseHand, hand)), button(texts.caseEnd, end)),
    );
  }

  private act(run: () => Promise<unknown>): void {
    this.parts.say("");
    void run()
      .catch((error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        this.parts.say(error.isAway ? this.parts.texts.away : sentence(this.parts.texts, error.code));
      })
      .then(() => (this.watching ? this.look() : undefined));
  }
}
