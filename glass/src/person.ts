// One person: masked until the identity is checked and the purpose opened with one press; then the values, watermarked,
// and notes about the person.
import { type Candidate, type Opened, Refused, type Schemas, type Ticket, ask } from "./api.js";
import { keepForm } from "./cases.js";
import { el, setText } from "./dom.js";
import { IdentityCheck } from "./identity.js";
import { NoteWriter, type NoteState, writeWith } from "./notes.js";
import { type PlaybackBox, ticketPlayback } from "./playback.js";
import type { SealedTexts } from "./sealed_text.js";
import { carried, maskedLine } from "./telephone.js";
import { type Language, type Texts, fill, label, sentence, shortTime, timeIn } from "./texts.js";
import { watermark } from "./watermark.js";

export interface PersonParts {
  texts: Texts;
  language: Language;
  ticket: Ticket;
  sealed: SealedTexts | null;
  back: () => void;
  opened: () => void;
  refused: (error: unknown) => void;
}

/** The names of fields are the vault's; what a person reads are their labels, where one is known. */
function fieldNames(parts: PersonParts, fields: string[]): string {
  const names = fields.map((name) => {
    if (name === documentsField) return parts.texts.earlier;
    const [base, number] = name.split(".");
    const field = parts.ticket.fields.find((one) => one.name === base);
    return field ? `${label(parts.language, field)}${number === undefined ? "" : ` ${number}`}` : name;
  });
  return names.join(parts.language === "ja" ? "・" : ", ");
}

/** Of a purpose: what was written about the person may be read. */
const documentsField = "documents";

export class PersonCard {
  readonly element: HTMLElement;
  private readonly stage = el("div", {});
  private writer: NoteWriter | null = null;
  private playback: PlaybackBox | null = null;
  private check: IdentityCheck | null = null;

  constructor(
    private readonly person: Candidate,
    private readonly parts: PersonParts,
  ) {
    const { texts, language } = parts;
    this.element = el(
      "section",
      { class: "person", "aria-label": person.owner.name },
      el("button", { type: "button", class: "quiet", onclick: () => void this.leave().then(parts.back) }, parts.ticket.case === null ? texts.back : texts.caseBack),
      maskedLine(texts, language, person),
      this.stage,
    );
    // Whose case it is the vault knows, and nobody is on the phone to be asked: opening it was the one press.
    // In the wrap-up nobody is either, and what was opened in the call is shown again.
    const again = parts.ticket.stage === "wrap_up" && person.opened_for.includes(parts.ticket.purpose.id);
    if (parts.ticket.case === null && !again) this.showChecks(person.may_open);
    else this.openAtOnce();
  }

  /** Before another person or page is shown: nothing sounds any more, and what was typed is saved. */
  async leave(): Promise<void> {
    this.check?.close();
    this.playback?.close();
    await this.writer?.flush();
  }

  focus(): void {
    if (this.check) this.check.focus();
    else this.element.querySelector("button")?.focus();
  }

  private get about(): { owner: string; subject: string } {
    return { owner: this.person.owner.id, subject: this.person.subject };
  }

  private ask<T>(path: string, body: object): Promise<T> {
    return ask<T>("POST", path, { body: { ...this.about, ...body }, ticket: this.parts.ticket.ticket });
  }

  private openButton(): HTMLButtonElement {
    const { texts, ticket } = this.parts;
    const open = el("button", { type: "button", class: "open", onclick: () => void this.open(open) }, fill(texts.open, { fields: fieldNames(this.parts, ticket.purpose.fields) }));
    return open;
  }

  private openAtOnce(): void {
    const open = this.openButton();
    this.stage.replaceChildren(open);
    void this.open(open);
  }

  private showChecks(mayOpen: boolean): void {
    const { texts, language, ticket, refused } = this.parts;
    const open = this.openButton();
    open.disabled = !mayOpen;
    const standing = (identity: Schemas["Identity"]): void => {
      const wasFocused = document.activeElement;
      setText(open, fill(texts.open, { fields: fieldNames(this.parts, identity.fields) }));
      const becomesOpen = open.disabled && identity.may_open;
      open.disabled = !identity.may_open;
      if (becomesOpen && this.stage.contains(wasFocused)) open.focus();
    };
    this.check = new IdentityCheck({ texts, language, ticket, about: this.about, standing, refused });
    this.stage.replaceChildren(this.check.element, open);
  }

