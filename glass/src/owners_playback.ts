// The owner hears the recording of a call to one of its own numbers, for a reason that the log keeps.
import { Refused, type Schemas, ask } from "./api.js";
import { byId, el, setText } from "./dom.js";
import { PlaybackBox } from "./playback.js";
import { type Language, type Texts, sentence } from "./texts.js";

const reasons: Schemas["OwnersPlaybackWanted"]["reason"][] = ["complaint", "fact_finding", "asked_by_person", "quality"];

export class OwnersPlayback {
  private readonly where = byId("owners-playback");
  private box: PlaybackBox | null = null;

  constructor(
    private readonly texts: Texts,
    private readonly language: Language,
  ) {}

  close(): void {
    this.box?.close();
    this.box = null;
    this.where.hidden = true;
    this.where.replaceChildren();
  }

  show(call: string): void {
    this.close();
    const { texts, language } = this;
    const reason = el("select", { name: "playback-reason", "aria-label": texts.playbackReason }, ...reasons.map((one) => el("option", { value: one }, texts[`playbackReason_${one}`])));
    const trouble = el("p", { class: "error", role: "alert" });
    this.box = new PlaybackBox({
      texts,
      language,
      list: () => ask("GET", `/owner/recordings?call=${encodeURIComponent(call)}`),
      begin: (recording) => {
        setText(trouble, "");
        return ask("POST", "/owner/playbacks", { body: { recording, reason: reason.value } });
      },
      refused: (error) => {
        if (!(error instanceof Refused)) throw error;
        setText(trouble, error.isAway ? texts.away : sentence(texts, error.code));
      },
    });
    const title = el("h2", { tabindex: "-1" }, texts.playbackOfCall);
    this.where.replaceChildren(title, el("label", {}, texts.playbackReason, reason), trouble, this.box.element);
    this.where.hidden = false;
    title.focus();
  }
}
