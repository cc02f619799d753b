// One's own password: asked for twice, checked by the centre, which ends the other sessions.
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, api, ok } from "../api/client";
import { sentence } from "../hooks";

const least = 10;

export function PasswordDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useTranslation();
  const dialog = useRef<HTMLDialogElement>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [stage, setStage] = useState<"asking" | "working" | "done">("asking");
  useEffect(() => dialog.current?.showModal(), []);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [before, fresh, again] = ["old", "new", "again"].map((field) => String(form.get(field)));
    if (before === undefined || fresh === undefined) return;
    if (fresh.length < least) return setTrouble(t("password.short"));
    if (fresh !== again) return setTrouble(t("password.differ"));
    setStage("working");
    setTrouble(null);
    try {
      await ok(api.POST("/session/password", { body: { old_password: before, new_password: fresh } }));
      setStage("done");
    } catch (error) {
      setStage("asking");
      setTrouble(error instanceof ApiError && error.status === 403 ? t("password.wrong") : sentence(error, t));
    }
  }

  return (
    <dialog ref={dialog} className="card" aria-labelledby="password-title" onClose={onClose}>
      <h2 id="password-title">{t("password.title")}</h2>
      {stage === "done" ? (
        <>
          <p role="status">{t("password.done")}</p>
          <button type="button" className="primary" autoFocus onClick={() => dialog.current?.close()}>
            {t("password.close")}
          </button>
        </>
      ) : (
        <form onSubmit={(event) => void submit(event)}>
          <input type="hidden" name="username" autoComplete="username" value={name} />
          <Field name="old" label={t("password.old")} complete="current-password" />
          <Field name="new" label={t("password.new")} complete="new-password" />
          <Field name="again" label={t("password.again")} complete="new-password" />
          <p role="alert" className="trouble">
            {trouble}
          </p>
          <div className="buttons">
            <button type="submit" className="primary" disabled={stage === "working"}>
              {stage === "working" ? t("password.working") : t("password.submit")}
            </button>
            <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
              {t("password.close")}
            </button>
          </div>
        </form>
      )}
    </dialog>
  );
}

function Field({ name, label, complete }: { name: string; label: string; complete: string }) {
  return (
    <label>
      {label}
      <input name={name} type="password" autoComplete={complete} maxLength={200} required />
    </label>
  );
}
