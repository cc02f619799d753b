// The place of the glass: the vault's own page in a frame, from the vault's own host name. This console never sees
// what is in it; it hears only that somebody has signed in there, or not.
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFingerprint, useGlass, useGlassHeard, useParts, useWorld } from "../hooks";
import { messagesFor } from "../live/glass";
import { callInFront, isConsultedOne } from "../live/world";

export function GlassFrame() {
  const { t, i18n } = useTranslation();
  const { glass } = useParts();
  const world = useWorld();
  const { status } = world;
  const state = useGlass();
  const frame = useRef<HTMLIFrameElement>(null);
  const offered = status?.vault.connected ? status.glass_url : null;
  const [{ url, lang, loading }, setPage] = useState<{ url: string | null; lang: string; loading: number }>({ url: null, lang: i18n.language, loading: 0 });
  const fingerprint = useFingerprint();
  const heard = useGlassHeard();
  const call = callInFront(world);
  const mine = call && isConsultedOne(world, call) ? call.consulting_opening_ticket : call?.opening_ticket;
  const ticket = mine ?? null;
  const callId = call?.id ?? null;

  // A page that has spoken stays while the vault is away: it holds the session's key, and notes that are not saved yet.
  useEffect(() => {
    if (!offered) return;
    const same = (page: { url: string | null; lang: string }): boolean => page.url === offered && page.lang === i18n.language && glass.current() !== "unknown";
    setPage((page) => (same(page) ? page : { url: offered, lang: i18n.language, loading: page.loading + 1 }));
  }, [glass, offered, i18n.language]);

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

  // Told again whenever the glass speaks: its page may have been loaded anew, or somebody signed in; and when the vault
  // is back, which has forgotten. Before it has spoken there is nobody of its origin to hear it.
  useEffect(() => {
    if (!url || !offered || state === "unknown") return;
    const origin = new URL(url).origin;
    for (const message of messagesFor({ fingerprint, ticket, call: ticket === null ? null : callId }))
      frame.current?.contentWindow?.postMessage(message, origin);
  }, [url, offered, loading, state, fingerprint, ticket, callId, heard]);

  return (
    <section className="glass" aria-labelledby="glass-title">
      <header>
        <h2 id="glass-title">{t("glass.title")}</h2>
        <span className="mark">{t("glass.mark")}</span>
      </header>
      {state === "signed_out" && (
        <p className="glass-hint" role="status">
          {t("glass.not_needed")}
        </p>
      )}
      {!offered && (
        <p className="muted" role="status">
          {t(url ? "glass.away" : "glass.unavailable")}
        </p>
      )}
      {url && (
        <iframe key={loading} ref={frame} title={t("glass.title")} src={`${url}/?lang=${lang}`} allow="publickey-credentials-get *" />
      )}
    </section>
  );
}
