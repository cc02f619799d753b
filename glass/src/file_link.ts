// A link to a file of the vault's. A browser that follows a link can't sign what it asks, so the page asks and hands the
// file over.
import { Refused, askFile } from "./api.js";
import { el } from "./dom.js";
import { save } from "./paper.js";
import { type Texts, sentence } from "./texts.js";

/** What is refused is said behind the link. */
export function fileLink(texts: Texts, path: string, name: string, text: string, attributes: Record<string, string> = {}): HTMLElement {
  const fetched = async (): Promise<void> => {
    said.textContent = "";
    try {
      save(name, "application/octet-stream", await askFile(path));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      said.textContent = error.isAway ? texts.away : sentence(texts, error.code);
    }
  };
  const said = el("span", { class: "error", role: "alert" });
  const press = (event: Event): void => {
    event.preventDefault();
    void fetched();
  };
  const link = el("a", { ...attributes, href: `/api${path}`, download: name, onclick: press }, text);
  return el("span", { class: "file" }, link, said);
}
