// The bar on top: the call in front, for how long, and what can be done with it.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Call } from "../api/client";
import { clock, useAction, useNow, useSpan, useWorld } from "../hooks";
import { callInFront, isConsultedOne, rungElsewhere } from "../live/world";
import { act, actionsOf } from "./callActions";
import { SayPromiseBox } from "./SayPromiseBox";
import { TransferBox } from "./TransferBox";

export function CallBar() {
  const { t } = useTranslation();
  const world = useWorld();
  const now = useNow();
  const call = callInFront(world);
  const me = world.session?.operator_id ?? null;
  if (!call) {
    const state = me ? world.operators[me]?.state : undefined;
    return (
      <section className="call-bar" aria-label={t("call.none")}>
        <p className="stage">{t("call.none")}</p>
        <p className="muted">{state === "ready" ? t("call.none_ready") : t("call.none_away")}</p>
      </section>
    );
  }
  const since = call.stage === "talking" ? (call.talking_since ?? call.stage_since) : call.stage_since;
  const rings = call.stage === "ringing" || isConsultedOne(world, call);
  return (
    <section className={`call-bar ${rings ? "rings" : call.stage}`} aria-label={t(`call.${call.stage}`)}>
      <p className="stage" role={rings ? "alert" : undefined}>
        {rings ? <Ringing call={call} /> : t(`call.${call.stage}`)}
      </p>
      <p className="clock" aria-hidden="true" title={since}>
        {clock(now - Date.parse(since))}
      </p>
      {(call.stage !== "ringing" || isConsultedOne(world, call)) && <p className="desk">{world.desks[call.desk_id]?.name ?? call.desk_id}</p>}
      {rings && rungElsewhere(world) && <p>{t("call.own_phone_rings")}</p>}
      <CallSigns call={call} />
      <CallButtons call={call} me={me} />
    </section>
  );
}

function Ringing({ call }: { call: Call }) {
  const { t } = useTranslation();
  const world = useWorld();
  if (isConsultedOne(world, call)) {
    const name = call.operator_id ? (world.operators[call.operator_id]?.display_name ?? call.operator_id) : "";
    return <>{t("call.consulted", { name })}</>;
  }
  return <>{t("call.ringing_for", { desk: world.desks[call.desk_id]?.name ?? call.desk_id })}</>;
}

function CallSigns({ call }: { call: Call }) {
  const { t } = useTranslation();
  const span = useSpan();
  const talked = call.talking_since ? Date.parse(call.talking_since) : Date.parse(call.stage_since);
  return (
    <p className="signs">
      {call.held && <span className="sign soon">{t("call.held")}</span>}
      {call.muted && <span className="sign soon">{t("call.muted")}</span>}
      {call.withheld && <span className="sign">{t("call.withheld")}</span>}
      {call.direction === "in" && <span className="sign">{t("call.waited", { time: span(talked - Date.parse(call.arrived_at)) })}</span>}
      {call.direction === "out" && <span className="sign">{t("call.callback_of")}</span>}
      {call.stage !== "wrap_up" && call.stage !== "ringing" && <span className={`sign recording-${call.recording}`}>{t(`call.recording_${call.recording}`)}</span>}
    </p>
  );
}

function CallButtons({ call, me }: { call: Call; me: string | null }) {
  const { t } = useTranslation();
  const run = useAction();
  const elsewhere = rungElsewhere(useWorld());
  const [transfers, setTransfers] = useState(false);
  const [promises, setPromises] = useState(false);
  return (
    <div className="buttons" role="group" aria-label={t("tabs.desk")}>
      {actionsOf(call, me, elsewhere).map((action) => (
        <button
          key={action.label}
          type="button"
          className={`${action.look} ${action.verb}`}
          aria-keyshortcuts={`Alt+Shift+${action.key}`}
          onClick={() => void run(() => act(call, action.verb))}
        >
          {t(action.label)}
        </button>
      ))}
      {call.stage === "talking" && (
        <button type="button" aria-keyshortcuts="Alt+Shift+T" aria-expanded={transfers} data-key="T" className="transfers" onClick={() => setTransfers(!transfers)}>
          {t("call.transfer")}
        </button>
      )}
      {call.stage === "talking" && !call.withheld && (
        <button type="button" aria-keyshortcuts="Alt+Shift+O" aria-expanded={promises} data-key="O" className="promises-one" onClick={() => setPromises(!promises)}>
          {t("promise.say")}
        </button>
      )}
      {promises && call.stage === "talking" && <SayPromiseBox call={call} onDone={() => setPromises(false)} />}
      {transfers && call.stage === "talking" && <TransferBox call={call} onDone={() => setTransfers(false)} />}
    </div>
  );
}
