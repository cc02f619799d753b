// What the glass shows while a ticket holds: the ticket's line, the candidates, the search, and one person at a time.
import { type Candidate, Refused, type Schemas, type Ticket, ask } from "./api.js";
import { el } from "./dom.js";
import { type PeopleParts, peopleList, searchForm } from "./people.js";
import { PersonCard } from "./person.js";
import { type PlaybackBox, ticketPlayback } from "./playback.js";
import type { SealedTexts } from "./sealed_text.js";
import type { TicketStage } from "./stops.js";
import { type Language, type Texts, fill, sentence, shortTime, timeIn } from "./texts.js";

export interface DeskParts {
  texts: Texts;
  language: Language;
  sealed: () => SealedTexts | null;
  tell: (outcome: "opened" | "refused") => void;
  say: (words: string) => void;
  signedOut: () => void;
  /** Nothing is shown any more: the ticket is over, or the person closed a case. */
  closed: () => void;
}

const extendSeconds = 120;

export class Desk {
  readonly element = el("div", { class: "desk" });
  private given: string | null = null;
  private ticketId: string | null = null; // the given one's, or of another purpose of the same call
  private stage: TicketStage | null = null; // as it is shown
  private wanted: string | null = null; // who is to be opened once the purpose has changed
  private card: PersonCard | null = null;
  private playback: PlaybackBox | null = null;

  constructor(private readonly parts: DeskParts) {}

  get isOpen(): boolean {
    return this.ticketId !== null;
  }

  get inHand(): string | null {
    return this.ticketId;
  }

  /** Where a ticket stands now: the call may have ended, and after it the wrap-up. */
  stands(ticketId: string, stage: TicketStage): void {
    if (ticketId !== this.ticketId || this.stage === null || stage === this.stage) return;
    if (stage === "over") return this.over("ticket_over");
    if (this.card) void this.showStage();
    else void this.load(ticketId);
  }

  /** Another ticket, or none: what was shown for the last one goes. */
  async take(ticketId: string | null, isCase = false): Promise<void> {
    if (ticketId !== this.given) await this.work(ticketId, ticketId, isCase);
  }

  private async work(given: string | null, ticketId: string | null, isCase = false): Promise<void> {
    const cleared = this.clear();
    this.given = given;
    this.ticketId = ticketId;
    await cleared;
    if (ticketId !== null && this.ticketId === ticketId) await this.load(ticketId, isCase);
  }

  async clear(): Promise<void> {
    const card = this.card;
    this.card = null;
    this.given = null;
    this.ticketId = null;
    this.stage = null;
    this.playback?.close();
    this.element.replaceChildren();
    await card?.leave();
  }

  private async load(ticketId: string, isCase = false): Promise<void> {
    try {
      const [ticket, people] = await Promise.all([
        ask<Ticket>("GET", "/ticket", { ticket: ticketId }),
        isCase ? null : ask<Schemas["People"]>("GET", "/candidates", { ticket: ticketId }).catch((error: unknown) => error),
      ]);
      if (this.ticketId !== ticketId) return; // the call has gone meanwhile
      if (this.card) return void this.showStage(); // somebody was chosen meanwhile
      this.parts.say("");
      if (ticket.case) this.openCase(ticket, ticket.case);
      else this.show(ticket, people);
    } catch (error) {
      this.refused(error);
    }
  }

  private openCase(ticket: Ticket, { owner, subject }: NonNullable<Ticket["case"]>): void {
    this.showPerson(ticket, { owner, subject, masked: [], matched: [], vouched: false, opened: false, opened_for: [], may_open: true }, () => void this.clear().then(() => this.parts.closed()));
  }

  private show(ticket: Ticket, people: unknown): void {
    const { texts, language } = this.parts;
    const wanted = (people as Schemas["People"]).people?.find((one) => one.subject === this.wanted);
    this.wanted = null;
    if (wanted) return this.open(ticket, wanted, people);
    const parts: PeopleParts = { texts, language, ticket, choose: (person) => this.choose(ticket, person, people), refused: (error) => this.refused(error) };
    const ended = ticket.stage === "wrap_up";
    const none = ended ? texts.nobodyOpened : (people as Schemas["People"]).withheld ? texts.withheld : texts.noCandidates;
    this.playback?.close();
    this.playback = this.playbackFor(ticket);
    this.element.replaceChildren(
      this.head(ticket),
      el(
        "section",
        { class: "candidates" },
        el("h2", {}, ended ? texts.openedInCall : texts.candidates),
        people instanceof Refused ? el("p", { class: "muted" }, sentence(texts, people.code)) : peopleList(parts, people as Schemas["People"], none),
      ),
      ...(ended ? [] : [searchForm(parts)]), // after the call nobody else is looked for
      ...(this.playback ? [this.playback.element] : []),
    );
  }

