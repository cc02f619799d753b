import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, type Session, api, ok } from "../api/client";
import { sentence } from "../hooks";
import { switchLanguage } from "../i18n";

export function SignIn({ why, onSignedIn }: { why: string | null; onSignedIn: (session: Session) => void }) {
  const { t } = useTranslation();
  const [trouble, setTrouble] = useState<string | null>(null);
  const [working, setWorking] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setWorking(true);
    setTrouble(null);
    try {
      onSignedIn(await ok(api.POST("/session", { body: { name: String(form.get("name")), password: String(form.get("password")) } })));
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0;
      setTrouble(status === 401 ? t("sign_in.bad") : status === 429 ? t("sign_in.crowded") : sentence(error, t));
    } finally {
      setWorking(false);
    }
  }

  return (
    <main className="page sign-in">
      <form className="card" onSubmit={(event) => void submit(event)} aria-labelledby="sign-in-title">
        <p className="product">{t("product")}</p>
        <h1 id="sign-in-title">{t("sign_in.title")}</h1>
        {why && (
          <p className="banner" role="status">
            {t(why)}
          </p>
        )}
        <label>
          {t("sign_in.name")}
          <input name="name" autoComplete="username" required autoFocus spellCheck={false} />
        </label>
        <label>
          {t("sign_in.password")}
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <p role="alert" className="trouble">
          {trouble}
        </p>
        <button type="submit" className="primary" disabled={working}>
          {working ? t("sign_in.working") : t("sign_in.submit")}
        </button>
      </form>
      <button type="button" className="quiet" lang={t("language") === "English" ? "en" : "ja"} onClick={switchLanguage}>
        {t("language")}
      </button>
    </main>
  );
}
