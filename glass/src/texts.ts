// Words of the glass, Japanese first.

const ja = {
  heading: "個人情報画面",
  lead: "担当者ご自身のIDでサインインしてください。個人情報は、サインインした担当者にだけ表示されます。",
  name: "担当者ID",
  password: "パスワード",
  signIn: "サインイン",
  signedIn: "サインインしています。",
  until: "有効期限",
  signOut: "サインアウト",
  reading: "確認しています…",
  sending: "サインインしています…",
  missing: "担当者IDとパスワードを入力してください。",
  refused: "担当者IDかパスワードが違うか、しばらく待つ必要があります。",
  busy: "サインインが混み合っています。少し待って、もう一度お試しください。",
  away: "個人情報画面は今お使いいただけません。通話はそのまま続けられます。自動的に再接続します。",
};

const en: typeof ja = {
  heading: "Personal data",
  lead: "Please sign in as yourself. Personal data is shown only to staff who have signed in here.",
  name: "Staff ID",
  password: "Password",
  signIn: "Sign in",
  signedIn: "You are signed in.",
  until: "Until",
  signOut: "Sign out",
  reading: "Checking…",
  sending: "Signing in…",
  missing: "Please enter your staff ID and password.",
  refused: "The staff ID or password is wrong, or you must wait a little.",
  busy: "Many people are signing in. Please wait a moment and try again.",
  away: "Personal data is not available now. Calls go on. This page reconnects by itself.",
};

export type Texts = typeof ja;
export type TextKey = keyof Texts;

export function chooseLanguage(wanted: string | null, preferred: readonly string[]): "ja" | "en" {
  if (wanted === "ja" || wanted === "en") return wanted;
  const first = preferred[0] ?? "ja";
  return first.toLowerCase().startsWith("ja") ? "ja" : "en";
}

export function textsFor(language: "ja" | "en"): Texts {
  return language === "ja" ? ja : en;
}
