// Both languages are in the page: switching needs no server. Japanese first.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./en.json";
import ja from "./ja.json";

const kept = "madoguchi.language";

export type Language = "ja" | "en";

export function startLanguage(): void {
  const asked = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem(kept) ?? "ja";
  const language: Language = asked === "en" ? "en" : "ja";
  void i18next.use(initReactI18next).init({
    resources: { ja: { translation: ja }, en: { translation: en } },
    lng: language,
    fallbackLng: "ja",
    interpolation: { escapeValue: false }, // React escapes
  });
  document.documentElement.lang = language;
}

export function switchLanguage(): void {
  const language: Language = i18next.language === "ja" ? "en" : "ja";
  localStorage.setItem(kept, language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}
