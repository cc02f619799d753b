// The client's card about its telephone numbers: a number stays with its organisation until one of the owner's people
// gives it free here; what was given free can be taken back until the administrator has used it.
import { type Schemas, ask } from "./api.js";
import { become, byId, el } from "./dom.js";
import { type Language, type Texts, fill, shortTime } from "./texts.js";

type Act = (run: () => Promise<unknown>) => void;
type Bound = Schemas["NumberBound"];

const pageSize = 50;

/** Whole pages, until so many are there or there are no more. */
async function numbersUpTo(most: number): Promise<{ numbers: Bound[]; isAll: boolean }> {
  const numbers: Bound[] = [];
  let after: string | null = "";
  while (after !== null && numbers.length < most) {
    const page: Schemas["Numbers"] = await ask("GET", `/owner/numbers?after=${encodeURIComponent(after)}&limit=${pageSize}`);
    numbers.push(...page.numbers);
    after = page.next;
  }
  return { numbers, isAll: after === null };
}

export class NumbersCard {
  private readonly list = el("ul", { "aria-labelledby": "numbers-title" });
  private readonly more: HTMLButtonElement;
  private most = pageSize;

  constructor(
    private readonly texts: Texts,
    private readonly language: Language,
    private readonly act: Act,
  ) {
    this.more = el("button", { type: "button", class: "quiet", hidden: true, onclick: () => this.showMore() }, texts.numbersMore);
    byId("numbers").append(el("h3", { id: "numbers-title" }, texts.numbersTitle), el("p", { class: "muted" }, texts.numbersHint), this.list, this.more);
  }

  async look(): Promise<void> {
    const { numbers, isAll } = await numbersUpTo(this.most);
    const lines = numbers.map((one) => this.line(one));
    become(this.list, lines.length > 0 ? lines : [el("li", { class: "muted" }, this.texts.numbersNone)]);
    this.more.hidden = isAll;
  }

  private showMore(): void {
    this.most += pageSize;
    this.act(() => this.look());
  }

  private line({ number, given_free_by, given_free_at }: Bound): HTMLElement {
    const { texts, act } = this;
    const release = `/owner/numbers/${encodeURIComponent(number)}/release`;
    const isFree = given_free_by !== null;
    const press = (): void => {
      if (isFree) act(() => ask("DELETE", release));
      else if (window.confirm(fill(texts.numberGiveFreeSure, { number }))) act(() => ask("POST", release));
    };
    const word = isFree ? texts.numberKeep : texts.numberGiveFree;
    return el(
      "li",
      { "data-number": number, "data-free": String(isFree) },
      el("span", { class: "state" }, isFree ? texts.numberFree : texts.numberStays),
      el("strong", {}, number),
      isFree && el("span", { class: "muted" }, fill(texts.numberGivenFree, { who: given_free_by, time: shortTime(this.language, given_free_at ?? "") })),
      el("button", { type: "button", class: "quiet", "aria-label": `${word} ${number}`, onclick: press }, word),
    );
  }
}
