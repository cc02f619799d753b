// Deterrence, and called so: who is looking is written over what is shown, and selecting, copying and printing are
// refused. A camera still sees the screen; the log says who had it open.
import { el } from "./dom.js";

export function watermark(text: string): HTMLElement {
  const sheet = el("div", { class: "watermark", "aria-hidden": "true" });
  for (let i = 0; i < 24; i++) sheet.append(el("span", {}, text));
  return sheet;
}

export function refuseCopying(page: Document): void {
  const refuse = (event: Event): void => {
    const target = event.target;
    if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) return;
    event.preventDefault();
  };
  for (const kind of ["copy", "cut", "dragstart", "contextmenu"]) page.addEventListener(kind, refuse);
}