  private async open(button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    try {
      const opened = await this.ask<Opened>("/open", {});
      this.showValues(opened);
      this.parts.opened();
    } catch (error) {
      button.disabled = error instanceof Refused && error.code === "not_checked";
      this.parts.refused(error);
    }
  }

  private showValues(opened: Opened): void {
    this.check?.close();
    const { texts, language } = this.parts;
    const time = timeIn(language, opened.opened_at, "medium");
    const rows = opened.values.map((value) =>
      el(
        "div",
        {},
        el("dt", {}, label(language, value)),
        el("dd", {}, value.text, ...carried(texts, language, value)),
      ),
    );
    if (this.parts.ticket.purpose.playback) this.playback = ticketPlayback({ texts, language, refused: this.parts.refused }, this.parts.ticket.ticket, this.about);
    const keep = keepForm(texts, language, this.parts.ticket, this.about, this.parts.refused);
    this.stage.replaceChildren(
      el(
        "div",
        { class: "values" },
        watermark(`${opened.opened_by} ${shortTime(language, opened.opened_at)}`),
        el("h2", {}, texts.opened, opened.company && el("small", {}, texts.company)),
        el("dl", {}, ...rows),
        el("p", { class: "muted" }, fill(texts.openedBy, { name: opened.opened_by, time, count: opened.entries })),
      ),
      this.notes(),
      ...(keep ? [keep] : []),
      ...(this.playback ? [this.playback.element] : []),
    );
  }

  private notes(): HTMLElement {
    const { texts, language, ticket, sealed } = this.parts;
    const state = el("p", { class: "muted note-state", role: "status" }, texts.noteHint);
    const show = (now: NoteState): void => {
      const time = now.kind === "saved" ? timeIn(language, now.at, "medium") : "";
      const words = {
        idle: texts.noteHint, saving: texts.saving, saved: fill(texts.saved, { time }), kept_here: texts.keptHere,
        refused: now.kind === "refused" ? sentence(texts, now.code) : "",
      };
      state.dataset["state"] = now.kind;
      setText(state, words[now.kind]);
    };
    const later = (again: () => void, milliseconds: number): void => void window.setTimeout(again, milliseconds);
    const writer = new NoteWriter(this.about, { write: writeWith(ticket.ticket), sealed, later, show });
    this.writer = writer;
    const text = el("textarea", { rows: "5", maxlength: "20000", "aria-label": texts.notes, oninput: (event) => writer.type((event.target as HTMLTextAreaElement).value), onblur: () => void writer.flush() });
    // Typed while the vault was away, before the page was opened anew.
    void sealed?.all().then((kept) => {
      const mine = kept.find((one) => one.place === writer.place());
      if (!mine || text.value !== "") return;
      text.value = mine.text;
      writer.resume(mine);
    });
    const earlier = el("div", {});
    if (ticket.purpose.fields.includes(documentsField)) void this.showEarlier(earlier);
    return el("section", { class: "notes" }, el("h2", {}, texts.notes), text, state, earlier);
  }

  private async showEarlier(where: HTMLElement): Promise<void> {
    const { texts, language, ticket } = this.parts;
    const query = `?owner=${encodeURIComponent(this.about.owner)}&subject=${encodeURIComponent(this.about.subject)}`;
    const listed = await ask<Schemas["Documents"]>("GET", `/documents${query}`, { ticket: ticket.ticket }).catch(() => null);
    if (!listed || listed.documents.length === 0) return;
    const rows = listed.documents.map((one) => {
      const text = el("p", { class: "note-text" });
      const read = async (): Promise<void> => {
        try {
          text.textContent = (await ask<Schemas["Document"]>("GET", `/documents/${one.document}${query}`, { ticket: ticket.ticket })).text ?? "";
        } catch (error) {
          this.parts.refused(error);
        }
      };
      const at = timeIn(language, one.written_at, "short", "short");
      return el("li", {}, `${at} ${one.author} `, el("button", { type: "button", class: "quiet", onclick: () => void read() }, texts.readNote), text);
    });
    where.replaceChildren(el("h2", {}, texts.earlier), el("ul", {}, ...rows));
  }
}
