// Finding a person: the candidates by the caller's number, and the search by what the caller says.
import { type Candidate, type Schemas, type Ticket, ask } from "./api.js";
import { el } from "./dom.js";
import { maskedLine } from "./telephone.js";
import { type Language, type Texts, label } from "./texts.js";

export interface PeopleParts {
  texts: Texts;
  language: Language;
  ticket: Ticket;
  choose: (person: Candidate) => void;
  refused: (error: unknown) => void;
}

const mostConditions = 3;
const usual = "letter_number"; // what whoever was written to has in hand

export function peopleList(parts: PeopleParts, people: Schemas["People"], none: string): HTMLElement {
  const { texts, language, choose } = parts;
  if (people.people.length === 0) return el("p", { class: "muted" }, none);
  const rows = people.people.map((person) =>
    el(
      "li",
      {},
      maskedLine(texts, language, person),
      el("button", { type: "button", class: "quiet", onclick: () => choose(person) }, person.opened ? texts.opened : texts.choose),
    ),
  );
  return el("div", {}, el("ul", { class: "people" }, ...rows), people.more && el("p", { class: "muted" }, texts.more));
}

/** The search form: 1 to 3 conditions, each a field and what the caller said. */
export function searchForm(parts: PeopleParts): HTMLElement {
  const { texts, language, ticket, refused } = parts;
  const conditions = el("div", { class: "conditions" });
  const found = el("div", { "aria-live": "polite" });

  const addCondition = (chosen: string): void => {
    const field = el("select", { "aria-label": texts.searchTitle, name: "field" });
    for (const one of ticket.searchable) field.append(el("option", { value: one.name, selected: one.name === chosen }, label(language, one)));
    const value = el("input", { name: "value", type: "text", autocomplete: "off", spellcheck: "false", maxlength: "200", "aria-label": texts.search });
    conditions.append(el("div", { class: "condition" }, field, value));
  };
  const search = async (event: Event): Promise<void> => {
    event.preventDefault();
    const all_of = [...conditions.querySelectorAll<HTMLElement>(".condition")]
      .map((row) => ({ field: row.querySelector("select")?.value ?? "", value: row.querySelector("input")?.value.trim() ?? "" }))
      .filter((one) => one.value !== "");
    if (all_of.length === 0) return;
    try {
      const people = await ask<Schemas["People"]>("POST", "/search", { body: { all_of }, ticket: ticket.ticket });
      found.replaceChildren(peopleList(parts, people, texts.nobody));
    } catch (error) {
      refused(error);
    }
  };
  const first = ticket.searchable.find((one) => one.name === usual) ?? ticket.searchable[0];
  addCondition(first?.name ?? "");
  return el(
    "form",
    { class: "search", onsubmit: (event) => void search(event), autocomplete: "off" },
    el("h2", {}, texts.searchTitle),
    conditions,
    el(
      "div",
      { class: "row" },
      el("button", { type: "submit" }, texts.search),
      el(
        "button",
        {
          type: "button",
          class: "quiet",
          onclick: (event) => {
            const taken = [...conditions.querySelectorAll("select")].map((one) => one.value);
            addCondition(ticket.searchable.find((one) => !taken.includes(one.name))?.name ?? "");
            if (conditions.childElementCount >= mostConditions) (event.currentTarget as HTMLElement).hidden = true;
          },
        },
        texts.add,
      ),
    ),
    found,
  );
}
