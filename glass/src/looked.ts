// The client's card about one of its people: who looked at this person's data, when and why, and the files with the
// proofs that the person is given; and correcting or erasing the person. Also checks such files, here, against the pasted key.
import { Refused, type Candidate, type Schemas, ask } from "./api.js";
import { correctingForm } from "./correcting.js";
import { byId, el, setText } from "./dom.js";
import { cellsOf, columns, proofLink } from "./entries.js";
import { printable } from "./looked_file.js";
import { save } from "./paper.js";
import { mandateTextsFor } from "./mandate_texts.js";
import { verifyCertificate, verifyPerson, verifyProof } from "./proof.js";
import { maskedLine } from "./telephone.js";
import { type Language, type Texts, fill, sentence, shortTime } from "./texts.js";
import { BadLog, OldBrowser, readKey } from "./verify.js";

const reasons: Schemas["Erasure"]["reason"][] = ["asked_by_person", "no_longer_needed", "unlawful", "mistaken"];

export class LookedCard {
  private readonly field = el("select", { name: "looked-field", required: true });
  private readonly value = el("input", { type: "text", name: "looked-value", autocomplete: "off", spellcheck: "false", maxlength: "200" });
  private readonly people = el("ul", { class: "looked-people" });
  private readonly result = el("div", { class: "looked-result", "aria-live": "polite" });
  private fields: Schemas["Field"][] = []; // all that records may have
  private readonly said = el("p", { class: "error", role: "alert" });

