// A vendor's supervisors see what their organisation was given, and pass it on to a sub-contractor: never more than was
// given, and for each owner to sign before anything opens.
import { Refused, type Schemas, ask } from "./api.js";
import { inOrder, linkWords } from "./chain.js";
import { become, byId, el, setText } from "./dom.js";
import { mandateTextsFor } from "./mandate_texts.js";
import { type Answer, readSession, signOut } from "./session.js";
import { SignInForm } from "./sign_in_form.js";
import { type TextKey, chooseLanguage, sentence, textsFor } from "./texts.js";

type Own = Schemas["OwnMandates"];
type Mandate = Schemas["Mandate"];
type Rates = { per_minute?: number; per_hour?: number; per_day?: number };

const language = chooseLanguage(new URLSearchParams(location.search).get("lang"), navigator.languages);
const texts = textsFor(language);
const words = mandateTextsFor(language);
const form = new SignInForm(texts, (answer) => show(answer));
const wanted = byId<HTMLFormElement>("pass-on");
const parent = el("select", { name: "parent" });
const to = el("select", { name: "to" });
const share = el("input", { type: "number", name: "per_day", min: "1" });
const ends = el("input", { type: "datetime-local", name: "ends", required: true });
const again = el("input", { type: "checkbox", name: "pass_on" });
const choices = el("div", { class: "wide" });

let own: Own | null = null;

function say(error: unknown): void {
  if (!(error instanceof Refused)) throw error;
  const isTyped = error.code === "invalid" || error.code === "malformed" || error.code === "denied";
  setText(byId("error"), error.isAway ? texts.away : isTyped ? words.passRefused : sentence(texts, error.code));
}

function show(answer: Answer): void {
  setText(byId("notice"), "");
  if ("trouble" in answer) return setText(byId("error"), texts[answer.trouble]);
  const { session } = answer;
  const isSupervisor = session.role === "supervisor";
  setText(byId("error"), session.signed_in && !isSupervisor ? words.passOnly : "");
  form.show(!session.signed_in, session.passwords === true);
  for (const id of ["who", "sign-out"]) byId(id).hidden = !session.signed_in;
  byId("cards").hidden = !isSupervisor;
  setText(byId("who"), session.display_name ?? "");
  if (isSupervisor) void look().catch(say);
}

async function look(): Promise<void> {
  own = await ask<Own>("GET", "/mandates");
  const cards = (links: Own["given"]): HTMLElement[] =>
    links.length === 0
      ? [el("li", { class: "muted" }, words.passNone)]
      : inOrder(links).map(({ link, depth }) => el("li", { "data-mandate": link.mandate.id }, el("span", { class: "state" }, texts[`state_${link.owners[0]?.state ?? "draft"}`]), ...linkWords(texts, language, link, depth)));
  become(byId("given"), cards(own.given));
  become(byId("passed"), cards(own.passed_on));
  const may = own.given.filter(({ mandate, unbroken }) => mandate.pass_on && unbroken);
  wanted.hidden = may.length === 0;
  setText(byId("pass-hint"), may.length === 0 ? words.passNothing : words.passHint);
  const before = parent.value;
  parent.replaceChildren(...may.map((link) => el("option", { value: link.mandate.id }, `${link.owners.map((one) => one.name).join("・")} ・ ${link.mandate.id}`)));
  if (may.some(({ mandate }) => mandate.id === before)) parent.value = before;
  else chosen();
}

const given = (): Mandate | undefined => own?.given.find(({ mandate }) => mandate.id === parent.value)?.mandate;

const ticks = (name: string, values: string[]): HTMLElement[] =>
  values.map((value) => el("label", { class: "tick" }, el("input", { type: "checkbox", name, value, checked: true }), ` ${value} `));

