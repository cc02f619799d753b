import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Call, api, ok } from "../api/client";
import { useAction, useParts } from "../hooks";

export function WrapUpBox({ call }: { call: Call }) {
  const { t, i18n } = useTranslation();
  const run = useAction();
  const { choices } = useParts();
  const [disposition, setDisposition] = useState("");
  const chosen = disposition || choices.dispositions[0]?.id || "";
  const done = (next: "ready" | "away"): void =>
    void run(() => ok(api.POST("/calls/{call}/wrap_up", { params: { path: { call: call.id } }, body: { disposition: chosen, next, ...(next === "away" ? { reason: "break" as const } : {}) } })));
  return (
    <section className="card wrap-up" aria-labelledby="wrap-up-title">
      <h2 id="wrap-up-title">{t("wrap_up.title")}</h2>
      {(call.end_cause === "fault" || call.outcome === "cut_off") && <p className="soon-text" role="alert">{t("wrap_up.cut_off")}</p>}
      <p>{t("wrap_up.thanks")}</p>
      <fieldset>
        <legend>{t("wrap_up.disposition")}</legend>
        {choices.dispositions.map((choice) => (
          <label key={choice.id} className="choice">
            <input type="radio" name="disposition" value={choice.id} checked={chosen === choice.id} onChange={() => setDisposition(choice.id)} />
            {i18n.language === "ja" ? choice.ja : choice.en}
          </label>
        ))}
      </fieldset>
      <div className="buttons">
        <button type="button" className="primary" onClick={() => done("ready")}>
          {t("wrap_up.done_ready")}
        </button>
        <button type="button" onClick={() => done("away")}>
          {t("wrap_up.done_away")}
        </button>
        <button type="button" className="quiet" onClick={() => void run(() => ok(api.POST("/calls/{call}/extend_wrap_up", { params: { path: { call: call.id } } })))}>
          {t("wrap_up.extend")}
        </button>
      </div>
    </section>
  );
}
