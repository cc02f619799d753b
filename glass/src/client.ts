// The client's page: who looked at its people's data, live and in the log, with the whole log verified here in the
// browser; and what only the owner decides: mandates and freezes. It may listen and look; it instructs no operator.
import { Refused, type Schemas, ask } from "./api.js";
import { inOrder, linkWords } from "./chain.js";
import { become, byId, el, setText } from "./dom.js";
import { exportCards } from "./export_cards.js";
import { keep, recall } from "./log_memory.js";
import { LookedCard } from "./looked.js";
import { MonthCard, Months } from "./month.js";
import { NumbersCard } from "./numbers.js";
import { type LogEntry, callOf, cellsOf, columns, proofLink } from "./entries.js";
import { OwnersCases } from "./owners_cases.js";
import { OwnersPlayback } from "./owners_playback.js";
import { RetentionCard } from "./retention.js";
import { type Answer, readSession, signOut } from "./session.js";
import { SignInForm } from "./sign_in_form.js";
import { type TextKey, chooseLanguage, fill, sentence, shortTime as timeIn, textsFor } from "./texts.js";
import { WatchCard } from "./watching.js";
import { BadLog, OldBrowser, readKey, readWitnessKey, verifyLog } from "./verify.js";

const restMs = 500; // between two looks, however much happens
const seldomMs = 3_000;
const reconnectMs = 3_000;
const pageSize = 100;
const decisions = new Set(["mandate", "freeze", "export", "retention", "number"]); // kinds of entries that tell of what owners decide

const language = chooseLanguage(new URLSearchParams(location.search).get("lang"), navigator.languages);
const texts = textsFor(language);
const form = new SignInForm(texts, (answer) => show(answer));
const cases = new OwnersCases(texts, language);
const looked = new LookedCard(texts, language, (subject) => cases.giveForm(subject));
const monthly = new MonthCard(texts, language);
const watching = new WatchCard(texts, language, (run) => act(run));
const playback = new OwnersPlayback(texts, language);
const retention = new RetentionCard(language, (run) => act(run));
const numbers = new NumbersCard(texts, language, (run) => act(run));
const cards = byId("cards");
const rows = byId("entries");
const older = byId<HTMLButtonElement>("older");

let organisation: string | null = null;
let newest = -1; // index of the newest entry shown
let oldest = 0;
let timer = 0;
let operators: string[] = []; // who may open now
let following = 0; // which of the follow() goes on

const shortTime = (at: string): string => timeIn(language, at);

function say(error: unknown): void {
  if (!(error instanceof Refused)) throw error;
  setText(byId("error"), error.isAway ? texts.away : sentence(texts, error.code));
}

function show(answer: Answer): void {
  setText(byId("notice"), "");
  if ("trouble" in answer) {
    setText(byId("error"), texts[answer.trouble]);
    if (answer.trouble === "away") again(reconnectMs);
    return;
  }
  const { session } = answer;
  const isOwner = session.role === "owner";
  setText(byId("error"), session.signed_in && !isOwner ? texts.clientOnly : "");
  form.show(!session.signed_in, session.passwords === true);
  for (const id of ["who", "sign-out"]) byId(id).hidden = !session.signed_in;
  setText(byId("who"), session.display_name ?? "");
  cards.hidden = !isOwner;
  following += 1;
  organisation = isOwner ? (session.organisation ?? null) : null;
  void looked.show(isOwner);
  cases.watch(isOwner);
  playback.close();
  if (!isOwner) monthly.clear();
  if (isOwner) {
    void watching.offerCanaries().catch(say);
    void follow();
  }
}

function again(milliseconds: number): void {
  window.clearTimeout(timer);
  timer = window.setTimeout(() => void refresh(), milliseconds);
}

const pause = (milliseconds: number): Promise<void> => new Promise((over) => window.setTimeout(over, milliseconds));

async function refresh(): Promise<void> {
  show(await readSession());
}

/** The key beside the field, never put into it: a vault that lies about the log would lie about the key. */
function showLog({ key, witnesses }: Schemas["LogKey"]): void {
  setText(byId("log-key"), fill(texts.clientKeySaid, { key }));
  byId("witnesses").hidden = witnesses.length === 0;
  const lines = witnesses.map((one) => {
    const { name, size, cosigned, trouble, state } = one;
    const told = { name, size, cosigned, trouble, time: one.seen_at === null ? "" : shortTime(one.seen_at), since: shortTime(one.since) };
    return el("li", { "data-state": state, class: trouble === "" ? "" : "trouble" }, fill(texts[`witness_${state}`], told));
  });
  become(byId("witness-list"), lines);
}

