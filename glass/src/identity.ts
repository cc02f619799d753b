// The identity check of one person: who speaks, and for whom; what the caller said, compared without showing what is on
// file; and the supervisor's word where answers do not suffice.
import { type Schemas, ask } from "./api.js";
import { el, setText } from "./dom.js";
import { type Language, type Texts, fill, label } from "./texts.js";

type Identity = Schemas["Identity"];
type Caller = Schemas["Caller"];

export interface IdentityParts {
  texts: Texts;
  language: Language;
  ticket: Schemas["Ticket"];
  about: { owner: string; subject: string };
  /** What one press would open, and whether it may be pressed. */
  standing: (identity: Identity) => void;
  refused: (error: unknown) => void;
}

const askAgainMs = 1_500;
const usual = "name_kana"; // what callers are asked first

export const worded = (language: Language, words: { ja: string; en: string }): string => (language === "ja" ? words.ja : words.en);

/** Whether the purpose opens anything when this caller speaks. */
export function givesTo(purpose: Schemas["Purpose"], caller: Caller): boolean {
  return caller.own_voice || (purpose.callers?.[caller.caller]?.fields.length ?? 0) > 0;
}

export class IdentityCheck {
  readonly element = el("div", { class: "identity" });
  private readonly caller = el("select", { name: "caller" });
  private readonly bases = el("select", { name: "caller-basis" });
  private readonly asks = el("div", { class: "asks" });
  private readonly said = el("p", { class: "muted", role: "status" });
  private readonly outcome = el("p", { class: "outcome", role: "status" });
  private readonly typed = el("input", { name: "typed", type: "text", autocomplete: "off", spellcheck: "false", maxlength: "200" });
  private readonly vouch: HTMLButtonElement;
  private callers: Caller[] = [];
  private now: Identity | null = null;
  private timer = 0;
  private closed = false;
  private readonly begun: Promise<void>; // nothing is compared before it is known who speaks

  constructor(private readonly parts: IdentityParts) {
    const { texts } = parts;
    this.caller.setAttribute("aria-label", texts.callerTitle);
    this.bases.setAttribute("aria-label", texts.callerBasis);
    this.typed.setAttribute("aria-label", texts.checkHint);
    this.vouch = el("button", { type: "button", class: "quiet vouch-ask", onclick: () => void this.during(() => this.askVouch()) }, texts.vouchAsk);
    this.element.append(this.callerForm(), this.checkForm(), this.vouch);
    this.begun = this.during(() => this.begin());
  }

  close(): void {
    this.closed = true;
    window.clearTimeout(this.timer);
  }

  focus(): void {
    this.typed.focus();
  }

