// Elements without a framework: the glass is small, and every line of it is to be read by an auditor.

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | boolean | ((event: Event) => void)>;

/** `on…` attributes are listeners; true sets an attribute without value, false leaves it out. Text is never HTML. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children) if (child) made.append(child);
  return made;
}

export function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found as T;
}

/** Changed only when it differs: a live region would say it again. */
export function setText(where: HTMLElement, text: string): void {
  if (where.textContent !== text) where.textContent = text;
}

/** Replaces children only when what they say has changed, so that focus and live regions stay quiet. */
export function become(where: HTMLElement, children: HTMLElement[]): void {
  const before = where.dataset["said"];
  const now = children.map((child) => child.textContent).join("\n");
  if (before === now) return;
  where.dataset["said"] = now;
  where.replaceChildren(...children);
}