/** Entries and alarms are seen as they happen: the vault says when. The rest is looked at when an entry tells of it, and now and then. */
async function follow(): Promise<void> {
  const mine = ++following;
  let seen = "";
  let lookedAt = -Infinity;
  while (mine === following) {
    try {
      const told = await ask<Schemas["LogChange"]>("GET", `/owner/changes?seen=${seen}`);
      if (mine !== following) return;
      const isDecided = await lookAtEntries();
      if (isDecided || performance.now() - lookedAt > seldomMs) {
        lookedAt = performance.now();
        await lookAtDecisions();
      }
      seen = told.seen;
      setText(byId("error"), "");
      await pause(restMs);
    } catch (error) {
      if (mine !== following) return;
      if (error instanceof Refused && error.status === 401) return refresh();
      seen = "";
      say(error);
      await pause(reconnectMs);
    }
  }
}

/** Whether an entry tells of something else that the page shows. */
async function lookAtEntries(): Promise<boolean> {
  const [entries, live, alarms] = await Promise.all([
    ask<Schemas["Entries"]>("GET", `/owner/entries?limit=${pageSize}`),
    ask<Schemas["Live"]>("GET", "/owner/live"),
    ask<Schemas["Alarms"]>("GET", "/owner/alarms"),
  ]);
  watching.showAlarms(alarms.alarms);
  showLive(live.tickets);
  return showNewer(entries.entries).some((one) => decisions.has(kindOf(one)));
}

async function lookAtDecisions(): Promise<void> {
  const [log, freezes, mandates, exports] = await Promise.all([
    ask<Schemas["LogKey"]>("GET", "/owner/log"),
    ask<Schemas["Freezes"]>("GET", "/owner/freezes"),
    ask<Schemas["Mandates"]>("GET", "/owner/mandates"),
    ask<Schemas["Exports"]>("GET", "/owner/exports"),
  ]);
  showLog(log);
  watching.showFreezes(freezes.freezes);
  watching.suggest([...operators, ...mandates.mandates.flatMap(({ mandate }) => mandate.desks)]);
  showMandates(mandates.mandates);
  await retention.look();
  await numbers.look();
  become(byId("exports"), exportCards(texts, language, exports.exports, act));
}

const kindOf = ({ entry }: LogEntry): string => String((entry as { kind?: unknown }).kind ?? "");

function rowOf(one: LogEntry): HTMLElement {
  return el("tr", { "data-kind": kindOf(one) }, ...cellsOf(texts, language, one).map((cell) => el("td", {}, cell)), el("td", {}, proofLink(texts, one.index)), el("td", {}, hearButton(one)));
}

function hearButton(one: LogEntry): HTMLElement | null {
  const call = callOf(one);
  if (call === null) return null;
  return el("button", { type: "button", class: "quiet", "aria-label": `${texts.playbackOfCall} ${one.index}`, onclick: () => playback.show(call) }, texts.playback);
}

/** The entries that were not shown before. Where more came than a page holds, the list begins anew: it has no gaps. */
function showNewer(entries: LogEntry[]): LogEntry[] {
  const fresh = entries.filter((one) => one.index > newest);
  const isWhole = fresh.length < entries.length || entries.at(-1)?.index === newest + 1;
  if (newest < 0 || !isWhole) oldest = entries.at(-1)?.index ?? 0;
  if (!isWhole) rows.replaceChildren();
  rows.prepend(...fresh.map(rowOf));
  newest = Math.max(newest, ...fresh.map((one) => one.index));
  older.hidden = oldest <= 0;
  return fresh;
}

async function showOlder(): Promise<void> {
  const page = await ask<Schemas["Entries"]>("GET", `/owner/entries?before=${oldest}&limit=${pageSize}`);
  rows.append(...page.entries.map(rowOf));
  oldest = page.entries.at(-1)?.index ?? 0;
  older.hidden = oldest <= 0;
}

