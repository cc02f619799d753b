// What owners have stopped, with the words that they left for callers, shown to whoever is signed in at the glass; and
// to supervisors the alarms about their people. Asked for again and again: a stop is to be seen before the next press.
import { Refused, type Schemas, ask } from "./api.js";
import { become, el } from "./dom.js";
import { type Language, type Texts, fill, shortTime } from "./texts.js";

export type TicketStage = NonNullable<Schemas["Stops"]["ticket_stage"]>;

const inCallMs = 1_500;
const idleMs = 5_000;
const mostAlarms = 5;

/** The lines of the alarms, shared by the owner's page. */
export function alarmWords(texts: Texts, language: Language, alarm: Schemas["Alarm"]): HTMLElement[] {
  return [
    el("span", { class: `state ${alarm.severity}` }, texts[`severity_${alarm.severity}`]),
    el("span", { class: "muted" }, shortTime(language, alarm.at)),
    el("strong", {}, fill(texts.alarmAbout, { who: alarm.operator, desk: alarm.desk })),
    el("span", { class: "reason" }, language === "ja" ? alarm.reason_ja : alarm.reason_en),
    ...(alarm.frozen ? [el("span", { class: "state" }, alarm.answer === "release" ? texts.alarmReleased : texts.alarmFrozen)] : []),
  ];
}

export interface StopParts {
  /** The ticket in hand. */
  ticket: () => string | null;
  /** Where it stands, as the vault says: the call may have ended. */
  stands: (ticket: string, stage: TicketStage) => void;
  /** Whether the vault is there. */
  reached: (isThere: boolean) => void;
}

export class StopBoard {
  readonly element = el("div", { class: "stops" });
  private readonly stops = el("div", { role: "alert" });
  private readonly alarms = el("section", { class: "alarms", hidden: true, "aria-live": "polite" });
  private session: Schemas["Session"] | null = null;
  private timer = 0;

  constructor(
    private readonly texts: Texts,
    private readonly language: Language,
    private readonly parts: StopParts,
  ) {
    this.element.append(this.stops, this.alarms);
  }

  /** Who is signed in; null: nobody. */
  watch(session: Schemas["Session"] | null): void {
    this.session = session;
    window.clearTimeout(this.timer);
    if (session === null) {
      become(this.stops, []);
      this.alarms.hidden = true;
    } else void this.look();
  }

  private async look(): Promise<void> {
    const { session } = this;
    const ticket = this.parts.ticket();
    if (session === null) return;
    try {
      const told = await ask<Schemas["Stops"]>("GET", "/stops", ticket === null ? {} : { ticket });
      if (this.session !== session || this.parts.ticket() !== ticket) return this.again();
      this.show(told);
      this.parts.reached(true);
      if (ticket !== null && told.ticket_stage !== null) this.parts.stands(ticket, told.ticket_stage);
      if (session.role === "supervisor") this.showAlarms((await ask<Schemas["Alarms"]>("GET", "/alarms")).alarms);
    } catch (error) {
      // What is shown stays: the vault refuses by itself, whatever the page knows.
      if (error instanceof Refused && error.isAway) this.parts.reached(false);
    }
    this.again();
  }

  private again(): void {
    window.clearTimeout(this.timer);
    if (this.session !== null) this.timer = window.setTimeout(() => void this.look(), this.parts.ticket() === null ? idleMs : inCallMs);
  }

  private show(told: Schemas["Stops"]): void {
    const { texts, language } = this;
    const lines = told.stops.map((stop) => {
      const scope = fill(texts[`scope_${stop.scope}`], { name: stop.name });
      return el(
        "div",
        { class: "stop" },
        el("p", {}, fill(texts.stopped, { owner: stop.owner.name, scope, time: shortTime(language, stop.since) })),
        el("p", { class: "say" }, el("span", { class: "muted" }, texts.sayToCaller), el("q", {}, stop.script === "" ? texts.usualScript : stop.script)),
      );
    });
    if (told.ticket_frozen) lines.push(el("div", { class: "stop" }, el("p", {}, texts.ticket_frozen)));
    become(this.stops, lines);
  }

  private showAlarms(alarms: Schemas["Alarm"][]): void {
    this.alarms.hidden = alarms.length === 0;
    const lines = alarms.slice(0, mostAlarms).map((alarm) => el("li", {}, ...alarmWords(this.texts, this.language, alarm)));
    become(this.alarms, [el("h2", {}, this.texts.alarms), el("ul", {}, ...lines)]);
  }
}
