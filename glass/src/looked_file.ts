// The file about one person as a page to print: nothing is in it that is not in the proofs.
import type { Schemas } from "./api.js";
import { cellsOf, columns } from "./entries.js";
import { page, table, tagged } from "./paper.js";
import { type Language, type Texts, fill, shortTime } from "./texts.js";

export function printable(texts: Texts, language: Language, file: Schemas["Disclosure"]): string {
  const entries = file.entries.map(({ entry, proof }) => ({ index: Number(/^index (\d+)$/m.exec(proof)?.[1] ?? 0), entry }));
  const paragraphs = [
    fill(texts.printMade, { owner: file.owner, by: file.made_by, time: shortTime(language, file.made_at), size: file.size }),
    fill(texts.printSubject, { subject: file.subject }),
    texts.printCheck,
  ];
  return page(
    language,
    texts.lookedTitle,
    paragraphs.map((text) => tagged("p", text)).join("") +
      `<p>${tagged("code", `madoguchi verify --proof looked-${file.subject}.json --key ${file.key}`)}</p>` +
      table(["#", ...columns.map((key) => texts[key])], entries.map((one) => cellsOf(texts, language, one))),
  );
}
