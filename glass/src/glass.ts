// The glass: signing in to the vault, alone in a window or in a console's frame, and while a call is up the people it
// may be about. It tells the frame's holder nothing but whether somebody is signed in and that something was opened,
// and tells only the consoles that the vault names.
import { Refused, ask } from "./api.js";
import { CaseBoard } from "./cases.js";
import { Desk } from "./desk.js";
import { byId, el, setText } from "./dom.js";
import { Holder, type Told } from "./holder.js";
import { SealedTexts } from "./sealed_text.js";
import { type Answer, type Session, readSession, signOut } from "./session.js";
import { SignInForm } from "./sign_in_form.js";
import { StopBoard } from "./stops.js";
import { type TextKey, chooseLanguage, textsFor, timeIn } from "./texts.js";
import { VouchBoard } from "./vouches.js";
import { refuseCopying } from "./watermark.js";

const readAgainMs = 60_000;
const reconnectMs = 3_000;

const language = chooseLanguage(new URLSearchParams(location.search).get("lang"), navigator.languages);
const texts = textsFor(language);
const holder = new Holder();

const form = new SignInForm(texts, (answer) => show(answer, true));
const signedIn = byId("signed-in");
const who = byId("who");
const until = byId<HTMLTimeElement>("until");
const notice = byId("notice");
const trouble = byId("error");

const stops = new StopBoard(texts, language, { ticket: () => desk.inHand ?? ticket, stands: (of, stage) => desk.stands(of, stage), reached });
const vouches = new VouchBoard(texts, language, (error) => desk.refused(error));
let met = false;
let timer = 0;
let isSignedIn = false;
let fingerprint: string | null = null;
let session: Session | null = null;
let ticket: string | null = null;
let caseTicket: string | null = null; // taken up while no call is up
let sealed: SealedTexts | null = null;

const desk = new Desk({
  texts,
  language,
  sealed: () => sealed,
  tell: (outcome) => holder.tell({ outcome }),
  say: (words) => setText(trouble, words),
  signedOut: () => void refresh(),
  closed: () => {
    caseTicket = null;
    showIdle();
  },
});
const cases = new CaseBoard({
  texts,
  language,
  open: (taken) => {
    caseTicket = taken;
    void begin();
  },
  say: (words) => setText(trouble, words),
});

/** What is there between two calls. */
function showIdle(): void {
  const idle = isSignedIn && !desk.isOpen;
  signedIn.hidden = !idle;
  cases.watch(idle && session?.role !== "owner");
}

function readAgainIn(milliseconds: number): void {
  window.clearTimeout(timer);
  timer = window.setTimeout(() => void refresh(), milliseconds);
}

const sayTrouble = (key: TextKey | null): void => setText(trouble, key === null ? "" : texts[key]);

/** Said while the vault is away, and no longer: what was refused meanwhile may be asked again. */
function reached(isThere: boolean): void {
  if (!isThere) sayTrouble("away");
  else if (trouble.textContent === texts.away) sayTrouble(null);
}

// `asked`: the person did something and waits for the outcome.
function show(answer: Answer, asked: boolean): void {
  setText(notice, "");
  if ("trouble" in answer) {
    sayTrouble(answer.trouble);
    if (answer.trouble !== "away") return;
    holder.tell({ signed_in: null });
    readAgainIn(reconnectMs);
    return;
  }
  session = answer.session.signed_in ? answer.session : null;
  showSession(answer.session, asked);
}

function showSession(session: Session, asked: boolean): void {
  reached(true);
  if (asked || session.signed_in !== isSignedIn) sayTrouble(null);
  isSignedIn = session.signed_in;
  form.show(!isSignedIn, session.passwords === true);
  who.hidden = !isSignedIn;
  who.textContent = session.display_name ?? "";
  if (session.expires_at !== undefined) {
    until.dateTime = session.expires_at;
    until.textContent = timeIn(language, session.expires_at, "short", "medium");
  }
  if (asked) (isSignedIn ? byId("sign-out") : form).focus();
  holder.tell({ signed_in: isSignedIn });
  readAgainIn(readAgainMs);
  if (!isSignedIn) {
    stops.watch(null);
    caseTicket = null;
  }
  const owners = session.role === "owner"; // who has no calls: what there is for them is elsewhere
  byId("signed-in-lead").replaceChildren(owners ? el("a", { href: `client.html?lang=${language}` }, texts.clientHere) : texts.signedIn);
  vouches.watch(isSignedIn ? session : null);
  void (isSignedIn ? begin() : desk.clear());
  showIdle();
}

// What the console told before somebody signed in counts from then on.
async function begin(): Promise<void> {
  if (fingerprint !== null)
    await ask("POST", "/leg", { body: { fingerprint } }).catch((error) => {
      if (error instanceof Refused && error.isAway) readAgainIn(reconnectMs); // without it no ticket is this session's
    });
  stops.watch(session);
  if (ticket !== null) caseTicket = null; // who is on the phone comes first
  await desk.take(ticket ?? caseTicket, ticket === null);
  showIdle();
}

function take(told: Told): void {
  if (told.fingerprint !== undefined) fingerprint = told.fingerprint;
  if (told.ticket !== undefined) ticket = told.ticket;
  if (told.ticket === null) sayTrouble(null); // of the call that is over
  if (isSignedIn) void begin();
}

async function refresh(): Promise<void> {
  if (!met) met = await holder.meet();
  show(await readSession(), false);
}

// Enter that ends a Japanese conversion is no wish to send.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Enter" && event.isComposing) event.preventDefault();
  },
  true,
);

byId("sign-out").addEventListener("click", () => {
  void signOut().then((answer) => show(answer, true));
});

document.documentElement.lang = language;
document.documentElement.classList.toggle("framed", window.parent !== window);
document.title = texts.heading;
for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) element.textContent = texts[element.dataset["text"] as TextKey];
byId("stops").replaceWith(stops.element);
byId("desk").replaceWith(desk.element);
desk.element.before(cases.element);
desk.element.before(vouches.element);
setText(notice, texts.reading);
refuseCopying(document);
holder.listen(take);
// Without a database of its own (a private window) the page still works; text is then kept in memory only.
void SealedTexts.open()
  .then((opened) => (sealed = opened))
  .catch(() => undefined);
void refresh();
