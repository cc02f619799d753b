// The operator's desk for a shift: stream, audio seat and choices live as long as it is shown.
import { useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Choices, type Session, api, ok } from "../api/client";
import { Seat } from "../audio/seat";
import { PartsContext } from "../hooks";
import { Glass } from "../live/glass";
import { Stream } from "../live/stream";
import { Banner } from "../parts/Banner";
import { CallBar } from "../parts/CallBar";
import { KeyList, useKeys } from "../parts/Keys";
import { Masthead, type Tab } from "../parts/Masthead";
import { RingTone } from "../parts/RingTone";
import { BalanceBoard } from "./BalanceBoard";
import { Desk } from "./Desk";
import { SoundBoard } from "./SoundBoard";

const noChoices: Choices = { away_reasons: [], dispositions: [], promise_reasons: [] };

export function Workplace({ session, onSignedOut }: { session: Session; onSignedOut: (expired: boolean) => void }) {
  const stream = useMemo(() => new Stream(), []);
  const seat = useMemo(() => new Seat(), []);
  const glass = useMemo(() => new Glass(), []);
  const [choices, setChoices] = useState<Choices>(noChoices);
  const [message, say] = useState<string | null>(null);
  const answers = session.operator_id !== null;
  const [tab, setTab] = useState<Tab>(answers ? "desk" : "balance");

  useEffect(() => {
    stream.start();
    ok(api.GET("/choices"))
      .then(setChoices)
      .catch(() => undefined);
    return () => stream.stop();
  }, [stream]);

  useEffect(() => {
    if (!answers) return;
    void seat.open(localStorage.getItem("madoguchi.microphone"));
    return () => void seat.close();
  }, [seat, answers]);

  // Signed out elsewhere, or the session ended.
  useEffect(() => stream.subscribe(() => stream.current().link === "signed_out" && onSignedOut(true)), [stream, onSignedOut]);

  const leave = useCallback(async () => {
    await seat.close();
    await ok(api.DELETE("/session")).catch(() => undefined);
    onSignedOut(false);
  }, [seat, onSignedOut]);

  const parts = useMemo(() => ({ stream, seat, glass, choices, say }), [stream, seat, glass, choices]);
  return (
    <PartsContext.Provider value={parts}>
      <Shown {...{ session, tab, setTab, leave, message, say }} />
    </PartsContext.Provider>
  );
}

interface ShownProps {
  session: Session;
  tab: Tab;
  setTab: (tab: Tab) => void;
  leave: () => Promise<void>;
  message: string | null;
  say: (message: string | null) => void;
}

function Shown({ session, tab, setTab, leave, message, say }: ShownProps) {
  const { t } = useTranslation();
  const keys = useKeys();
  return (
    <div className="workplace">
      <Masthead session={session} tab={tab} onTab={setTab} onLeave={() => void leave()} />
      {session.operator_id !== null && <CallBar />}
      <Banner message={message} onClose={() => say(null)} />
      <main>
        {tab === "desk" && <Desk />}
        {tab === "balance" && <BalanceBoard />}
        {tab === "sounds" && <SoundBoard />}
      </main>
      <footer className="footer">
        <button type="button" className="quiet" onClick={keys.open}>
          {t("keys.hint")}
        </button>
      </footer>
      <RingTone />
      <KeyList isOpen={keys.isOpen} onClose={keys.close} />
    </div>
  );
}
