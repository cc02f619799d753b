import { useTranslation } from "react-i18next";
import { type Schemas, api, ok } from "../api/client";
import { useAction, useNow, useParts, useSpan, useWorld } from "../hooks";

type Reason = NonNullable<Schemas["StateChange"]["reason"]>;

export function StateBox() {
  const { t, i18n } = useTranslation();
  const world = useWorld();
  const now = useNow();
  const span = useSpan();
  const run = useAction();
  const { choices } = useParts();
  const me = world.session?.operator_id ? world.operators[world.session.operator_id] : undefined;
  const set = (body: Schemas["StateChange"]): void =>
    void run(() => ok(api.PUT("/operators/{operator}/state", { params: { path: { operator: "me" } }, body })));
  const state = me?.state ?? "offline";
  const inCall = state !== "offline" && state !== "away" && state !== "ready";
  return (
    <section className="card" aria-labelledby="state-title">
      <h2 id="state-title">{t("state.title")}</h2>
      <p className={`state state-${state}`} role="status">
        <span className="shape" aria-hidden="true" />
        <strong>{t(`state.${state}`)}</strong>
        {me?.away_reason && <span>（{t(`reason.${me.away_reason}`)}）</span>}
        {me?.since && <span className="muted since">{span(now - Date.parse(me.since))}</span>}
      </p>
      {me?.next_state && <p className="muted">{t("state.next", { state: t(`state.${me.next_state}`) })}</p>}
      <div className="buttons" role="group" aria-label={t(inCall ? "state.after" : "state.choose")}>
        {inCall && <span className="muted">{t("state.after")}</span>}
        <button type="button" className={state === "ready" || inCall ? "" : "primary"} aria-pressed={state === "ready"} aria-keyshortcuts="Alt+Shift+R" onClick={() => set({ state: "ready" })}>
          {t("state.ready")}
        </button>
        <select
          aria-label={t("state.away")}
          value=""
          onChange={(event) => event.target.value && set({ state: "away", reason: event.target.value as Reason })}
        >
          <option value="">{t("state.away")}…</option>
          {choices.away_reasons.map((choice) => (
            <option key={choice.id} value={choice.id}>
              {i18n.language === "ja" ? choice.ja : choice.en}
            </option>
          ))}
        </select>
      </div>
    </section>
  );
}
