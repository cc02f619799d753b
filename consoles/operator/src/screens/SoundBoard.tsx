// Announcements: recorded here or uploaded as WAV, and which desk plays which.
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Desk, type Schemas, api, ok } from "../api/client";
import { type Recording, forTelephone, record } from "../audio/recorder";
import { useAction, useWorld } from "../hooks";

type Prompt = Schemas["Prompt"];
type Use = keyof Schemas["DeskSounds"];

const uses: Use[] = ["greeting", "notice", "waiting", "hold", "closed", "callback_offer", "callback_thanks", "callback_digits", "unrecorded", "callback_announcement"];

async function everyPrompt(): Promise<Prompt[]> {
  const all: Prompt[] = [];
  let after: string | undefined;
  do {
    const page = await ok(api.GET("/prompts", { params: { query: { limit: 200, ...(after ? { after } : {}) } } }));
    all.push(...page.items);
    after = page.next ?? undefined;
  } while (after);
  return all;
}

export function SoundBoard() {
  const { t } = useTranslation();
  const world = useWorld();
  const [prompts, setPrompts] = useState<Prompt[]>([]);
  const [failing, setFailing] = useState(false);
  const read = useCallback(async () => {
    const all = await everyPrompt().catch(() => null);
    setFailing(all === null);
    if (all) setPrompts(all);
  }, []);
  useEffect(() => void read(), [read]);
  const desks = Object.values(world.desks);
  return (
    <>
      <section className="card" aria-labelledby="sounds-title">
        <h2 id="sounds-title">{t("sounds.title")}</h2>
        <NewSound onSaved={() => void read()} />
        {failing && (
          <p className="trouble">
            {t("sounds.failing")}{" "}
            <button type="button" className="small" onClick={() => void read()}>
              {t("error.again")}
            </button>
          </p>
        )}
        {prompts.length === 0 && !failing && <p className="muted">{t("sounds.none")}</p>}
        <ul className="sounds">
          {prompts.map((prompt) => (
            <li key={prompt.id}>
              <span>{prompt.name}</span>
              <span className="number">{(prompt.duration_ms / 1000).toFixed(1)} s</span>
              <audio controls preload="none" src={`/api/v1/prompts/${prompt.id}/audio`} aria-label={`${t("sounds.play")} ${prompt.name}`} />
              {prompt.source === "uploaded" && <DeleteSound prompt={prompt} users={usersOf(prompt, desks)} onDeleted={() => void read()} />}
            </li>
          ))}
        </ul>
      </section>
      {desks.map((desk) => (
        <DeskSounds key={desk.id} desk={desk} prompts={prompts} />
      ))}
    </>
  );
}

/** Which desks would miss it. */
function usersOf(prompt: Prompt, desks: Desk[]): Desk[] {
  const tellsPlaces = prompt.name.startsWith("place-");
  return desks.filter((desk) => uses.some((use) => desk.prompts[use] === prompt.id) || (tellsPlaces && desk.announce_place));
}

function DeleteSound({ prompt, users, onDeleted }: { prompt: Prompt; users: Desk[]; onDeleted: () => void }) {
  const { t } = useTranslation();
  const run = useAction();
  const remove = (): void =>
    void run(async () => {
      if (!window.confirm(t("sounds.delete_sure", { name: prompt.name }))) return;
      await ok(api.DELETE("/prompts/{prompt}", { params: { path: { prompt: prompt.id } } }));
      onDeleted();
    });
  if (users.length > 0) return <span className="muted">{t("sounds.used", { number: users.length })}</span>;
  return (
    <button type="button" className="small danger" aria-label={`${t("sounds.delete")} ${prompt.name}`} onClick={remove}>
      {t("sounds.delete")}
    </button>
  );
}

function NewSound({ onSaved }: { onSaved: () => void }) {
  const { t } = useTranslation();
  const run = useAction();
  const [name, setName] = useState("");
  const [sound, setSound] = useState<Blob | null>(null);
  const recording = useRef<Recording | null>(null);
  const begins = useRef(false);
  const [isRecording, setRecording] = useState(false);

  const toggle = (): void => {
    if (begins.current) return;
    void run(async () => {
      if (recording.current) {
        const made = await recording.current.stop();
        recording.current = null;
        setRecording(false);
        setSound(made);
      } else {
        begins.current = true;
        recording.current = await record(localStorage.getItem("madoguchi.microphone")).finally(() => (begins.current = false));
        setRecording(true);
      }
    });
  };
  const save = (): void =>
    void run(async () => {
      if (!sound) return;
      const small = await forTelephone(sound);
      await ok(api.POST("/prompts", { params: { query: { name } }, body: small as unknown as string, bodySerializer: (body) => body as unknown as Blob, headers: { "Content-Type": "audio/wav" } }));
      setSound(null);
      setName("");
      onSaved();
    });
  return (
    <div className="new-sound">
      <button type="button" onClick={toggle} aria-pressed={isRecording}>
        {isRecording ? t("sounds.stop") : t("sounds.record")}
      </button>
      <label className="file">
        {t("sounds.upload")}
        <input type="file" accept="audio/*" onChange={(event) => setSound(event.target.files?.[0] ?? null)} />
      </label>
      <label>
        {t("sounds.name")}
        <input value={name} maxLength={100} onChange={(event) => setName(event.target.value)} />
      </label>
      <button type="button" className="primary" disabled={!sound || !name.trim()} onClick={save}>
        {t("sounds.save")}
      </button>
    </div>
  );
}

function DeskSounds({ desk, prompts }: { desk: Desk; prompts: Prompt[] }) {
  const { t } = useTranslation();
  const run = useAction();
  const set = (use: Use, id: string): void =>
    void run(() => ok(api.PUT("/desks/{desk}/prompts", { params: { path: { desk: desk.id } }, body: { [use]: id } })));
  return (
    <section className="card" aria-label={desk.name}>
      <h2>{desk.name}</h2>
      {desk.unspoken.length > 0 && (
        <p className="soon-text">{t("sounds.unspoken", { uses: desk.unspoken.map((use) => t(`sounds.${use}`)).join(t("sounds.and")) })}</p>
      )}
      <div className="uses">
        {uses.map((use) => (
          <label key={use}>
            {t(`sounds.${use}`)}
            <select value={desk.prompts[use]} onChange={(event) => set(use, event.target.value)}>
              <option value="">{t("sounds.nothing")}</option>
              {prompts.map((prompt) => (
                <option key={prompt.id} value={prompt.id}>
                  {prompt.name}
                </option>
              ))}
            </select>
          </label>
        ))}
      </div>
    </section>
  );
}
