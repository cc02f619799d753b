// The client's card about what becomes of the data when mandates are over: until when each keeps it, the return that
// the owner may ask for or waive, and the certificates of what was destroyed.
import { type Schemas, ask } from "./api.js";
import { become, byId, el, setText } from "./dom.js";
import { fileLink } from "./file_link.js";
import { type MandateTexts, mandateTextsFor } from "./mandate_texts.js";
import { page, save, tagged } from "./paper.js";
import { type Language, fill, shortTime, textsFor } from "./texts.js";

type Act = (run: () => Promise<unknown>) => void;
type Term = Schemas["RetentionTerm"];
type Destruction = Schemas["Destruction"];
type Body = Schemas["DestructionBody"];

const dayMs = 86_400_000;
/** A certificate as a page to print; the proofs stand beneath. */
export function printable(texts: MandateTexts, language: Language, file: Schemas["Certificate"]): string {
  const time = (at: string | undefined): string => (at === undefined ? "" : shortTime(language, at));
  const { certificate: body } = file;
  const mandates = body.mandates.flatMap((one) => [
    fill(texts.certificateMandate, { id: one.id, version: one.version, to: one.to_name, time: time(one.retention), end: texts[`atEnd_${one.at_end}`] }),
    ...(one.returned_in ? [fill(texts.certificateReturned, { id: one.returned_in, time: time(one.returned_at), sha: one.returned_sha256 ?? "" })] : []),
    ...(one.waived_by ? [fill(texts.certificateWaived, { who: one.waived_by, time: time(one.waived_at) })] : []),
  ]);
  const whole = fill(texts.certificateOwner, { name: body.owner_name, id: body.owner, keys: body.keys, from: time(body.begun_at), until: time(body.done_at) });
  const command = `madoguchi verify --proof ${body.destruction}.certificate.json --key ${file.key}`;
  const parts = [tagged("p", body.destruction), tagged("p", whole), ...mandates.map((line) => tagged("p", line)), tagged("p", texts.certificateProof), tagged("code", command)];
  const proofs = file.entries.map((one) => tagged("pre", `${JSON.stringify(one.entry)}\n\n${one.proof}`));
  return page(language, texts.certificateHead, [...parts, ...proofs].join(""));
}

export class RetentionCard {
  private readonly texts: MandateTexts;
  private readonly said = el("p", { class: "muted", role: "status" });
  private shown = "";

  constructor(
    private readonly language: Language,
    private readonly act: Act,
  ) {
    this.texts = mandateTextsFor(language);
    byId("retention").append(el("h3", {}, this.texts.retentionTitle), el("p", { class: "muted" }, this.texts.retentionHint), this.said, el("ul", { id: "retention-terms" }), el("ul", { id: "destructions" }));
  }

  async look(): Promise<void> {
    const told = await ask<Schemas["RetentionTold"]>("GET", "/owner/retention");
    const now = JSON.stringify(told);
    if (now === this.shown) return; // a key that is being typed stays
    this.shown = now;
    const lines = told.terms.map((term) => this.line(term));
    become(byId("retention-terms"), lines.length > 0 ? lines : [el("li", { class: "muted" }, this.texts.retentionNone)]);
    become(byId("destructions"), told.destructions.filter((one) => one.done).map((one) => this.certificate(one)));
  }

  private line(term: Term): HTMLElement {
    const { texts } = this;
    const days = Math.max(0, Math.ceil((Date.parse(term.not_before) - Date.now()) / dayMs));
    const isOver = term.state === "begun" || term.state === "destroyed";
    const wants = term.at_end === "returned" && !isOver && term.waived_by === "" && term.returned_in === "";
    return el(
      "li",
      { "data-mandate": term.mandate, "data-retention": term.state, class: term.state === "warned" || term.state === "waits" ? "waits" : "" },
      el("span", { class: "state" }, texts[`retention_${term.state}`]),
      el("strong", {}, `${term.to_name} ・ ${term.mandate}`),
      el("span", {}, `${fill(texts.retentionUntil, { time: shortTime(this.language, term.retention) })} ・ ${texts[`atEnd_${term.at_end}`]}`),
      term.state === "warned" && el("span", { class: "error" }, fill(texts.retentionDays, { days, time: shortTime(this.language, term.not_before) })),
      term.returned_in !== "" && el("span", { class: "muted" }, `${texts.returned} ${term.returned_in}`),
      term.waived_by !== "" && el("span", { class: "muted" }, fill(texts.waived, { who: term.waived_by })),
      wants && Date.parse(term.ends) <= Date.now() && this.returnForm(term),
      wants && el("button", { type: "button", class: "quiet", onclick: () => window.confirm(texts.waiveSure) && this.act(() => ask("POST", `/owner/mandates/${term.mandate}/waive-return`)) }, texts.waive),
    );
  }

  private returnForm(term: Term): HTMLElement {
    const key = el("input", { type: "text", name: "return-key", autocomplete: "off", spellcheck: "false", maxlength: "400", "aria-label": this.texts.returnKey, placeholder: this.texts.returnKey });
    const form = el("form", { class: "condition" }, key, el("button", { type: "submit" }, this.texts.returnAsk));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.act(async () => {
        await ask("POST", `/owner/mandates/${term.mandate}/return`, { body: { recipient: key.value.trim() } });
        setText(this.said, this.texts.returnAsked);
      });
    });
    return form;
  }

  private certificate(one: Destruction): HTMLElement {
    const { texts } = this;
    const body: Body = one.certificate;
    const address = `/owner/destructions/${one.destruction}/certificate`;
    const print = async (): Promise<void> =>
      save(`${one.destruction}.certificate.html`, "text/html", printable(texts, this.language, await ask<Schemas["Certificate"]>("GET", address)));
    return el(
      "li",
      { "data-destruction": one.destruction },
      el("span", { class: "state" }, texts.destroyedTitle),
      el("strong", {}, fill(texts.destroyedLine, { keys: body.keys, time: shortTime(this.language, body.done_at ?? "") })),
      el("span", { class: "muted" }, body.mandates.map((mandate) => mandate.id).join("・")),
      fileLink(textsFor(this.language), address, `${one.destruction}.certificate.json`, texts.certificateFile),
      el("button", { type: "button", class: "quiet", onclick: () => this.act(print) }, texts.certificatePrint),
    );
  }
}
