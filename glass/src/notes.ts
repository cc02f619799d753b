// A note about a person, saved as it is typed. One save is under way at a time and the newest text wins; while the
// vault is away, or has refused it, the text is kept sealed in the page, and tried again. The page names the document,
// so that a save whose answer was lost is repeated, not doubled.
import { Refused, type Schemas, ask } from "./api.js";
import type { Kept, SealedTexts } from "./sealed_text.js";

export type NoteState = { kind: "idle" } | { kind: "saving" } | { kind: "saved"; at: Date } | { kind: "kept_here" } | { kind: "refused"; code: string };

export interface About {
  owner: string;
  subject: string;
}

export interface NoteParts {
  write: (note: Schemas["Note"]) => Promise<Schemas["Document"]>;
  sealed: Pick<SealedTexts, "keep" | "drop"> | null;
  later: (again: () => void, milliseconds: number) => void;
  show: (state: NoteState) => void;
}

const settleMs = 600; // after the last key
const againMs = 3_000;

export function writeWith(ticket: string): NoteParts["write"] {
  return (note) => ask("POST", "/documents", { body: note, ticket });
}

export const placeOf = (about: About): string => JSON.stringify([about.owner, about.subject]);

export class NoteWriter {
  private text = "";
  private savedText = "";
  private busy = false;
  private waiting = false;

  constructor(
    private readonly about: About,
    private readonly parts: NoteParts,
    private document: string = crypto.randomUUID(),
  ) {}

  /** Goes on with what was kept in the page. */
  resume(kept: Kept): void {
    if (kept.document !== undefined) this.document = kept.document;
    this.type(kept.text);
  }

  type(text: string): void {
    this.text = text;
    this.soon(settleMs);
  }

  /** Saves what is not yet saved, at once; for leaving. */
  async flush(): Promise<void> {
    if (this.busy || this.text === this.savedText) return;
    this.busy = true;
    const text = this.text;
    this.parts.show({ kind: "saving" });
    try {
      const kept = await this.parts.write({ ...this.about, text, draft: true, document: this.document });
      this.savedText = text;
      await this.parts.sealed?.drop(this.place()).catch(() => undefined);
      this.parts.show({ kind: "saved", at: new Date(kept.written_at) });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await this.parts.sealed?.keep({ place: this.place(), text, document: this.document }).catch(() => undefined);
      if (error.isAway) {
        this.parts.show({ kind: "kept_here" });
        this.soon(againMs);
      } else {
        this.parts.show({ kind: "refused", code: error.code });
      }
    } finally {
      this.busy = false;
    }
    if (this.text !== text) this.soon(settleMs);
  }

  /** Where unsaved text of this person is kept. */
  place(): string {
    return placeOf(this.about);
  }

  private soon(milliseconds: number): void {
    if (this.waiting) return;
    this.waiting = true;
    this.parts.later(() => {
      this.waiting = false;
      void this.flush();
    }, milliseconds);
  }
}
