// What operators want of a supervisor at the glass: a word for a caller's identity, for a reason that the log keeps. No
// value of the record is shown to either.
import { type Schemas, ask } from "./api.js";
import { become, el } from "./dom.js";
import { worded } from "./identity.js";
import { type Language, type Texts, fill, shortTime } from "./texts.js";

const againMs = 1_500;

type Wanted = Schemas["Vouches"]["wanted"][number];

export class VouchBoard {
  readonly element = el("section", { class: "vouches", hidden: true, "aria-live": "polite" });
  private callers: Schemas["Caller"][] = [];
  private timer = 0;
  private watching = false;

  constructor(
    private readonly texts: Texts,
    private readonly language: Language,
    private readonly refused: (error: unknown) => void,
  ) {
    this.element.setAttribute("aria-label", texts.vouchesTitle);
  }

  watch(session: Schemas["Session"] | null): void {
    this.watching = session?.role === "supervisor";
    window.clearTimeout(this.timer);
    if (this.watching) void this.look();
    else this.element.hidden = true;
  }

  private async look(): Promise<void> {
    window.clearTimeout(this.timer);
    try {
      if (this.callers.length === 0) this.callers = (await ask<Schemas["Callers"]>("GET", "/callers")).callers;
      const told = await ask<Schemas["Vouches"]>("GET", "/vouches");
      if (this.watching) this.show(told);
    } catch {
      // What is shown stays until the vault says otherwise; it decides by itself.
    }
    if (this.watching) this.timer = window.setTimeout(() => void this.look(), againMs);
  }

  private show({ wanted, reasons }: Schemas["Vouches"]): void {
    const { texts } = this;
    this.element.hidden = wanted.length === 0;
    become(this.element, [el("h2", {}, texts.vouchesTitle), el("p", { class: "muted" }, texts.vouchLogged), el("ul", {}, ...wanted.map((one) => this.line(one, reasons)))]);
  }

  private line(one: Wanted, reasons: Schemas["Basis"][]): HTMLElement {
    const { texts, language } = this;
    const caller = this.callers.find((known) => known.caller === one.standing.caller);
    const reason = el("select", { name: "vouch-reason", "aria-label": texts.vouchReason }, el("option", { value: "" }, texts.vouchReason), ...reasons.map((basis) => el("option", { value: basis.id }, worded(language, basis))));
    const send = (path: string, body: object): void =>
      void ask("POST", path, { body: { owner: one.owner.id, subject: one.subject, ...body }, ticket: one.ticket })
        .then(() => this.look())
        .catch((error: unknown) => this.refused(error));
    const standing = fill(texts.vouchStanding, { caller: caller ? worded(language, caller) : one.standing.caller, matched: one.standing.matched.length, left: one.standing.checks_left });
    return el(
      "li",
      {},
      el("strong", {}, fill(texts.vouchLine, { who: one.operator, owner: one.owner.name, desk: one.desk, time: shortTime(language, one.asked_at) })),
      el("span", {}, standing),
      reason,
      el("button", { type: "button", class: "vouch", onclick: () => (reason.value === "" ? reason.focus() : send("/vouch", { reason: reason.value })) }, texts.vouchDo),
      el("button", { type: "button", class: "quiet", onclick: () => send("/vouch/decline", {}) }, texts.vouchDecline),
    );
  }
}
