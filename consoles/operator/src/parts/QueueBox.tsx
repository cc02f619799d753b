import { useTranslation } from "react-i18next";
import { api, ok } from "../api/client";
import { useAction, useNow, useSpan, useWorld } from "../hooks";

const tooLong = 60_000;

export function QueueBox() {
  const { t } = useTranslation();
  const world = useWorld();
  const now = useNow();
  const span = useSpan();
  const run = useAction();
  const groups = Object.values(world.groups);
  const waiting = groups.reduce((sum, group) => sum + group.waiting, 0);
  const oldest = groups.map((group) => group.longest_wait_since).filter((since) => since !== null).sort()[0];
  const longest = oldest ? now - Date.parse(oldest) : 0;
  return (
    <section className="card" aria-labelledby="queue-title">
      <h2 id="queue-title">{t("queue.title")}</h2>
      <p className={waiting > 0 && longest > tooLong ? "late" : undefined}>
        {waiting === 0 ? t("queue.none") : t("queue.some", { count: waiting })}
        {waiting > 0 && <span className="since"> {t("queue.longest", { time: span(longest) })}</span>}
      </p>
      {world.status?.demo && (
        <p className="buttons">
          <button type="button" onClick={() => void run(() => ok(api.POST("/demo/ring-me", { body: {} })))}>
            {t("demo.ring_me")}
          </button>
          <span className="muted">{t("demo.hint")}</span>
        </p>
      )}
    </section>
  );
}
