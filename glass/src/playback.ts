// Hearing a recording in the glass: from the list of a call's recordings to play, pause, seek, both sides and the marks
// of pauses. Every playback stands in the owner's log; nothing can be saved.
import { type Schemas, ask, askSound } from "./api.js";
import { el, setText } from "./dom.js";
import { CardSpeaker, sides } from "./speaker.js";
import { Tape } from "./tape.js";
import { type Language, type Texts, fill, shortTime } from "./texts.js";

export interface PlaybackParts {
  texts: Texts;
  language: Language;
  list: () => Promise<Schemas["Recordings"]>;
  begin: (recording: string) => Promise<Schemas["Playback"]>;
  refused: (error: unknown) => void;
}

export interface Stretch {
  kind: "pause" | "hold" | "gap";
  fromMs: number;
  toMs: number | null; // null: to the end, or a moment
}

const tickMs = 100;

export function clock(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** Where nothing, or nobody, is to be heard; the other marks are for the file's own use. */
export function stretches(marks: Schemas["Playback"]["marks"]): Stretch[] {
  const found: Stretch[] = [];
  const ends = { pause: "resume", hold: "resume_from_hold" } as const;
  marks.forEach((mark, i) => {
    if (mark.kind === "gap") found.push({ kind: "gap", fromMs: mark.at_ms, toMs: null });
    if (mark.kind !== "pause" && mark.kind !== "hold") return;
    const end = marks.slice(i + 1).find((later) => later.kind === ends[mark.kind as "pause" | "hold"]);
    found.push({ kind: mark.kind, fromMs: mark.at_ms, toMs: end?.at_ms ?? null });
  });
  return found;
}

export class PlaybackBox {
  readonly element = el("section", { class: "playback" });
  private tape: Tape | null = null;
  private timer = 0;

  constructor(private readonly parts: PlaybackParts) {
    this.element.setAttribute("aria-label", parts.texts.playback);
    void this.showList();
  }

  /** Nothing sounds afterwards. */
  close(): void {
    window.clearInterval(this.timer);
    this.tape?.close();
    this.tape = null;
  }

  private async showList(): Promise<void> {
    const { texts, language } = this.parts;
    try {
      const { recordings } = await this.parts.list();
      const rows = recordings.map((one) => el("li", {}, el("span", {}, shortTime(language, one.started_at)), el("button", { type: "button", class: "quiet", onclick: () => void this.begin(one.recording) }, texts.playbackHear)));
      this.element.replaceChildren(
        el("h2", {}, texts.playback),
        el("p", { class: "muted" }, rows.length > 0 ? texts.playbackLogged : texts.playbackNone),
        el("ul", {}, ...rows),
      );
    } catch (error) {
      this.parts.refused(error);
    }
  }

  private async begin(recording: string): Promise<void> {
    this.close();
    try {
      this.show(await this.parts.begin(recording));
    } catch (error) {
      this.parts.refused(error);
    }
  }

  private show(playback: Schemas["Playback"]): void {
    const { texts } = this.parts;
    const speaker = new CardSpeaker();
    const tape = new Tape({
      lengthMs: playback.length_ms,
      speaker,
      fetch: (fromMs, ms) => askSound(playback.playback, fromMs, ms),
      failed: (error) => {
        this.close();
        void this.showList();
        this.parts.refused(error);
      },
    });
    this.tape = tape;
    const total = clock(playback.length_ms);
    const toggle = el("button", { type: "button", class: "toggle" }, texts.playbackPlay);
    const seek = el("input", { type: "range", min: "0", max: String(playback.length_ms), step: "1000", "aria-label": texts.playbackPlace });
    seek.value = "0";
    const place = el("span", { class: "place" });
    const meters = sides.map((side) => el("meter", { class: side, min: "0", max: "1", "aria-label": texts[`playback_${side}`] }));
    const show = (): void => {
      setText(toggle, tape.isPlaying ? texts.playbackPause : texts.playbackPlay);
      setText(place, `${clock(tape.atMs)} / ${total}`);
      if (document.activeElement !== seek || tape.isPlaying) seek.value = String(tape.atMs);
      seek.setAttribute("aria-valuetext", `${clock(tape.atMs)} / ${total}`);
      sides.forEach((side, i) => (meters[i]!.value = speaker.level(side)));
    };
    const act = (run: () => unknown) => () => void Promise.resolve(run()).then(show, this.parts.refused);
    toggle.addEventListener("click", act(() => (tape.isPlaying ? tape.pause() : tape.play())));
    seek.addEventListener("input", act(() => tape.seek(Number(seek.value))));
    const side = (which: (typeof sides)[number], i: number): HTMLElement => {
      const on = el("input", { type: "checkbox", checked: true, onchange: () => speaker.hear(which, on.checked) });
      return el("span", { class: "side" }, el("label", {}, on, texts[`playback_${which}`]), meters[i]);
    };
    const marks = stretches(playback.marks).map((one) => {
      const span = one.toMs === null ? clock(one.fromMs) : `${clock(one.fromMs)}–${clock(one.toMs)}`;
      return el("li", {}, el("button", { type: "button", class: "quiet", onclick: act(() => tape.seek(one.fromMs)) }, `${texts[`playback_${one.kind}`]} ${span}`));
    });
    this.element.replaceChildren(
      el("h2", {}, texts.playback),
      el("div", { class: "row" }, toggle, place),
      seek,
      el("div", { class: "row" }, ...sides.map(side)),
      ...(marks.length > 0 ? [el("ul", { class: "marks" }, ...marks)] : []),
      ...(playback.whole ? [] : [el("p", { class: "muted" }, fill(texts.playbackGoesOn, { time: total }))]),
    );
    this.timer = window.setInterval(() => void tape.tick().then(show), tickMs);
    show();
    toggle.focus();
    act(() => tape.play())();
  }
}

/** Of the ticket's own call; about `person` where one was opened. */
export function ticketPlayback(parts: Omit<PlaybackParts, "list" | "begin">, ticket: string, person: { owner: string; subject?: string }): PlaybackBox {
  return new PlaybackBox({
    ...parts,
    list: () => ask("GET", "/recordings", { ticket }),
    begin: (recording) => ask("POST", "/playbacks", { body: { ...person, recording }, ticket }),
  });
}
