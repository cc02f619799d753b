// The file about one person as a page to print, and saving what was made here. The page stands alone: no script, no
// address outside, nothing that is not in the proofs.
import type { Schemas } from "./api.js";
import { cellsOf, columns } from "./entries.js";
import { type Language, type Texts, fill, shortTime } from "./texts.js";

const style =
  "body{font:14px/1.6 sans-serif;margin:2rem;color:#111}table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:4px 8px;text-align:left;vertical-align:top}" +
  "code{overflow-wrap:anywhere}@page{size:A4;margin:15mm}tr{break-inside:avoid}";

const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
const row = (tag: "td" | "th", cells: string[]): string => `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;

export function printable(texts: Texts, language: Language, file: Schemas["Disclosure"]): string {
  const entries = file.entries.map(({ entry, proof }) => ({ index: Number(/^index (\d+)$/m.exec(proof)?.[1] ?? 0), entry }));
  const title = texts.lookedTitle;
  const paragraphs = [
    fill(texts.printMade, { owner: file.owner, by: file.made_by, time: shortTime(language, file.made_at), size: file.size }),
    fill(texts.printSubject, { subject: file.subject }),
    texts.printCheck,
  ];
  return (
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${style}</style></head><body><h1>${escaped(title)}</h1>` +
    paragraphs.map((text) => `<p>${escaped(text)}</p>`).join("") +
    `<p><code>madoguchi verify --proof looked-${escaped(file.subject)}.json --key ${escaped(file.key)}</code></p>` +
    `<table><thead>${row("th", ["#", ...columns.map((key) => texts[key])])}</thead><tbody>${entries.map((one) => row("td", cellsOf(texts, language, one))).join("")}</tbody></table></body></html>\n`
  );
}

export function save(name: string, type: string, content: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken the bytes by the time the next task runs.
  window.setTimeout(() => URL.revokeObjectURL(address), 0);
}
