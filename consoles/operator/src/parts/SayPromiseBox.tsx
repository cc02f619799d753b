import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Call, api, ok } from "../api/client";
import { useAction, useParts } from "../hooks";

/** The caller says to the operator: please ring me back. By when and why, as a code; what else was said belongs to the vault. */
export function SayPromiseBox({ call, onDone }: { call: Call; onDone: () => void }) {
  const { t, i18n } = useTranslation();
  const run = useAction();
  const { choices } = useParts();
  const box = useRef<HTMLFormElement>(null);
  const [reason, setReason] = useState(choices.promise_reasons[0]?.id ?? "");
  const [at, setAt] = useState("");
  useEffect(() => box.current?.querySelector("select")?.focus(), []);

  const save = (): void => {
    const body = { reason, ...(at ? { at: new Date(at).toISOString() } : {}) };
    void run(() => ok(api.POST("/calls/{call}/promise", { params: { path: { call: call.id } }, body }))).then((done) => done && onDone());
  };
  return (
    <form
      ref={box}
      className="transfer card"
      role="dialog"
      aria-label={t("promise.say")}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
      onKeyDown={(event) => event.key === "Escape" && !event.nativeEvent.isComposing && onDone()}
    >
      <h2>{t("promise.say")}</h2>
      <label>
        {t("promise.say_why")}
        <select value={reason} onChange={(event) => setReason(event.target.value)}>
          {choices.promise_reasons.map((choice) => (
            <option key={choice.id} value={choice.id}>
              {i18n.language === "ja" ? choice.ja : choice.en}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("promise.say_when")}
        <input type="datetime-local" value={at} onChange={(event) => setAt(event.target.value)} />
      </label>
      <p className="muted">{t("promise.say_hint")}</p>
      <div className="buttons">
        <button type="submit" className="primary">
          {t("promise.say_done")}
        </button>
        <button type="button" className="quiet" onClick={onDone}>
          {t("transfer.cancel")}
        </button>
      </div>
    </form>
  );
}
