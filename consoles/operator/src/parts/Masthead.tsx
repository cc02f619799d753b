import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Session } from "../api/client";
import { inFewWords } from "../audio/seat";
import { useGlass, useSeat, useWorld } from "../hooks";
import { rungElsewhere } from "../live/world";
import { switchLanguage } from "../i18n";
import { PasswordDialog } from "./PasswordDialog";

export type Tab = "desk" | "balance" | "sounds";

interface Props {
  session: Session;
  tab: Tab;
  onTab: (tab: Tab) => void;
  onLeave: () => void;
}

export function Masthead({ session, tab, onTab, onLeave }: Props) {
  const { t } = useTranslation();
  const world = useWorld();
  const seat = useSeat();
  const elsewhere = rungElsewhere(world);
  const glass = useGlass();
  const [password, setPassword] = useState(false);
  const leads = session.role === "supervisor" || session.role === "administrator";
  const tabs: Tab[] = [
    ...(session.operator_id !== null ? (["desk"] as const) : []),
    "balance",
    ...(leads ? (["sounds"] as const) : []),
  ];
  return (
    <header className="masthead">
      <p className="product">{t("product")}</p>
      <nav aria-label={t("product")}>
        {tabs.map((one) => (
          <button key={one} type="button" className="tab" aria-current={tab === one ? "page" : undefined} onClick={() => onTab(one)}>
            {t(`tabs.${one}`)}
          </button>
        ))}
      </nav>
      <p className="links" role="status">
        <span className={`sign ${world.link === "live" ? "good" : "soon"}`}>{world.link === "live" ? t("link.live") : t("link.connecting")}</span>
        {session.operator_id !== null && (
          <span className={`sign ${elsewhere || seat === "connected" ? "good" : "soon"}`}>
            {t(elsewhere ? "seat.own_phone_short" : `seat.${inFewWords(seat)}`)}
          </span>
        )}
        {(glass === "signed_in" || glass === "signed_out") && (
          <span className={`sign ${glass === "signed_in" ? "good" : "soon"}`}>{t(glass === "signed_in" ? "glass.signed_in" : "glass.not_signed_in")}</span>
        )}
      </p>
      <p className="who">{session.display_name}</p>
      <button type="button" className="quiet" onClick={() => setPassword(true)}>
        {t("password.open")}
      </button>
      {password && <PasswordDialog name={session.name} onClose={() => setPassword(false)} />}
      <button type="button" className="quiet" lang={t("language") === "English" ? "en" : "ja"} onClick={switchLanguage}>
        {t("language")}
      </button>
      <button type="button" className="quiet" onClick={onLeave}>
        {t("sign_in.out")}
      </button>
    </header>
  );
}
