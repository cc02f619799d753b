// Looking for personal data where none may be: every spelling in which a planted value could stand in bytes.
import { type Dirent, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { execFileSync } from "node:child_process";

export interface Planted {
  name: string; // for messages; says nothing of the value
  forms: Buffer[];
}

const mostBytes = 2 ** 30;

function inEncodings(text: string): Buffer[] {
  const forms = [Buffer.from(text), Buffer.from(text, "utf16le"), Buffer.from(text, "utf16le").swap16()];
  forms.push(Buffer.from(forms[0]!.toString("hex")), Buffer.from(forms[0]!.toString("hex").toUpperCase()));
  forms.push(Buffer.from(encodeURIComponent(text)));
  forms.push(Buffer.from([...text].map((one) => (one > "~" ? `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}` : one)).join("")));
  try {
    forms.push(execFileSync("iconv", ["-f", "UTF-8", "-t", "CP932"], { input: text, stdio: "pipe" }), execFileSync("iconv", ["-f", "UTF-8", "-t", "EUC-JP"], { input: text, stdio: "pipe" }));
  } catch {
    // Not every character is in them.
  }
  // Base64 at each of the three offsets, without the characters that neighbours reach into.
  for (const before of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]).toString("base64").replace(/=+$/, "");
    forms.push(Buffer.from(encoded.slice(before === 0 ? 0 : before + 1, -1)));
  }
  return forms;
}

function once(forms: Buffer[]): Buffer[] {
  // Shorter ones are found by chance.
  return [...new Map(forms.filter((one) => one.length >= 6).map((one) => [one.toString("hex"), one])).values()];
}

/** A text in every encoding; more spellings of it may be given. */
export function planted(name: string, ...spellings: string[]): Planted {
  return { name, forms: once(spellings.flatMap(inEncodings)) };
}

/** A telephone number in Japan ("09012345678"): as dialled, international, separated, full width. */
export function plantedNumber(name: string, number: string): Planted {
  const [a, b, c] = [number.slice(0, 3), number.slice(3, 7), number.slice(7)];
  const wide = [...number].map((digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)).join("");
  const all = planted(name, number.slice(1), `${a}-${b}-${c}`, `${a} ${b} ${c}`, `${a}(${b})${c}`, `${a.slice(1)}-${b}-${c}`, wide);
  // Packed two digits to a byte, in either order.
  const tail = number.slice(1);
  all.forms.push(Buffer.from(tail.length % 2 ? `${tail}f` : tail, "hex"), Buffer.from([...tail].reverse().join(""), "latin1"));
  return { name, forms: once(all.forms) };
}

/** The name of the first that is in there, and around which byte; undefined: none is. */
export function finds(all: Planted[], bytes: Buffer): string | undefined {
  for (const { name, forms } of all)
    for (const form of forms) {
      const at = bytes.indexOf(form);
      if (at >= 0) return `${name} (${JSON.stringify(form.toString("latin1"))}) at ${at}: …${JSON.stringify(bytes.subarray(Math.max(0, at - 48), at + 32).toString("latin1"))}…`;
    }
  return undefined;
}

export function expectNowhere(all: Planted[], where: string, bytes: Buffer): void {
  const found = finds(all, bytes);
  if (found !== undefined) throw new Error(`${where} holds ${found}`);
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // gone, or not ours to read
  }
}

/** Every regular file beneath, `except` left out. */
export function filesBeneath(folder: string, except: (path: string) => boolean = () => false): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (except(path)) return [];
    return entry.isDirectory() ? filesBeneath(path, except) : entry.isFile() ? [path] : [];
  });
}

/** How many files and bytes were looked through; throws at the first finding. */
export function expectInNoFile(all: Planted[], folder: string, except: (path: string) => boolean = () => false): { files: number; bytes: number } {
  const looked = { files: 0, bytes: 0 };
  for (const path of filesBeneath(folder, except)) {
    let bytes: Buffer;
    try {
      if (statSync(path).size > mostBytes) throw new Error(`${path} is too big to be looked through`);
      bytes = readFileSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") continue; // it went meanwhile
      throw error;
    }
    expectNowhere(all, path, bytes);
    looked.files++;
    looked.bytes += bytes.length;
  }
  return looked;
}
