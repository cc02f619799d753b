// The owner's part of watching: alarms with their reasons and the owner's answer, and stopping openings by one person,
// on one desk or at all, with words left for the operators.
import { type Schemas, ask } from "./api.js";
import { become, byId, el, setText } from "./dom.js";
import { alarmWords } from "./stops.js";
import { type Language, type Texts, fill, label, shortTime } from "./texts.js";

type Act = (run: () => Promise<unknown>) => void;
const scopes = ["person", "desk", "all"] as const;
type Scope = (typeof scopes)[number];

export class WatchCard {
  private readonly scope = el("select", { name: "freeze-scope" });
  private readonly name = el("input", { name: "freeze-name", type: "text", maxlength: "64", list: "freeze-names", autocomplete: "off" });
  private readonly names = el("datalist", { id: "freeze-names" });
  private readonly why = el("input", { name: "freeze-why", type: "text", maxlength: "150", autocomplete: "off" });
  private readonly script = el("textarea", { name: "freeze-script", rows: "2", maxlength: "600" });

  constructor(
    private readonly texts: Texts,
    private readonly language: Language,
    private readonly act: Act,
  ) {
    for (const scope of scopes) this.scope.append(el("option", { value: scope }, texts[`freeze_${scope}`]));
    const named = el("label", {}, texts.freezeName, this.name, this.names);
    this.scope.addEventListener("change", () => (named.hidden = this.scope.value === "all"));
    byId("freeze-form").append(
      el("h3", {}, texts.freezeTitle),
      el("label", {}, texts.freezeScope, this.scope),
      named,
      el("label", {}, texts.clientFreezeWhy, this.why),
      el("label", { class: "wide" }, texts.freezeScript, this.script),
      el("button", { type: "submit" }, texts.freezeDo),
    );
    byId("freeze-form").addEventListener("submit", (event) => this.freeze(event));
  }

  showAlarms(alarms: Schemas["Alarm"][]): void {
    const lines = alarms.map((alarm) => el("li", { "data-rule": alarm.rule }, ...alarmWords(this.texts, this.language, alarm), ...this.answers(alarm)));
    become(byId("alarms"), lines.length > 0 ? lines : [el("li", { class: "muted" }, this.texts.noAlarms)]);
  }

  showFreezes(freezes: Schemas["Freeze"][]): void {
    const { texts, language, act } = this;
    const lines = freezes.map((one) => {
      const scope = fill(texts[`scope_${one.scope}`], { name: one.name });
      return el(
        "p",
        {},
        el("strong", {}, fill(texts.clientFrozen, { scope, by: one.by, time: shortTime(language, one.since), reason: one.reason })),
        one.script !== "" && el("q", {}, one.script),
        el("button", { type: "button", class: "quiet", onclick: () => act(() => ask("DELETE", `/owner/freezes/${one.freeze}`)) }, texts.clientLift),
      );
    });
    become(byId("freezes"), lines);
  }

  /** Whom and which desks one may want to stop. */
  suggest(names: string[]): void {
    become(this.names, [...new Set(names)].sort().map((name) => el("option", { value: name }, name)));
  }

  private answers(alarm: Schemas["Alarm"]): HTMLElement[] {
    const { texts, language, act } = this;
    const answer = (word: "seen" | "release"): void => act(() => ask("POST", `/owner/alarms/${alarm.alarm}/answer`, { body: { answer: word } }));
    const button = (text: string, press: () => void): HTMLElement => el("button", { type: "button", class: "quiet", onclick: press }, text);
    const shown: HTMLElement[] = [];
    if (alarm.answer === null) shown.push(button(texts.alarmSeen, () => answer("seen")));
    else shown.push(el("span", { class: "muted" }, fill(texts.alarmAnswered, { by: alarm.answered_by ?? "", time: shortTime(language, alarm.answered_at ?? "") })));
    if (alarm.frozen && alarm.answer !== "release") shown.push(button(texts.alarmRelease, () => answer("release")));
    shown.push(button(texts.freezeThisPerson, () => this.prepare("person", alarm.operator)));
    shown.push(button(texts.freezeThisDesk, () => this.prepare("desk", alarm.desk)));
    return shown;
  }

  private prepare(scope: Scope, name: string): void {
    this.scope.value = scope;
    this.scope.dispatchEvent(new Event("change"));
    this.name.value = name;
    this.why.focus();
  }

  /** Asked once for each sign-in: a record is marked rarely. */
  async offerCanaries(): Promise<void> {
    const { texts, language } = this;
    const [{ fields }, { count }] = await Promise.all([
      ask<{ fields: Schemas["Field"][] }>("GET", "/owner/searchable"),
      ask<{ count: number }>("GET", "/owner/canaries"),
    ]);
    const field = el("select", { name: "canary-field" }, ...fields.map((one) => el("option", { value: one.name }, label(language, one))));
    const value = el("input", { name: "canary-value", type: "text", maxlength: "200", autocomplete: "off" });
    const about = el("p", { class: "muted", role: "status" }, fill(texts.canaryAbout, { count }));
    const form = byId<HTMLFormElement>("canary-form");
    form.onsubmit = (event) => {
      event.preventDefault();
      this.act(async () => {
        const found = await ask<Schemas["People"]>("POST", "/owner/search", { body: { all_of: [{ field: field.value, value: value.value.trim() }] } });
        const only = found.people.length === 1 && !found.more ? found.people[0] : undefined;
        if (!only) return setText(about, texts.canaryNone);
        const marked = await ask<{ count: number }>("POST", "/owner/canaries", { body: { subject: only.subject } });
        setText(about, fill(texts.canaryAbout, { count: marked.count }));
        value.value = "";
      });
    };
    form.replaceChildren(el("h3", {}, texts.canaryTitle), about, el("label", {}, texts.canaryField, field), el("label", {}, texts.canaryValue, value), el("button", { type: "submit", class: "quiet" }, texts.canaryDo));
  }

  private freeze(event: Event): void {
    event.preventDefault();
    const scope = this.scope.value;
    const body = { scope, name: scope === "all" ? "" : this.name.value.trim(), reason: this.why.value.trim() || "-", script: this.script.value.trim() };
    this.act(async () => {
      await ask("POST", "/owner/freezes", { body });
      for (const field of [this.name, this.why, this.script]) field.value = "";
    });
  }
}
