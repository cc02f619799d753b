// The sign-in form that both pages of the vault have.
import { byId, setText } from "./dom.js";
import { type Answer, signIn } from "./session.js";
import type { Texts } from "./texts.js";

export class SignInForm {
  private readonly form = byId<HTMLFormElement>("sign-in");
  private readonly name = byId<HTMLInputElement>("name");
  private readonly password = byId<HTMLInputElement>("password");
  private readonly send = byId<HTMLButtonElement>("send");

  constructor(
    private readonly texts: Texts,
    private readonly answered: (answer: Answer) => void,
  ) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
  }

  show(wanted: boolean): void {
    this.form.hidden = !wanted;
  }

  focus(): void {
    this.name.focus();
  }

  private async submit(): Promise<void> {
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
