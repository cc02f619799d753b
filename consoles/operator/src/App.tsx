// Who is signed in decides what is shown: the sign-in page, or the desk.
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Session, api, ok, setCsrfToken } from "./api/client";
import { SignIn } from "./screens/SignIn";
import { Workplace } from "./screens/Workplace";

export function App() {
  const { t, i18n } = useTranslation();
  const [session, setSession] = useState<Session | null | undefined>(undefined);

  const enter = useCallback((entered: Session | null) => {
    setCsrfToken(entered?.csrf_token ?? "");
    setSession(entered);
  }, []);

  useEffect(() => {
    ok(api.GET("/session"))
      .then(enter)
      .catch(() => enter(null));
  }, [enter]);

  useEffect(() => {
    document.title = t("product");
  }, [t, i18n.language]);

  if (session === undefined) return <main className="page" aria-busy="true" />;
  if (session === null) return <SignIn onSignedIn={enter} />;
  return <Workplace session={session} onSignedOut={() => enter(null)} />;
}