  /** Of a call to one client's own number; on a common desk the person who is opened says whose it is. */
  private playbackFor(ticket: Ticket): PlaybackBox | null {
    const { texts, language } = this.parts;
    const only = ticket.owners.length === 1 ? ticket.owners[0] : undefined;
    if (!only || !ticket.purpose.playback) return null;
    return ticketPlayback({ texts, language, refused: (error) => this.refused(error) }, ticket.ticket, { owner: only.id });
  }

  /** In the wrap-up somebody is opened again for what they were opened for. */
  private choose(ticket: Ticket, person: Candidate, people: unknown): void {
    const [purpose] = person.opened_for;
    if (ticket.stage !== "wrap_up" || purpose === undefined || person.opened_for.includes(ticket.purpose.id)) return this.open(ticket, person, people);
    this.wanted = person.subject;
    void this.changePurpose(ticket, purpose).then((taken) => {
      if (!taken) this.wanted = null;
    });
  }

  private open(ticket: Ticket, person: Candidate, people: unknown): void {
    this.playback?.close();
    const { stage } = ticket;
    this.showPerson(ticket, person, () => {
      this.card = null;
      if (this.stage === stage || this.ticketId === null) this.show(ticket, people);
      else void this.load(this.ticketId); // the call has ended meanwhile
    });
  }

  private showPerson(ticket: Ticket, person: Candidate, back: () => void): void {
    const { texts, language } = this.parts;
    this.card = new PersonCard(person, {
      texts, language, ticket, sealed: this.parts.sealed(), back,
      opened: () => this.parts.tell("opened"),
      refused: (error) => this.refused(error),
    });
    this.parts.say("");
    this.element.replaceChildren(this.head(ticket), this.card.element);
    this.card.focus();
  }

  private head(ticket: Ticket): HTMLElement {
    const { texts } = this.parts;
    this.stage = ticket.stage;
    const purpose = el("select", { "aria-label": texts.purpose, onchange: () => void this.changePurpose(ticket, purpose.value).then((taken) => { if (!taken) purpose.value = ticket.purpose.id; }) });
    for (const one of ticket.purposes) purpose.append(el("option", { value: one.id, selected: one.id === ticket.purpose.id }, one.name));
    const extend = el("button", { type: "button", class: "quiet", onclick: () => void this.extend(ticket) }, texts.extend);
    return el(
      "div",
      { class: `ticket ${ticket.stage}` },
      el("span", { class: "stage" }, this.stageOf(ticket)),
      purpose,
      ticket.stage === "wrap_up" && extend,
    );
  }

  private stageOf(ticket: Ticket): string {
    const { texts, language } = this.parts;
    const ends = ticket.ends_at ?? "";
    if (ticket.case) return fill(texts.inCase, { reference: ticket.case.reference, time: shortTime(language, ends) });
    if (ticket.stage === "in_call") return texts.inCall;
    return fill(texts.wrapUp, { time: timeIn(language, ends, "short") });
  }

  /** Whether it was allowed: in the wrap-up only a purpose that somebody was opened for in the call is. */
  private async changePurpose(ticket: Ticket, purpose: string): Promise<boolean> {
    try {
      const other = await ask<Ticket>("POST", "/ticket/purpose", { body: { purpose }, ticket: ticket.ticket });
      await this.work(this.given, other.ticket);
      return true;
    } catch (error) {
      this.refused(error);
      return false;
    }
  }

  private async extend(ticket: Ticket): Promise<void> {
    try {
      await ask<Ticket>("POST", "/ticket/extend", { body: { seconds: extendSeconds }, ticket: ticket.ticket });
      this.parts.say("");
      await this.showStage();
    } catch (error) {
      this.refused(error);
    }
  }

  /** The ticket's line as it is now, above whatever is shown. */
  private async showStage(): Promise<void> {
    const id = this.ticketId;
    if (id === null) return;
    const ticket = await ask<Ticket>("GET", "/ticket", { ticket: id }).catch(() => null);
    const before = this.element.querySelector(".ticket");
    if (!ticket || id !== this.ticketId || !before) return;
    const wasFocused = before.contains(document.activeElement);
    const head = this.head(ticket);
    before.replaceWith(head);
    if (wasFocused) head.querySelector("select")?.focus();
  }

  refused(error: unknown): void {
    if (!(error instanceof Refused)) throw error;
    this.parts.tell("refused");
    if (error.status === 401) return this.parts.signedOut();
    this.parts.say(error.isAway ? this.parts.texts.away : sentence(this.parts.texts, error.code));
    if (error.code === "wrap_up") void this.showStage();
    if (error.code === "ticket_over" || error.code === "no_ticket") this.over(error.code);
  }

  private over(why: "ticket_over" | "no_ticket"): void {
    this.parts.say(this.parts.texts[why]);
    void this.clear().then(() => this.parts.closed());
  }
}
