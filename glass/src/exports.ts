// Asking for an export, and fetching what was approved: for a vendor's supervisors and for the owner's own people. What
// is typed here to select people is sent and forgotten; the file is sealed to its recipient before it comes here.
import { Refused, type Schemas, ask } from "./api.js";
import { byId, el, setText } from "./dom.js";
import { askedCards } from "./export_cards.js";
import { type Answer, readSession, signOut } from "./session.js";
import { SignInForm } from "./sign_in_form.js";
import { type TextKey, chooseLanguage, sentence, textsFor } from "./texts.js";

type Terms = Schemas["ExportTerms"];

const lookAgainMs = 2_000;

const language = chooseLanguage(new URLSearchParams(location.search).get("lang"), navigator.languages);
const texts = textsFor(language);
const form = new SignInForm(texts, (answer) => show(answer));
const wanted = byId<HTMLFormElement>("ask");
const choice = byId<HTMLSelectElement>("terms");
const whom = byId<HTMLSelectElement>("whom");
const values = byId<HTMLTextAreaElement>("values");

let all: Terms[] = [];
let timer = 0;
let shown = "";

function say(error: unknown): void {
  if (!(error instanceof Refused)) throw error;
  const isTyped = error.code === "invalid" || error.code === "malformed" || error.code === "not_found";
  setText(byId("error"), error.isAway ? texts.away : isTyped ? texts.exportInvalid : sentence(texts, error.code));
}

function show(answer: Answer): void {
  setText(byId("notice"), "");
  if ("trouble" in answer) return setText(byId("error"), texts[answer.trouble]);
  const { session } = answer;
  setText(byId("error"), "");
  form.show(!session.signed_in, session.passwords === true);
  for (const id of ["who", "sign-out"]) byId(id).hidden = !session.signed_in;
  byId("cards").hidden = !session.signed_in;
  setText(byId("who"), session.display_name ?? "");
  window.clearTimeout(timer);
  if (session.signed_in) void begin().catch(say);
}

async function begin(): Promise<void> {
  all = (await ask<Schemas["ExportTermsList"]>("GET", "/exports/terms")).terms;
  wanted.hidden = all.length === 0;
  byId("none").hidden = all.length > 0;
  choice.replaceChildren(...all.map((one, i) => el("option", { value: String(i) }, [one.owner_name, one.purpose_name || one.purpose].filter(Boolean).join(" ・ "))));
  chosen();
  await look();
}

/** What belongs to the purpose that is chosen. */
function chosen(): void {
  const terms = all[Number(choice.value)];
  if (terms === undefined) return;
  byId("own-purpose-field").hidden = terms.purpose !== "";
  const label = (field: Terms["fields"][number]): string => (language === "ja" ? field.label_ja : field.label_en);
  byId("fields").replaceChildren(
    ...terms.fields.map((field) => el("label", { class: "tick" }, el("input", { type: "checkbox", name: "field", value: field.name, checked: terms.purpose !== "" }), ` ${label(field)} `)),
  );
  byId("value-name").replaceChildren(...terms.fields.filter((field) => field.indexed).map((field) => el("option", { value: field.name }, label(field))));
}

function selecting(): void {
  byId("value-field").hidden = whom.value !== "values";
  byId("values-field").hidden = whom.value === "all";
  setText(byId("values-label"), whom.value === "import" ? texts.exportImport : texts.exportValues);
}

function selection(): object {
  const lines = values.value.split("\n").map((line) => line.trim()).filter(Boolean);
  if (whom.value === "import") return { import: lines[0] ?? "" };
  if (whom.value === "values") return { field: byId<HTMLSelectElement>("value-name").value, values: lines };
  return { all: true };
}

async function look(): Promise<void> {
  const { exports } = await ask<Schemas["Exports"]>("GET", "/exports");
  const cards = askedCards(texts, language, exports);
  const said = cards.map((card) => card.textContent).join("\n");
  if (said !== shown) byId("exports").replaceChildren(...cards);
  shown = said;
  timer = window.setTimeout(() => void look().catch(say), lookAgainMs);
}

async function send(event: Event): Promise<void> {
  event.preventDefault();
  const terms = all[Number(choice.value)];
  if (terms === undefined) return;
  const text = (id: string): string => byId<HTMLInputElement>(id).value.trim();
  const fields = [...wanted.querySelectorAll<HTMLInputElement>("input[name=field]:checked")].map((field) => field.value);
  // Nothing ticked is a slip, not everything.
  if (fields.length === 0) return setText(byId("error"), texts.exportInvalid);
  setText(byId("error"), "");
  try {
    await ask("POST", "/exports", {
      body: { owner: terms.owner, purpose: terms.purpose || text("own-purpose"), reason: text("reason"), recipient: text("recipient"), fields, selection: selection() },
    });
    values.value = "";
    setText(byId("notice"), texts.exportSent);
    window.clearTimeout(timer);
    await look();
  } catch (error) {
    say(error);
  }
}

document.documentElement.lang = language;
document.title = texts.exportsTitle;
for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) element.textContent = texts[element.dataset["text"] as TextKey];
for (const [value, text] of [["all", texts.exportAll], ["import", texts.exportImport], ["values", texts.exportValues]] as const) whom.append(el("option", { value }, text));
choice.addEventListener("change", chosen);
whom.addEventListener("change", selecting);
wanted.addEventListener("submit", (event) => void send(event));
byId("sign-out").addEventListener("click", () => void signOut().then(show));
setText(byId("notice"), texts.reading);
void readSession().then(show);
