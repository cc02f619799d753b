// Exports as cards: what somebody asked for, word by word, with what may be decided about it. Used by the client's page
// and by whoever asks.
import { type Schemas, ask } from "./api.js";
import { el } from "./dom.js";
import { fileLink } from "./file_link.js";
import { type Language, type Texts, fill, shortTime } from "./texts.js";

type Export = Schemas["Export"];
export type Act = (run: () => Promise<unknown>) => void;

const mostOlder = 10;

/** A recipient's key is long: its name and the part that people compare. */
const shortKey = (recipient: string): string => recipient.split("+").slice(0, 2).join(" ");

function told(texts: Texts, language: Language, one: Export): (Node | string)[] {
  const time = (at: string | undefined): string => (at === undefined ? "" : shortTime(language, at));
  const lines = [
    el("span", { class: "state" }, texts[`exportState_${one.state}`]),
    el("strong", {}, `${one.owner_name} ・ ${fill(texts.exportPeople, { count: one.people })}`),
    el("span", {}, fill(texts.exportFor, { purpose: one.purpose, reason: one.reason })),
    el("span", { class: "said muted" }, fill(texts.exportAsked, { who: one.asked_by, organisation: one.organisation_name, time: time(one.asked_at) })),
    el("span", { class: "said muted" }, `${fill(texts.exportChosen, { selection: one.selection })} ・ ${one.fields.join("・")} ・ ${fill(texts.exportTo, { recipient: shortKey(one.recipient) })}`),
  ];
  if (one.decided_by !== "") lines.push(el("span", { class: "said muted" }, `${fill(texts.exportDecided, { who: one.decided_by, time: time(one.decided_at) })} ${one.refusal}`));
  return lines;
}

/** For the owner: those that wait come first, each to be approved or refused. */
export function exportCards(texts: Texts, language: Language, exports: Export[], act: Act): HTMLElement[] {
  const waiting = exports.filter((one) => one.state === "asked");
  const older = exports.filter((one) => one.state !== "asked").slice(0, mostOlder);
  if (waiting.length + older.length === 0) return [el("li", { class: "muted" }, texts.exportsNone)];
  const decide = (one: Export, what: "approve" | "refuse"): void =>
    act(() => ask("POST", `/owner/exports/${one.export}/${what}`, { body: what === "refuse" ? { reason: "-" } : {} }));
  return [
    ...waiting.map((one) =>
      el(
        "li",
        { class: "waits", "data-export": one.export },
        ...told(texts, language, one),
        el("button", { type: "button", class: "approve", onclick: () => window.confirm(fill(texts.exportApproveSure, { count: one.people })) && decide(one, "approve") }, texts.exportApprove),
        el("button", { type: "button", class: "quiet refuse", onclick: () => decide(one, "refuse") }, texts.exportRefuse),
      ),
    ),
    ...older.map((one) => el("li", { "data-export": one.export }, ...told(texts, language, one))),
  ];
}

/** For whoever asked: the file, once it is there. */
export function askedCards(texts: Texts, language: Language, exports: Export[]): HTMLElement[] {
  if (exports.length === 0) return [el("li", { class: "muted" }, texts.exportsNone)];
  return exports.map((one) =>
    el(
      "li",
      { "data-export": one.export },
      ...told(texts, language, one),
      one.state === "made" && fileLink(texts, `/exports/${one.export}/file`, `${one.export}.export`, texts.exportFetch, { class: "fetch" }),
    ),
  );
}
