// The place of the glass: the vault's own page in a frame, from the vault's own host name. This console never sees
// what is in it; it hears only that somebody has signed in there, or not.
import { useTranslation } from "react-i18next";
import type { Session } from "../api/client";
import { useWorld } from "../hooks";

export function GlassFrame({ session }: { session: Session }) {
  const { t, i18n } = useTranslation();
  const world = useWorld();
  const status = world.status;
  const url = status?.glass_url ?? null;
  return (
    <section className="glass" aria-labelledby="glass-title">
      <header>
        <h2 id="glass-title">{t("glass.title")}</h2>
        <span className="mark">{t("glass.mark")}</span>
        <span className="muted">{t("glass.who", { name: session.display_name })}</span>
      </header>
      {url && status?.vault.connected ? (
        <iframe title={t("glass.title")} src={`${url}/?lang=${i18n.language}`} allow="publickey-credentials-get *" />
      ) : (
        <p className="muted">{t("glass.unavailable")}</p>
      )}
    </section>
  );
}
