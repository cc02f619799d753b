import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { type Call, api, ok } from "../api/client";
import { useAction, useWorld } from "../hooks";

/** To whom the caller may be handed: a desk's queue, or an operator who is ready, at once or after asking. */
export function TransferBox({ call, onDone }: { call: Call; onDone: () => void }) {
  const { t } = useTranslation();
  const world = useWorld();
  const run = useAction();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector("button")?.focus(), []);

  const path = { params: { path: { call: call.id } } };
  const go = (action: () => Promise<unknown>): void => void run(action).then((done) => done && onDone());
  const others = Object.values(world.operators).filter((one) => one.id !== world.session?.operator_id && one.state === "ready");
  return (
    <div
      ref={box}
      className="transfer card"
      role="dialog"
      aria-label={t("transfer.title")}
      onKeyDown={(event) => event.key === "Escape" && !event.nativeEvent.isComposing && onDone()}
    >
      <h2>{t("transfer.desk")}</h2>
      <ul>
        {Object.values(world.desks).map((desk) => (
          <li key={desk.id}>
            <span>{desk.name}</span>
            <button type="button" onClick={() => go(() => ok(api.POST("/calls/{call}/transfer", { ...path, body: { desk_id: desk.id } })))}>
              {t("transfer.now")}
            </button>
          </li>
        ))}
      </ul>
      <h2>{t("transfer.operator")}</h2>
      {others.length === 0 && <p className="muted">{t("transfer.nobody")}</p>}
      <ul>
        {others.map((one) => (
          <li key={one.id}>
            <span>{one.display_name}</span>
            <button type="button" onClick={() => go(() => ok(api.POST("/calls/{call}/consult", { ...path, body: { operator_id: one.id } })))}>
              {t("transfer.consult")}
            </button>
            <button type="button" onClick={() => go(() => ok(api.POST("/calls/{call}/transfer", { ...path, body: { operator_id: one.id } })))}>
              {t("transfer.now")}
            </button>
          </li>
        ))}
      </ul>
      <button type="button" className="quiet" onClick={onDone}>
        {t("transfer.cancel")}
      </button>
    </div>
  );
}