  constructor(
    private readonly texts: Texts,
    private readonly language: Language,
    /** What else may be done about the person. */
    private readonly more: (subject: string) => HTMLElement,
  ) {
    this.field.setAttribute("aria-label", texts.lookedField);
    this.value.setAttribute("aria-label", texts.lookedValue);
    const form = el("form", { id: "looked-search", class: "condition" }, this.field, this.value, el("button", { type: "submit" }, texts.search));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.during(() => this.search());
    });
    byId("looked").append(form, this.said, this.people, this.result);
    byId<HTMLInputElement>("proof-file").addEventListener("change", (event) => void this.checkFile(event.target as HTMLInputElement));
  }

  /** After a sign-in; what was found for somebody else goes. */
  async show(isOwner: boolean): Promise<void> {
    this.people.replaceChildren();
    this.result.replaceChildren();
    if (!isOwner || this.field.options.length > 0) return;
    await this.during(async () => {
      const { fields, every } = await ask<Schemas["Searchable"]>("GET", "/owner/searchable");
      this.fields = every;
      this.field.replaceChildren(...fields.map((one) => el("option", { value: one.name }, this.language === "ja" ? one.label_ja : one.label_en)));
      if (fields.some((one) => one.name === "letter_number")) this.field.value = "letter_number";
    });
  }

  private async during(run: () => Promise<void>): Promise<void> {
    setText(this.said, "");
    try {
      await run();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setText(this.said, error.isAway ? this.texts.away : sentence(this.texts, error.code));
    }
  }

  private async search(): Promise<void> {
    this.result.replaceChildren();
    const found = await ask<Schemas["People"]>("POST", "/owner/search", { body: { all_of: [{ field: this.field.value, value: this.value.value.trim() }] } });
    const lines = found.people.map((one) =>
      el(
        "li",
        {},
        maskedLine(this.texts, this.language, one),
        el("button", { type: "button", onclick: () => void this.during(() => this.look(one)) }, this.texts.lookedShow),
      ),
    );
    if (found.more) lines.push(el("li", { class: "muted" }, this.texts.more));
    this.people.replaceChildren(...(lines.length > 0 ? lines : [el("li", { class: "muted" }, this.texts.nobody)]));
  }

  private async look(person: Candidate): Promise<void> {
    const { entries } = await ask<Schemas["Entries"]>("POST", "/owner/looked", { body: { subject: person.subject } });
    const head = el("tr", {}, el("th", { scope: "col" }, "#"), ...columns.map((key) => el("th", { scope: "col" }, this.texts[key])), el("th", { scope: "col" }, this.texts.proof));
    const rows = [...entries].reverse().map((one) => el("tr", {}, ...cellsOf(this.texts, this.language, one).map((cell) => el("td", {}, cell)), el("td", {}, proofLink(this.texts, one.index))));
    const heading = el("h3", { tabindex: "-1" }, fill(this.texts.lookedCount, { count: entries.length }));
    this.result.replaceChildren(
      heading,
      el("p", { class: "muted" }, this.texts.lookedHint),
      el("p", { class: "condition" }, this.fileButton(person.subject, this.texts.lookedFile, "json"), this.fileButton(person.subject, this.texts.lookedPrint, "html")),
      this.more(person.subject),
      correctingForm({ texts: this.texts, language: this.language, fields: this.fields }, person),
      this.eraseForm(person.subject),
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": this.texts.lookedTitle }, el("table", { id: "looked-entries" }, el("thead", {}, head), el("tbody", {}, ...rows))),
    );
    heading.focus();
  }

  private eraseForm(subject: string): HTMLElement {
    const { texts } = this;
    const why = el("select", { name: "erase-reason", required: true, "aria-label": texts.eraseReason }, el("option", { value: "" }, texts.eraseReason), ...reasons.map((one) => el("option", { value: one }, texts[`erase_${one}`])));
    const form = el("form", { class: "condition" }, why, el("button", { type: "submit", class: "quiet" }, texts.eraseDo));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (why.value === "" || !window.confirm(texts.eraseSure)) return;
      void this.during(async () => {
        await ask("POST", "/owner/erase", { body: { subject, reason: why.value } });
        this.people.replaceChildren();
        this.result.replaceChildren(el("p", { class: "outcome match", id: "erased" }, texts.eraseDone));
      });
    });
    return el("details", { id: "erase" }, el("summary", {}, texts.eraseTitle), el("p", { class: "muted" }, texts.eraseHint), form);
  }

  private fileButton(subject: string, label: string, kind: "json" | "html"): HTMLElement {
    const make = async (): Promise<void> => {
      const file = await ask<Schemas["Disclosure"]>("POST", "/owner/disclosure", { body: { subject } });
      if (kind === "json") save(`looked-${subject}.json`, "application/json", JSON.stringify(file));
      else save(`looked-${subject}.html`, "text/html", printable(this.texts, this.language, file));
    };
    return el("button", { type: "button", class: "quiet", "data-file": kind, onclick: () => void this.during(make) }, label);
  }

  private async checkFile(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    if (!file) return;
    const outcome = byId("proof-checked");
    try {
      const key = await readKey(byId<HTMLInputElement>("key").value);
      const content = await file.text();
      const well = content.includes("madoguchi.destruction.1") ? await this.wellCertificate(content, key) : content.trimStart().startsWith("{") ? await this.wellPerson(content, key) : await this.wellEntry(content, key);
      outcome.className = "outcome match";
      setText(outcome, `✓ ${well}`);
    } catch (error) {
      if (!(error instanceof BadLog)) throw error;
      outcome.className = "outcome cannot_confirm";
      setText(outcome, `✕ ${fill(this.texts.clientBad, { why: error instanceof OldBrowser ? this.texts.clientOldBrowser : error.message })}`);
    } finally {
      input.value = "";
    }
  }

  private async wellEntry(content: string, key: Awaited<ReturnType<typeof readKey>>): Promise<string> {
    const proven = await verifyProof(content, key);
    return fill(this.texts.proofWell, { index: proven.index, what: cellsOf(this.texts, this.language, proven).slice(1).join(" ・ ") });
  }
  private async wellCertificate(content: string, key: Awaited<ReturnType<typeof readKey>>): Promise<string> {
    const proven = await verifyCertificate(content, key);
    return fill(mandateTextsFor(this.language).certificateWell, { keys: proven.keys, time: shortTime(this.language, proven.done_at) });
  }
  private async wellPerson(content: string, key: Awaited<ReturnType<typeof readKey>>): Promise<string> {
    const proven = await verifyPerson(content, key);
    return fill(this.texts.proofPersonWell, { count: proven.entries.length, subject: proven.subject });
  }
}
