// Signing in, as every page of the vault has it: by passkey, with a first passkey made by the administrator's code, and
// by password where the vault says so (a demo). It stands below the page's #error.
import { byId, el, setText } from "./dom.js";
import { type PasskeyAnswer, makePasskey, mayMake, maySignIn, signInWithPasskey } from "./passkey.js";
import { type Answer, signIn } from "./session.js";
import type { Texts } from "./texts.js";

const field = (label: string, input: HTMLInputElement): HTMLElement => el("div", { class: "field" }, el("label", { for: input.id }, label), input);

export class SignInForm {
  private readonly name = el("input", { id: "name", name: "username", type: "text", autocomplete: "username", autocapitalize: "none", spellcheck: "false", maxlength: "64", required: true });
  private readonly password = el("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", maxlength: "256", required: true });
  private readonly send: HTMLButtonElement;
  private readonly passkey: HTMLButtonElement;
  private readonly byPassword: HTMLElement;
  private readonly form: HTMLFormElement;
  private readonly first: HTMLElement;
  private readonly add: HTMLButtonElement;

  constructor(
    private readonly texts: Texts,
    private readonly answered: (answer: Answer) => void,
  ) {
    this.send = el("button", { id: "send", type: "submit" }, texts.signIn);
    this.passkey = el("button", { id: "passkey", type: "button", onclick: () => void this.withPasskey(() => signInWithPasskey()) }, texts.passkeySignIn);
    this.byPassword = el("div", { id: "by-password" }, field(texts.name, this.name), field(texts.password, this.password), this.send);
    this.form = el("form", { id: "sign-in", hidden: true, novalidate: true }, el("p", { class: "lead" }, texts.lead), this.passkey, this.byPassword);
    this.first = mayMake() ? this.firstPasskey() : el("p", { class: "muted" }, el("a", { href: `${location.pathname}${location.search}`, target: "_blank", rel: "noopener" }, texts.passkeyElsewhere));
    this.add = el("button", { id: "add-passkey", type: "button", class: "quiet", hidden: true, onclick: () => void this.withPasskey(() => makePasskey(null)) }, texts.passkeyAdd);
    byId("error").after(this.form, this.first);
    byId("sign-out").before(this.add);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
  }

  /** `passwords`: whether the vault takes them. */
  show(wanted: boolean, passwords: boolean): void {
    this.form.hidden = !wanted;
    this.passkey.hidden = !maySignIn();
    this.byPassword.hidden = !passwords;
    this.first.hidden = !wanted;
    this.add.hidden = wanted || !mayMake();
  }

  focus(): void {
    (this.byPassword.hidden ? this.passkey : this.name).focus();
  }

  private firstPasskey(): HTMLElement {
    const code = el("input", { id: "code", type: "text", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: "32", required: true });
    const form = el(
      "form",
      { id: "enrol", novalidate: true },
      field(this.texts.passkeyCode, code),
      el("button", { type: "submit", class: "quiet" }, this.texts.passkeyMake),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (code.value.trim() === "") return code.focus();
      void this.withPasskey(() => makePasskey(code.value.trim())).then(() => (code.value = ""));
    });
    return el("details", { class: "first-passkey" }, el("summary", {}, this.texts.passkeyFirst), form);
  }

  private async withPasskey(run: () => Promise<PasskeyAnswer>): Promise<void> {
    setText(byId("error"), "");
    setText(byId("notice"), this.texts.passkeyWaiting);
    this.passkey.disabled = true;
    const answer = await run();
    this.passkey.disabled = false;
    setText(byId("notice"), "made" in answer ? this.texts.passkeyMade : "");
    if ("session" in answer) this.answered(answer);
    else if ("trouble" in answer) setText(byId("error"), this.texts[answer.trouble]);
  }

  private async submit(): Promise<void> {
    if (this.byPassword.hidden) return;
    const name = this.name.value.trim();
    if (name === "" || this.password.value === "") {
      setText(byId("error"), this.texts.missing);
      (name === "" ? this.name : this.password).focus();
      return;
    }
    setText(byId("error"), "");
    setText(byId("notice"), this.texts.sending);
    this.send.disabled = true;
    const answer = await signIn(name, this.password.value);
    this.send.disabled = false;
    this.password.value = "";
    this.answered(answer);
    if ("trouble" in answer) this.password.focus();
  }
}
