// Cases on the client's page: who may open whose record without a call, to be ended at any time; and giving such a
// permission, about a person whom the owner has found, to somebody by name.
import { Refused, type Schemas, ask } from "./api.js";
import { caseLine, isReference, referenceInput, referenceOf } from "./cases.js";
import { become, byId, el, setText } from "./dom.js";
import { type Language, type Texts, fill, sentence, shortTime } from "./texts.js";

type Offer = Schemas["OwnersCases"]["offers"][number];

const reasons: Schemas["CaseGift"]["reason"][] = ["complaint", "follow_up", "asked_by_person", "fact_finding"];
const lookAgainMs = 2_000;

export class OwnersCases {
  private readonly list = byId("cases");
  private readonly said = byId("cases-said");
  private offers: Offer[] = [];
  private timer = 0;
  private watching = false;

  constructor(
    private readonly texts: Texts,
    private readonly language: Language,
  ) {}

  watch(isOwner: boolean): void {
    this.watching = isOwner;
    window.clearTimeout(this.timer);
    setText(this.said, "");
    if (isOwner) void this.look();
    else become(this.list, []);
  }

  private async look(): Promise<void> {
    window.clearTimeout(this.timer);
    try {
      const told = await ask<Schemas["OwnersCases"]>("GET", "/owner/cases");
      this.offers = told.offers;
      if (this.watching) this.show(told.cases);
    } catch {
      // The page says by itself that the vault is away.
    }
    if (this.watching) this.timer = window.setTimeout(() => void this.look(), lookAgainMs);
  }

  private show(cases: Schemas["Case"][]): void {
    const { texts, language } = this;
    const lines = cases.map((one) =>
      el(
        "li",
        { "data-case": one.case },
        el("strong", {}, one.reference),
        el("span", {}, fill(texts.caseHeldBy, { holder: one.holder, organisation: one.organisation.name })),
        el("span", { class: "muted" }, `${texts[`caseOrigin_${one.origin}`]} ・ ${caseLine(texts, language, one)}`),
        el("button", { type: "button", class: "quiet", "aria-label": `${texts.caseEnd} ${one.reference}`, onclick: () => this.end(one) }, texts.caseEnd),
      ),
    );
    become(this.list, lines.length > 0 ? lines : [el("li", { class: "muted" }, texts.casesOwnerNone)]);
  }

  private end(one: Schemas["Case"]): void {
    if (!window.confirm(fill(this.texts.caseEndSure, { reference: one.reference }))) return;
    void this.during(this.said, async () => {
      await ask("POST", `/owner/cases/${one.case}/end`);
      setText(this.said, "");
    }).then(() => this.look());
  }

  private async during(said: HTMLElement, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setText(said, error.isAway ? this.texts.away : sentence(this.texts, error.code));
    }
  }

  /** About one person, beside what else the owner does about them. */
  giveForm(subject: string): HTMLElement {
    const { texts, language } = this;
    const said = el("p", { class: "case-given", role: "status" });
    const options = (all: { value: string; words: string }[]): HTMLElement[] => all.map((one) => el("option", { value: one.value }, one.words));
    const to = el("select", { name: "case-to" }, ...this.offers.map((offer) => el("optgroup", { label: offer.organisation.name }, ...options(offer.people.map((who) => ({ value: who, words: who }))))));
    const desk = el("select", { name: "case-desk" });
    const purpose = el("select", { name: "case-purpose" });
    const chosen = (): void => {
      const offer = this.offers.find((one) => one.people.includes(to.value));
      desk.replaceChildren(...options((offer?.desks ?? []).map((id) => ({ value: id, words: id }))));
      purpose.replaceChildren(...options((offer?.purposes ?? []).map((one) => ({ value: one.id, words: one.name }))));
    };
    to.addEventListener("change", chosen);
    chosen();
    const reason = el("select", { name: "case-reason" }, ...options(reasons.map((one) => ({ value: one, words: texts[`caseReason_${one}`] }))));
    const reference = referenceInput(texts);
    const label = (words: string, field: HTMLElement): HTMLElement => el("label", {}, words, field);
    const form = el(
      "form",
      { class: "give-case" },
      label(texts.caseGiveTo, to), label(texts.caseGiveDesk, desk), label(texts.caseGivePurpose, purpose),
      label(texts.caseGiveReason, reason), label(texts.caseReference, reference),
      el("button", { type: "submit", class: "quiet" }, texts.caseGiveDo),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const wanted = referenceOf(reference.value);
      if (!isReference(wanted)) {
        setText(said, texts.caseReferenceWrong);
        return reference.focus();
      }
      const body = { subject, to: to.value, desk: desk.value, purpose: purpose.value, reference: wanted, reason: reason.value };
      void this.during(said, async () => {
        const given = await ask<Schemas["Case"]>("POST", "/owner/cases", { body });
        reference.value = "";
        setText(said, fill(texts.caseGiven, { reference: given.reference, holder: given.holder, time: shortTime(language, given.ends_at) }));
        await this.look();
      });
    });
    const inside = this.offers.length > 0 ? [el("p", { class: "muted" }, texts.caseGiveHint), form, said] : [el("p", { class: "muted" }, texts.caseGiveNobody)];
    return el("details", { id: "give-case" }, el("summary", {}, texts.caseGiveTitle), ...inside);
  }
}