  private async during(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!this.closed) this.parts.refused(error);
    }
  }

  private post<T>(path: string, body: object = {}): Promise<T> {
    return ask<T>("POST", path, { body: { ...this.parts.about, ...body }, ticket: this.parts.ticket.ticket });
  }

  private async begin(): Promise<void> {
    const { owner, subject } = this.parts.about;
    const query = `?owner=${encodeURIComponent(owner)}&subject=${encodeURIComponent(subject)}`;
    const [{ callers }, identity] = await Promise.all([
      ask<Schemas["Callers"]>("GET", "/callers"),
      ask<Identity>("GET", `/identity${query}`, { ticket: this.parts.ticket.ticket }),
    ]);
    this.callers = callers;
    this.caller.replaceChildren(...callers.map((one) => el("option", { value: one.caller }, worded(this.parts.language, one))));
    this.caller.value = identity.caller;
    this.chosen();
    this.show(identity);
    if (identity.vouch_wanted) this.waitForVouch();
  }

  // ---- who speaks

  private callerForm(): HTMLElement {
    const { texts } = this.parts;
    const form = el("form", { class: "caller" }, el("h2", {}, texts.callerTitle), el("div", { class: "condition" }, this.caller, this.bases), this.asks, el("button", { type: "submit", class: "quiet" }, texts.callerSay), this.said);
    this.caller.addEventListener("change", () => this.chosen());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { one } = this.selected();
      if (!one) return;
      if (one.bases.length > 0 && this.bases.value === "") return this.bases.focus();
      void this.during(async () => {
        this.show(await this.post<Identity>("/caller", { caller: one.caller, ...(one.bases.length > 0 ? { basis: this.bases.value } : {}) }));
        this.typed.focus();
      });
    });
    return form;
  }

  private selected(): { one: Caller | undefined } {
    return { one: this.callers.find((caller) => caller.caller === this.caller.value) };
  }

  /** What is asked of who was chosen; it counts once it is said to the vault. */
  private chosen(): void {
    const { texts, language, ticket } = this.parts;
    const { one } = this.selected();
    if (!one) return;
    const gives = givesTo(ticket.purpose, one);
    this.bases.hidden = one.bases.length === 0 || !gives;
    this.bases.replaceChildren(el("option", { value: "" }, texts.callerChoose), ...one.bases.map((basis) => el("option", { value: basis.id }, worded(language, basis))));
    this.asks.replaceChildren(
      ...(gives ? [] : [el("p", { class: "nothing" }, texts.callerNothing)]),
      el("ul", {}, ...one.asks.map((words) => el("li", {}, worded(language, words)))),
      ...(one.ground === "" ? [] : [el("p", { class: "muted" }, fill(texts.callerGround, { ground: one.ground }))]),
    );
    const submit = this.element.querySelector<HTMLButtonElement>(".caller button");
    if (submit) submit.disabled = !gives;
  }

  // ---- what the caller said

  private checkForm(): HTMLElement {
    const { texts, language, ticket } = this.parts;
    const field = el("select", { name: "check-field", "aria-label": texts.check });
    for (const one of ticket.checkable) field.append(el("option", { value: one.name, selected: one.name === usual }, label(language, one)));
    const check = async (): Promise<void> => {
      await this.begun;
      const told = await this.post<Schemas["Checked"]>("/check", { field: field.value, typed: this.typed.value });
      const isMatch = told.outcome === "match";
      this.outcome.className = `outcome ${told.outcome}`;
      const more = isMatch ? (told.checks_left > 0 ? fill(texts.left, { count: told.checks_left }) : texts.enough) : fill(texts.guesses, { count: told.guesses_left });
      setText(this.outcome, `${isMatch ? `✓ ${texts.match}` : `― ${texts.cannotConfirm}`}  ${more}`);
      this.typed.value = "";
      if (this.now) this.show({ ...this.now, checks_left: told.checks_left, guesses_left: told.guesses_left, may_open: told.checks_left === 0 });
      if (told.checks_left > 0) this.typed.focus();
    };
    return el(
      "form",
      {
        class: "check",
        autocomplete: "off",
        onsubmit: (event) => {
          event.preventDefault();
          if (this.typed.value.trim() === "") return this.typed.focus();
          void this.during(check);
        },
      },
      el("h2", {}, texts.check),
      el("p", { class: "muted" }, texts.checkHint),
      el("div", { class: "condition" }, field, this.typed),
      el("button", { type: "submit", class: "quiet" }, texts.checkDo),
      this.outcome,
    );
  }

  private show(identity: Identity): void {
    const { texts, language } = this.parts;
    this.now = identity;
    const one = this.callers.find((caller) => caller.caller === identity.caller);
    const basis = one?.bases.find((known) => known.id === identity.basis);
    const name = one ? worded(language, one) : identity.caller;
    setText(this.said, basis ? fill(texts.callerIsOn, { caller: name, basis: worded(language, basis) }) : fill(texts.callerIs, { caller: name }));
    if (identity.vouched) this.tell("match", `✓ ${texts.vouched}`);
    this.vouch.hidden = identity.may_open || identity.vouch_wanted;
    this.parts.standing(identity);
  }

  private tell(kind: string, words: string): void {
    this.outcome.className = `outcome ${kind}`;
    setText(this.outcome, words);
  }

  // ---- the supervisor's word

  private async askVouch(): Promise<void> {
    await this.post("/vouch/wanted");
    this.vouch.hidden = true;
    this.waitForVouch();
  }

  private waitForVouch(): void {
    const { texts, about, ticket } = this.parts;
    this.tell("", texts.vouchAsked);
    const query = `?owner=${encodeURIComponent(about.owner)}&subject=${encodeURIComponent(about.subject)}`;
    const look = async (): Promise<void> => {
      const identity = await ask<Identity>("GET", `/identity${query}`, { ticket: ticket.ticket });
      if (this.closed) return;
      if (identity.vouch_wanted) {
        this.timer = window.setTimeout(() => void this.during(look), askAgainMs);
        return;
      }
      this.show(identity);
      if (!identity.vouched) this.tell("cannot_confirm", `― ${texts.notVouched}`);
    };
    this.timer = window.setTimeout(() => void this.during(look), askAgainMs);
  }
}
