// Pages to print, saved as files that stand alone: no script, no address outside, nothing taken as HTML.
import type { Language } from "./texts.js";

const style =
  "body{font:14px/1.6 sans-serif;margin:2rem;color:#111}table{border-collapse:collapse;width:100%;margin:0 0 1rem}th,td{border:1px solid #999;padding:4px 8px;text-align:left;vertical-align:top}" +
  "td.number{text-align:right}code,pre{overflow-wrap:anywhere;white-space:pre-wrap}@page{size:A4;margin:15mm}tr{break-inside:avoid}";

export const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
export const tagged = (tag: "h2" | "p" | "code" | "pre", text: string): string => `<${tag}>${escaped(text)}</${tag}>`;

/** Whole numbers stand on the right. */
export function table(head: string[], rows: string[][]): string {
  const cell = (text: string): string => `<td${/^\d+$/.test(text) ? ' class="number"' : ""}>${escaped(text)}</td>`;
  return `<table><thead><tr>${head.map((text) => `<th>${escaped(text)}</th>`).join("")}</tr></thead><tbody>${rows.map((cells) => `<tr>${cells.map(cell).join("")}</tr>`).join("")}</tbody></table>`;
}

/** `body` is HTML, made of the above. */
export const page = (language: Language, title: string, body: string): string =>
  `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${style}</style></head><body><h1>${escaped(title)}</h1>${body}</body></html>\n`;

export function save(name: string, type: string, content: BlobPart): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken the bytes by the time the next task runs.
  window.setTimeout(() => URL.revokeObjectURL(address), 0);
}
