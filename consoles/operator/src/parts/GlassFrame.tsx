// The place of the glass: the vault's own page in a frame, from the vault's own host name. This console never sees
// what is in it; it hears only that somebody has signed in there, or not.
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useGlass, useParts, useWorld } from "../hooks";

export function GlassFrame() {
  const { t, i18n } = useTranslation();
  const { glass } = useParts();
  const { status } = useWorld();
  const state = useGlass();
  const frame = useRef<HTMLIFrameElement>(null);
  const url = status?.vault.connected ? status.glass_url : null;

  useEffect(() => {
    if (!url) return;
    const origin = new URL(url).origin;
    const hear = (event: MessageEvent): void => glass.hear(event, origin, frame.current?.contentWindow ?? null);
    window.addEventListener("message", hear);
    return () => {
      window.removeEventListener("message", hear);
      glass.forget();
    };
  }, [glass, url]);

  return (
    <section className="glass" aria-labelledby="glass-title">
      <header>
        <h2 id="glass-title">{t("glass.title")}</h2>
        <span className="mark">{t("glass.mark")}</span>
      </header>
      {state === "signed_out" && (
        <p className="glass-hint" role="status">
          <strong>{t("glass.signed_out")}</strong> {t("glass.not_needed")}
        </p>
      )}
      {url ? (
        <iframe ref={frame} title={t("glass.title")} src={`${url}/?lang=${i18n.language}`} allow="publickey-credentials-get *" />
      ) : (
        <p className="muted">{t("glass.unavailable")}</p>
      )}
    </section>
  );
}
