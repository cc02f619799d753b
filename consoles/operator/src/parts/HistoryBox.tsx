// Contact history: the calls of the desks I serve, newest first; read anew when one of mine ends.
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Call, api, ok } from "../api/client";
import { clock, useWorld } from "../hooks";
import { callInFront } from "../live/world";

export function HistoryBox() {
  const { t, i18n } = useTranslation();
  const world = useWorld();
  const [calls, setCalls] = useState<Call[]>([]);
  const [failing, setFailing] = useState(false);
  const [next, setNext] = useState<string | null>(null);
  const inFront = callInFront(world)?.id ?? null;

  const read = useCallback(async (after: string | null) => {
    const page = await ok(api.GET("/calls", { params: { query: { limit: 20, ...(after ? { after } : {}) } } })).catch(() => null);
    setFailing(page === null);
    if (!page) return;
    setCalls((known) => (after ? [...known, ...page.items] : page.items));
    setNext(page.next);
  }, []);

  useEffect(() => {
    if (world.link === "live") void read(null);
  }, [read, inFront, world.link]);

  const ended = calls.filter((call) => call.ended_at !== null);
  const time = new Intl.DateTimeFormat(i18n.language, { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "Asia/Tokyo" });
  return (
    <section className="card" aria-labelledby="history-title">
      <h2 id="history-title">{t("history.title")}</h2>
      {failing && (
        <p className="trouble">
          {t("history.failing")}{" "}
          <button type="button" className="small" onClick={() => void read(null)}>
            {t("error.again")}
          </button>
        </p>
      )}
      {ended.length === 0 && !failing && <p className="muted">{t("history.none")}</p>}
      <ul className="history">
        {ended.map((call) => (
          <li key={call.id}>
            <time dateTime={call.arrived_at}>{time.format(Date.parse(call.arrived_at))}</time>
            <span>{world.desks[call.desk_id]?.name ?? call.desk_id}</span>
            <span>{call.outcome ? t(`outcome.${call.outcome}`) : ""}</span>
            <span className="number">{call.talking_since && call.ended_at ? clock(Date.parse(call.ended_at) - Date.parse(call.talking_since)) : ""}</span>
          </li>
        ))}
      </ul>
      {next && (
        <button type="button" className="quiet" onClick={() => void read(next)}>
          {t("history.more")}
        </button>
      )}
    </section>
  );
}
