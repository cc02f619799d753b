// Mandates as chains: each link under the one it was passed on from, every sub-contractor by name.
import type { Schemas } from "./api.js";
import { el } from "./dom.js";
import { type MandateTexts, mandateTextsFor } from "./mandate_texts.js";
import { type Language, type Texts, fill, shortTime } from "./texts.js";

type Link = Schemas["MandateLink"];

/** Parents before what was passed on from them, with how deep each stands. A link whose parent is not there is a root. */
export function inOrder<L extends Link>(links: L[]): { link: L; depth: number }[] {
  const ids = new Set(links.map(({ mandate }) => mandate.id));
  const under = (parent: string, depth: number): { link: L; depth: number }[] =>
    depth > 16 ? [] : links.filter(({ mandate }) => mandate.parent === parent).flatMap((link) => [{ link, depth }, ...under(link.mandate.id, depth + 1)]);
  const roots = links.filter(({ mandate }) => mandate.parent === "" || !ids.has(mandate.parent));
  return roots.flatMap((link) => [{ link, depth: 0 }, ...under(link.mandate.id, 1)]);
}

const ratesWords = (rates: Schemas["Rates"] = {}): string => [rates.per_minute, rates.per_hour, rates.per_day].map((rate) => rate ?? "–").join("・");

/** What one link says: from whom to whom, what for, where, how long, and what breaks it. */
export function linkWords(texts: Texts, language: Language, link: Link, depth: number): (Node | string | false)[] {
  const words: MandateTexts = mandateTextsFor(language);
  const { mandate, owners } = link;
  const from = link.passed_on_by === "" ? owners.map((one) => one.name).join("・") : link.passed_on_by;
  const { by_operator, on_desk, in_all } = mandate.limits;
  return [
    el("strong", {}, `${depth > 0 ? `${"　".repeat(depth - 1)}└ ` : ""}${from} → ${link.to_name}`),
    el("span", {}, mandate.purposes.map((purpose) => purpose.name).join("・")),
    el("span", { class: "muted" }, `${mandate.desks.join("・")} ・ ${shortTime(language, mandate.begins)} – ${shortTime(language, mandate.ends)}`),
    mandate.parent === "" && el("span", { class: "muted" }, `${fill(words.retentionUntil, { time: shortTime(language, mandate.retention) })} ・ ${words[`atEnd_${mandate.at_end}`]}`),
    el("span", { class: "muted" }, fill(words.chainLimits, { operator: ratesWords(by_operator), desk: ratesWords(on_desk), all: ratesWords(in_all) })),
    owners.length > 1 && el("span", { class: "muted" }, owners.map((one) => `${one.name}: ${texts[`state_${one.state}`]}`).join("・")),
    mandate.pass_on && el("span", { class: "muted" }, words.chainMayPassOn),
    !link.unbroken && owners.some((one) => one.state === "in_force") && el("span", { class: "error" }, words.chainBroken),
  ];
}
