import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Promised, api, ok } from "../api/client";
import { useAction, useNow, useSpan, useWorld } from "../hooks";
import { callInFront } from "../live/world";

const soon = 3_600_000;
const few = 5;

export function PromiseBox() {
  const { t } = useTranslation();
  const world = useWorld();
  const [all, setAll] = useState(false);
  const open = Object.values(world.promises)
    .filter((promise) => promise.state === "open" || promise.state === "taken")
    .sort((a, b) => a.deadline.localeCompare(b.deadline));
  return (
    <section className="card" aria-labelledby="promise-title">
      <h2 id="promise-title">
        {t("promise.title")} <span className="count">{t("promise.count", { count: open.length })}</span>
      </h2>
      {open.length === 0 && <p className="muted">{t("promise.none")}</p>}
      <ul className="promises">
        {(all ? open : open.slice(0, few)).map((promise) => (
          <PromiseRow key={promise.id} promise={promise} />
        ))}
      </ul>
      {open.length > few && (
        <button type="button" className="quiet" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t("promise.fewer") : t("promise.more", { count: open.length - few })}
        </button>
      )}
    </section>
  );
}

function PromiseRow({ promise }: { promise: Promised }) {
  const { t } = useTranslation();
  const world = useWorld();
  const now = useNow();
  const span = useSpan();
  const run = useAction();
  const left = Date.parse(promise.deadline) - now;
  const taker = promise.operator_id ? (world.operators[promise.operator_id]?.display_name ?? promise.operator_id) : null;
  return (
    <li>
      <p>
        <strong>{world.desks[promise.desk_id]?.name ?? promise.desk_id}</strong>
        {promise.line === "other" && <span className="muted"> {t("promise.other")}</span>}
      </p>
      <div className="due">
        <p className={left < 0 ? "late" : left < soon ? "soon-text" : "muted"} title={promise.deadline}>
          {left < 0 ? t("promise.overdue", { time: span(-left, "minutes") }) : t("promise.due", { time: span(left, "minutes") })}
          {promise.attempts > 0 && <span className="muted"> ・ {t("promise.attempts", { count: promise.attempts })}</span>}
          {taker && <span className="muted"> ・ {t("promise.taken", { name: taker })}</span>}
        </p>
        {!taker && (
          <button
            type="button"
            className="small"
            disabled={callInFront(world) !== null}
            onClick={() => void run(() => ok(api.POST("/promises/{promise}/take", { params: { path: { promise: promise.id } } })))}
          >
            {t("promise.take")}
          </button>
        )}
      </div>
    </li>
  );
}
