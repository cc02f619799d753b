import { useTranslation } from "react-i18next";
import { type Promised, api, ok } from "../api/client";
import { useAction, useNow, useSpan, useWorld } from "../hooks";
import { callInFront } from "../live/world";

const soon = 3_600_000;

export function PromiseBox() {
  const { t } = useTranslation();
  const world = useWorld();
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
        {open.slice(0, 50).map((promise) => (
          <PromiseRow key={promise.id} promise={promise} />
        ))}
      </ul>
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
        <strong>{world.desks[promise.desk_id]?.name ?? promise.desk_id}</strong> {t(`promise.${promise.line}`)}
      </p>
      <p className={left < 0 ? "late" : left < soon ? "soon-text" : "muted"} title={promise.deadline}>
        {left < 0 ? t("promise.overdue", { time: span(-left) }) : t("promise.due", { time: span(left) })}
        {promise.attempts > 0 && ` ・ ${t("promise.attempts", { count: promise.attempts })}`}
      </p>
      {taker ? (
        <p className="muted">{t("promise.taken", { name: taker })}</p>
      ) : (
        <button
          type="button"
          disabled={callInFront(world) !== null}
          onClick={() => void run(() => ok(api.POST("/promises/{promise}/take", { params: { path: { promise: promise.id } } })))}
        >
          {t("promise.take")}
        </button>
      )}
    </li>
  );
}
