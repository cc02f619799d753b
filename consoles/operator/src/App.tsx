// Who is signed in decides what is shown: the sign-in page, or the desk.
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, type Session, api, ok, onSessionEnd, setCsrfToken } from "./api/client";
import { SignIn } from "./screens/SignIn";
import { Workplace } from "./screens/Workplace";

export function App() {
  const { t, i18n } = useTranslation();
  const [session, setSession] = useState<Session | null | undefined>(undefined);

  const [why, setWhy] = useState<string | null>(null);

  const enter = useCallback((entered: Session | null, reason: string | null = null) => {
    setWhy(reason);
    setCsrfToken(entered?.csrf_token ?? "");
    setSession(entered);
  }, []);

  useEffect(() => {
    ok(api.GET("/session"))
      .then((found) => enter(found))
      .catch((error: unknown) => enter(null, error instanceof ApiError && error.code === "offline" ? "error.offline" : null));
  }, [enter]);

  const leave = useCallback((expired: boolean) => enter(null, expired ? "sign_in.expired" : "sign_in.signed_out"), [enter]);

  useEffect(() => onSessionEnd(() => leave(true)), [leave]);

  useEffect(() => {
    document.title = t("product");
  }, [t, i18n.language]);

  if (session === undefined) return <main className="page" aria-busy="true" />;
  if (session === null) return <SignIn why={why} onSignedIn={enter} />;
  return <Workplace session={session} onSignedOut={leave} />;
}