function showLive(tickets: Schemas["LiveTicket"][]): void {
  operators = tickets.map((one) => one.operator);
  const lines = tickets.map((one) =>
    el(
      "li",
      {},
      el("strong", {}, one.operator),
      el("span", {}, one.organisation),
      el("span", {}, [one.desk, one.purpose, one.case].filter((part) => part !== "").join(" ・ ")),
      el("span", { class: "muted" }, fill(texts.clientOpenedPeople, { count: one.opened })),
    ),
  );
  become(byId("live"), lines.length > 0 ? lines : [el("li", { class: "muted" }, texts.clientNobody)]);
}

const act = (run: () => Promise<unknown>): void => void run().then(() => Promise.all([lookAtEntries(), lookAtDecisions()])).catch(say);

function showMandates(mandates: Schemas["Standing"][]): void {
  const lines = inOrder(mandates).map(({ link, depth }) => {
    const { mandate, state, signed_version } = link;
    const sign = el("button", { type: "button", onclick: () => act(() => ask("POST", `/owner/mandates/${mandate.id}/sign`, { body: { version: mandate.version } })) }, fill(texts.clientSign, { version: mandate.version }));
    const revoke = el("button", { type: "button", class: "quiet", onclick: () => window.confirm(texts.clientRevokeSure) && act(() => ask("POST", `/owner/mandates/${mandate.id}/revoke`)) }, texts.clientRevoke);
    const isOver = state === "ended" || state === "revoked";
    return el(
      "li",
      { "data-mandate": mandate.id, "data-state": state },
      el("span", { class: "state" }, texts[`state_${state}`]),
      ...linkWords(texts, language, link, depth),
      !isOver && signed_version < mandate.version && sign,
      !isOver && revoke,
    );
  });
  become(byId("mandates"), lines);
}

/** A file of the log; null when there is none of that name. */
async function fileOfLog(owner: string, path: string): Promise<Uint8Array | null> {
  const response = await fetch(`/log/${encodeURIComponent(owner)}/${path}`, { cache: "no-store" });
  if (response.status === 404) return null;
  if (!response.ok) throw new Refused(response.status, "away");
  return new Uint8Array(await response.arrayBuffer());
}

async function verify(event: Event): Promise<void> {
  event.preventDefault();
  const outcome = byId("verified");
  const owner = organisation;
  if (owner === null) return;
  const pasted = byId<HTMLInputElement>("key").value.trim();
  const months = new Months();
  monthly.clear();
  try {
    const key = await readKey(pasted);
    const witnessKey = byId<HTMLInputElement>("witness-key").value.trim();
    const witnesses = witnessKey === "" ? [] : [await readWitnessKey(witnessKey)];
    const verified = await verifyLog(
      (path) => fileOfLog(owner, path),
      key,
      (index, entry) => {
        months.add(index, entry);
        if (index % 256 === 0) setText(outcome, fill(texts.clientVerifying, { count: index }));
      },
      witnesses,
      recall(pasted),
    );
    monthly.show(months, { verified, key: pasted });
    outcome.className = "outcome match";
    const seen = verified.cosigned.map(({ name, at }) => fill(texts.clientWitnessed, { name, time: shortTime(new Date(at * 1000).toISOString()) }));
    const known = keep(pasted, verified) ? fill(verified.known > 0 ? texts.clientKnown : texts.clientRemembered, { count: verified.known }) : texts.clientForgets;
    setText(outcome, [`✓ ${fill(texts.clientVerified, { count: verified.size, time: shortTime(new Date().toISOString()) })}`, ...seen, known].join(" ・ "));
  } catch (error) {
    if (!(error instanceof BadLog)) return say(error instanceof Refused ? error : new Refused(0, "away"));
    outcome.className = "outcome cannot_confirm";
    setText(outcome, `✕ ${fill(texts.clientBad, { why: error instanceof OldBrowser ? texts.clientOldBrowser : error.message })}`);
  }
}

document.documentElement.lang = language;
document.title = texts.clientHeading;
for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) element.textContent = texts[element.dataset["text"] as TextKey];
for (const key of [...columns, "proof", "playback"] as const) byId("entry-head").append(el("th", { scope: "col" }, texts[key]));
byId("entry-head").prepend(el("th", { scope: "col" }, "#"));
byId("verify").addEventListener("submit", (event) => void verify(event));
older.addEventListener("click", () => void showOlder().catch(say));
byId("sign-out").addEventListener("click", () => void signOut().then(show));
setText(byId("notice"), texts.reading);
void refresh();
