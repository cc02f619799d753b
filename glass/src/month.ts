// The monthly report, counted here out of the log while it is verified: who opened how much, for what, and what was
// refused. Months are Japan's. `madoguchi report` counts the same and makes the PDF.
import { byId, el } from "./dom.js";
import { page, save, table, tagged } from "./paper.js";
import { type Language, type Texts, fill, wordOf } from "./texts.js";
import type { Verified } from "./verify.js";

const japanMs = 9 * 3_600_000;

interface Deeds {
  opening: number;
  calls: Set<string>;
  search: number;
  mismatch: number;
  refusal: number;
  export: number;
}

export interface Month {
  entries: number;
  first: number; // indexes in the log
  last: number;
  kinds: Map<string, number>;
  purposes: Map<string, number>; // of openings
  people: Map<string, Deeds>; // "operator / organisation"
}

const bump = (counts: Map<string, number>, name: string): unknown => counts.set(name, (counts.get(name) ?? 0) + 1);
const fresh = (index: number): Month => ({ entries: 0, first: index, last: index, kinds: new Map(), purposes: new Map(), people: new Map() });

export class Months {
  readonly all = new Map<string, Month>(); // "2026-11"

  /** In the order of the log. What has no time that can be read belongs to no month. */
  add(index: number, text: string): void {
    const entry = readEntry(text);
    const at = Date.parse(wordIn(entry, "time"));
    if (Number.isNaN(at)) return;
    const name = new Date(at + japanMs).toISOString().slice(0, 7);
    const month = this.all.get(name) ?? fresh(index);
    this.all.set(name, month);
    month.entries += 1;
    month.last = index;
    const kind = wordIn(entry, "kind");
    bump(month.kinds, kind);
    const who = [wordIn(entry, "operator"), wordIn(entry, "organisation")].filter(Boolean).join(" / ");
    const deeds = month.people.get(who) ?? { opening: 0, calls: new Set(), search: 0, mismatch: 0, refusal: 0, export: 0 };
    month.people.set(who, deeds);
    if (kind === "opening") {
      deeds.calls.add(wordIn(entry, "call") || wordIn(entry, "case"));
      bump(month.purposes, wordIn(entry, "purpose"));
    }
    if (kind === "identity_check" && wordIn(entry, "outcome") === "cannot_confirm") deeds.mismatch += 1;
    if (kind === "opening" || kind === "search" || kind === "export") deeds[kind] += 1;
    if (kind === "refusal") deeds.refusal += entry.times;
  }
}

interface Told {
  [name: string]: unknown;
  times: number; // refusals that this entry tells of
}

function readEntry(text: string): Told {
  try {
    const entry = JSON.parse(text) as { details?: { times?: unknown } } | null;
    const times = entry?.details?.times;
    return { ...entry, times: typeof times === "number" && times > 0 ? times : 1 };
  } catch {
    return { times: 1 }; // an entry of somebody else's making
  }
}

const wordIn = (entry: Told, name: string): string => (typeof entry[name] === "string" ? entry[name] : "");

export interface Table {
  title: string;
  head: string[];
  rows: string[][];
}

const most = (counts: Map<string, number>): [string, number][] => [...counts].sort((one, other) => other[1] - one[1]);

export function tablesOf(texts: Texts, month: Month): Table[] {
  const people = [...month.people].sort((one, other) => other[1].opening - one[1].opening);
  return [
    { title: texts.monthKinds, head: [texts.columnKind, texts.monthEntries], rows: most(month.kinds).map(([kind, count]) => [wordOf(texts, kind), String(count)]) },
    {
      title: texts.monthPeople,
      head: [texts.columnWho, texts.kind_opening, texts.monthCalls, texts.kind_search, texts.monthMismatch, texts.kind_refusal, texts.kind_export],
      rows: people.map(([who, deeds]) => [who || texts.monthVault, ...[deeds.opening, deeds.calls.size, deeds.search, deeds.mismatch, deeds.refusal, deeds.export].map(String)]),
    },
    { title: texts.monthPurposes, head: [texts.columnPurpose, texts.monthEntries], rows: most(month.purposes).map(([purpose, count]) => [purpose, String(count)]) },
  ];
}

/** What the report rests on: the checkpoint just verified, and the key that the client pasted. */
export interface Ground {
  verified: Verified;
  key: string;
}

const summary = (texts: Texts, name: string, month: Month, { verified }: Ground): string =>
  fill(texts.monthSummary, { month: name, count: month.entries, first: month.first, last: month.last, size: verified.size });

export function printableMonth(texts: Texts, language: Language, name: string, month: Month, ground: Ground): string {
  const { verified, key } = ground;
  return page(
    language,
    `${texts.monthTitle} ${name}`,
    tagged("p", verified.origin) +
      tablesOf(texts, month).map(({ title, head, rows }) => tagged("h2", title) + table(head, rows)).join("") +
      tagged("h2", texts.monthProof) +
      tagged("p", summary(texts, name, month, ground)) +
      tagged("pre", `${verified.origin}\n${verified.size}\n${verified.root}\n${key}`) +
      tagged("p", texts.monthAgain) +
      `<p>${tagged("code", `madoguchi report --log https://${verified.origin} --key ${key} --month ${name} --out report.pdf`)}</p>`,
  );
}

export class MonthCard {
  private readonly where = byId("month");

  constructor(
    private readonly texts: Texts,
    private readonly language: Language,
  ) {}

  clear(): void {
    this.where.replaceChildren();
  }

  /** After a verification that found nothing wrong. */
  show(months: Months, ground: Ground): void {
    const names = [...months.all.keys()].sort().reverse();
    if (names.length === 0) return this.clear();
    const choice = el("select", { id: "month-name" }, ...names.map((name) => el("option", { value: name }, name)));
    const result = el("div", { class: "month" });
    const shown = (): [string, Month] => [choice.value, months.all.get(choice.value)!];
    const draw = (): void => {
      const [name, month] = shown();
      const tables = tablesOf(this.texts, month).filter(({ rows }) => rows.length > 0);
      result.replaceChildren(el("p", { class: "muted" }, summary(this.texts, name, month, ground)), ...tables.map(elementOf));
    };
    choice.addEventListener("change", draw);
    const print = (): void => {
      const [name, month] = shown();
      save(`report-${name}.html`, "text/html", printableMonth(this.texts, this.language, name, month, ground));
    };
    const row = el("p", { class: "condition" }, choice, el("button", { type: "button", id: "month-print", onclick: print }, this.texts.monthPrint));
    this.where.replaceChildren(el("h3", {}, el("label", { for: "month-name" }, this.texts.monthTitle)), row, result);
    draw();
  }
}

const elementOf = ({ title, head, rows }: Table): HTMLElement =>
  el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
    el(
      "table",
      {},
      el("caption", {}, title),
      el("thead", {}, el("tr", {}, ...head.map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((text) => el("td", {}, text))))),
    ),
  );
