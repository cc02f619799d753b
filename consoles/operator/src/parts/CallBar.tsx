// The bar on top: the call in front, for how long, and what can be done with it.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Call, api, ok } from "../api/client";
import { clock, useAction, useNow, useSpan, useWorld } from "../hooks";
import { callInFront, isAnswered, isConsultedOne, meDialling, rungElsewhere } from "../live/world";
import { actionsIn, useAct } from "./callActions";
import { SayPromiseBox } from "./SayPromiseBox";
import { TransferBox } from "./TransferBox";

export function CallBar() {
  const { t } = useTranslation();
  const world = useWorld();
  const now = useNow();
  const call = callInFront(world);
  if (!call) return meDialling(world) ? <Dialling /> : <NoCall />;
  const since = call.stage === "talking" ? (call.talking_since ?? call.stage_since) : call.stage_since;
  const answered = isAnswered(world, call);
  const rings = (call.stage === "ringing" && !answered) || isConsultedOne(world, call);
  return (
    <section className={`call-bar ${rings ? "rings" : answered ? "answered" : call.stage}`} aria-label={t(`call.${call.stage}`)}>
      <p className="stage" role={rings ? "alert" : answered ? "status" : undefined}>
        {rings ? <Ringing call={call} /> : t(answered ? "call.answered" : `call.${call.stage}`)}
      </p>
      <p className="clock" aria-hidden="true" title={since}>
        {clock(now - Date.parse(since))}
      </p>
      {(call.stage !== "ringing" || isConsultedOne(world, call)) && <p className="desk">{world.desks[call.desk_id]?.name ?? call.desk_id}</p>}
      {rings && rungElsewhere(world) && <p>{t("call.own_phone_rings")}</p>}
      <CallSigns call={call} />
      <CallButtons call={call} />
    </section>
  );
}

function NoCall() {
  const { t } = useTranslation();
  const world = useWorld();
  const me = world.session?.operator_id;
  const state = me ? world.operators[me]?.state : undefined;
  return (
    <section className="call-bar" aria-label={t("call.none")}>
      <p className="stage">{t("call.none")}</p>
      <p className="muted">{state === "ready" ? t("call.none_ready") : t("call.none_away")}</p>
    </section>
  );
}

function Dialling() {
  const { t } = useTranslation();
  const now = useNow();
  const run = useAction();
  const me = meDialling(useWorld());
  if (!me) return null;
  return (
    <section className="call-bar dialling" aria-label={t("call.dialling")}>
      <p className="stage" role="status">
        {t("call.dialling")}
      </p>
      {me.since && (
        <p className="clock" aria-hidden="true" title={me.since}>
          {clock(now - Date.parse(me.since))}
        </p>
      )}
      <p className="signs">
        <span className="sign">{t("call.callback_of")}</span>
      </p>
      <div className="buttons" role="group" aria-label={t("tabs.desk")}>
        <button
          type="button"
          className="danger end"
          data-key="E"
          aria-keyshortcuts="Alt+Shift+E"
          onClick={() => void run(() => ok(api.POST("/calls/{call}/end", { params: { path: { call: me.call_id } } })))}
        >
          {t("call.end")}
        </button>
      </div>
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

function CallButtons({ call }: { call: Call }) {
  const { t } = useTranslation();
  const act = useAct();
  const world = useWorld();
  const [transfers, setTransfers] = useState(false);
  const [promises, setPromises] = useState(false);
  return (
    <div className="buttons" role="group" aria-label={t("tabs.desk")}>
      {actionsIn(world, call).map((action) => (
        <button
          key={action.label}
          type="button"
          className={`${action.look} ${action.verb}`}
          aria-keyshortcuts={`Alt+Shift+${action.key}`}
          onClick={() => act(call, action.verb)}
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
