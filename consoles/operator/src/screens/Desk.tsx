// Three columns: what I do and what waits, what to say, and whose data it is (the vault's own frame).
import { useTranslation } from "react-i18next";
import { useWorld } from "../hooks";
import { callInFront } from "../live/world";
import { AudioBox } from "../parts/AudioBox";
import { GlassFrame } from "../parts/GlassFrame";
import { HistoryBox } from "../parts/HistoryBox";
import { PromiseBox } from "../parts/PromiseBox";
import { QueueBox } from "../parts/QueueBox";
import { StateBox } from "../parts/StateBox";
import { WrapUpBox } from "../parts/WrapUpBox";

export function Desk() {
  const { t } = useTranslation();
  const world = useWorld();
  const call = callInFront(world);
  const desk = call ? world.desks[call.desk_id] : undefined;
  return (
    <div className={call ? "desk-columns in-call" : "desk-columns"}>
      <div className="column">
        <StateBox />
        <QueueBox />
        <PromiseBox />
        <AudioBox />
      </div>
      <div className="column wide">
        {call?.stage === "wrap_up" && <WrapUpBox call={call} />}
        <section className="card" aria-labelledby="talk-title">
          <h2 id="talk-title">{t("talk.title")}</h2>
          {desk ? (
            <>
              <p className="organisation">{desk.organisation_name}</p>
              <h3>{t("talk.greeting")}</h3>
              <p className="to-read">{desk.texts.greeting}</p>
              {desk.recorded && desk.texts.notice && (
                <>
                  <h3>{t("talk.notice")}</h3>
                  <p className="muted">{desk.texts.notice}</p>
                </>
              )}
              <p className="muted">
                {t("call.called", { number: call?.number_called ?? "" })}
                {call?.line_token && <> ・ {t("call.line", { token: call.line_token.slice(-8) })}</>}
              </p>
            </>
          ) : (
            <p className="muted">{t("call.none")}</p>
          )}
        </section>
        <HistoryBox />
      </div>
      <GlassFrame />
    </div>
  );
}
