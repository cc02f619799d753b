// The sign-in page of the glass, alone in a window or in a console's frame. It tells the frame's
// holder nothing but whether somebody is signed in, and tells only the consoles that the vault names.
import { readParents, readSession, signIn, signOut, type Answer } from "./session.js";
import { chooseLanguage, textsFor, type TextKey } from "./texts.js";

const READ_AGAIN_MS = 60_000;
const RECONNECT_MS = 3_000;

const language = chooseLanguage(
  new URLSearchParams(location.search).get("lang"),
  navigator.languages,
);
const texts = textsFor(language);

function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found as T;
}

const form = byId<HTMLFormElement>("sign-in");
const nameField = byId<HTMLInputElement>("name");
const passwordField = byId<HTMLInputElement>("password");
const send = byId<HTMLButtonElement>("send");
const signedIn = byId("signed-in");
const who = byId("who");
const until = byId<HTMLTimeElement>("until");
const notice = byId("notice");
const error = byId("error");

let parents: string[] = [];
let timer = 0;

function tellHolder(isSignedIn: boolean | null): void {
  if (window.parent === window) return;
  // A browser delivers a message only to the origin it is addressed to.
  for (const origin of parents)
    window.parent.postMessage({ type: "madoguchi.glass", signed_in: isSignedIn }, origin);
}

function say(where: HTMLElement, key: TextKey | null): void {
  const text = key === null ? "" : texts[key];
  if (where.textContent !== text) where.textContent = text;
}

function readAgainIn(milliseconds: number): void {
  window.clearTimeout(timer);
  timer = window.setTimeout(() => void refresh(), milliseconds);
}

// `asked`: the person did something and waits for the outcome.
function show(answer: Answer, asked: boolean): void {
  say(notice, null);
  if ("trouble" in answer) {
    say(error, answer.trouble);
    if (answer.trouble !== "away") return;
    tellHolder(null);
    readAgainIn(RECONNECT_MS);
    return;
  }
  const session = answer.session;
  say(error, null);
  form.hidden = session.signed_in;
  signedIn.hidden = !session.signed_in;
  who.hidden = !session.signed_in;
  who.textContent = session.display_name ?? "";
  if (session.expires_at !== undefined) {
    const expires = new Date(session.expires_at);
    until.dateTime = session.expires_at;
    until.textContent = expires.toLocaleString(language === "ja" ? "ja-JP" : "en-GB", {
      dateStyle: "medium",
      timeStyle: "short",
    });
  }
  if (asked) (session.signed_in ? byId("sign-out") : nameField).focus();
  tellHolder(session.signed_in);
  readAgainIn(READ_AGAIN_MS);
}

async function refresh(): Promise<void> {
  if (parents.length === 0) parents = await readParents();
  show(await readSession(), false);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const name = nameField.value.trim();
  const password = passwordField.value;
  if (name === "" || password === "") {
    say(error, "missing");
    (name === "" ? nameField : passwordField).focus();
    return;
  }
  say(error, null);
  say(notice, "sending");
  send.disabled = true;
  void signIn(name, password).then((answer) => {
    send.disabled = false;
    passwordField.value = "";
    show(answer, true);
    if ("trouble" in answer) passwordField.focus();
  });
});

// Enter that ends a Japanese conversion is no wish to send.
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.isComposing) event.preventDefault();
});

byId("sign-out").addEventListener("click", () => {
  void signOut().then((answer) => show(answer, true));
});

document.documentElement.lang = language;
document.documentElement.classList.toggle("framed", window.parent !== window);
document.title = texts.heading;
for (const element of document.querySelectorAll<HTMLElement>("[data-text]"))
  element.textContent = texts[element.dataset["text"] as TextKey];
say(notice, "reading");
void refresh();