/** What belongs to the mandate that is chosen; all of it is ticked, to be taken away. */
function chosen(): void {
  const mandate = given();
  if (mandate === undefined || own === null) return;
  const owners = new Set(mandate.owners);
  to.replaceChildren(...own.organisations.filter(({ id }) => id !== mandate.to && !owners.has(id)).map((one) => el("option", { value: one.id }, `${one.name}（${one.id}）`)));
  choices.replaceChildren(
    el("fieldset", {}, el("legend", {}, words.passDesks), ...ticks("desk", mandate.desks)),
    ...mandate.purposes.map((purpose) => el("fieldset", {}, el("legend", {}, purpose.name), ...ticks(`field ${purpose.id}`, purpose.fields))),
  );
  const most = mandate.limits.in_all?.per_day;
  share.value = most === undefined ? "" : String(most);
  const end = new Date(mandate.ends);
  ends.value = new Date(end.getTime() - end.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Nothing typed: as it was given. */
function least(rates: Rates | undefined, perDay: number | null): Rates {
  return perDay === null ? { ...rates } : { ...rates, per_day: Math.min(perDay, rates?.per_day ?? perDay) };
}

type Purpose = Mandate["purposes"][number];

/** With these fields only, also for whoever speaks for the person; those whom nothing is left for get nothing. */
function narrowed(purpose: Purpose, fields: string[]): Purpose {
  const callers = Object.entries(purpose.callers ?? {})
    .map(([caller, terms]) => [caller, { ...terms, fields: terms.fields.filter((field) => fields.includes(field)) }] as const)
    .filter(([, terms]) => terms.fields.length > 0);
  return { ...purpose, fields, callers: Object.fromEntries(callers) };
}

function drafted(mandate: Mandate): Mandate {
  const ticked = (name: string): string[] => [...wanted.querySelectorAll<HTMLInputElement>("input:checked")].filter((input) => input.name === name).map((input) => input.value);
  const perDay = share.value === "" ? null : Number(share.value);
  const typed = new Date(ends.value);
  const end = typed < new Date(mandate.ends) ? typed.toISOString() : mandate.ends;
  return {
    ...mandate,
    id: `${mandate.id}.${to.value}`.slice(0, 64),
    version: 1 + (own?.passed_on.find((link) => link.mandate.id === `${mandate.id}.${to.value}`)?.mandate.version ?? 0),
    parent: mandate.id,
    to: to.value,
    desks: ticked("desk"),
    purposes: mandate.purposes.map((purpose) => narrowed(purpose, ticked(`field ${purpose.id}`))).filter((purpose) => purpose.fields.length > 0),
    limits: { by_operator: least(mandate.limits.by_operator, perDay), on_desk: least(mandate.limits.on_desk, perDay), in_all: least(mandate.limits.in_all, perDay) },
    pass_on: again.checked,
    ends: end,
  };
}

async function send(event: Event): Promise<void> {
  event.preventDefault();
  const mandate = given();
  if (mandate === undefined) return;
  setText(byId("error"), "");
  try {
    await ask("POST", "/mandates", { body: drafted(mandate) });
    setText(byId("notice"), words.passSent);
    await look();
  } catch (error) {
    say(error);
  }
}

document.documentElement.lang = language;
document.title = words.passTitle;
for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) element.textContent = texts[element.dataset["text"] as TextKey];
for (const [id, text] of [["heading", words.passTitle], ["given-title", words.passGiven], ["pass-title", words.passDo], ["passed-title", words.passPassed]] as const) setText(byId(id), text);
wanted.append(
  el("label", {}, words.passParent, parent),
  el("label", {}, words.passTo, to),
  choices,
  el("label", {}, words.passPerDay, share),
  el("label", {}, words.passEnds, ends),
  el("label", { class: "tick" }, again, ` ${words.passAgain}`),
  el("button", { type: "submit" }, words.passSend),
);
parent.addEventListener("change", chosen);
wanted.addEventListener("submit", (event) => void send(event));
byId("sign-out").addEventListener("click", () => void signOut().then(show));
setText(byId("notice"), texts.reading);
void readSession().then(show);
