// The bar that says what is wrong and what still works. Nothing is shown when all is well.
import { useTranslation } from "react-i18next";
import { useParts, useSeat, useWorld } from "../hooks";

export function Banner({ message, onClose }: { message: string | null; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const world = useWorld();
  const seat = useSeat();
  const { stream, seat: audio } = useParts();

  const lines: string[] = [];
  if (world.link === "lost") lines.push(t("link.lost"));
  else if (world.status)
    for (const part of ["exchange", "vault", "store"] as const) if (!world.status[part].connected) lines.push(t(`trouble.${part}`));
  for (const trouble of world.status?.troubles ?? []) {
    const known = i18n.exists(`trouble.${trouble.kind}`) && !["exchange", "vault", "store"].includes(trouble.kind);
    lines.push(known ? t(`trouble.${trouble.kind}`) : trouble.text);
  }
  const audioTrouble = ["no_microphone", "refused", "busy", "unsupported", "lost"].includes(seat);

  return (
    <div className="banners" role="status">
      {lines.map((line) => (
        <p key={line} className="banner soon">
          {line}
        </p>
      ))}
      {audioTrouble && (
        <p className="banner danger" role="alert">
          {t(`seat.${seat}`)}
          <button type="button" onClick={() => void audio.open(localStorage.getItem("madoguchi.microphone"))}>
            {t("seat.connect")}
          </button>
        </p>
      )}
      {message && (
        <p className="banner danger">
          {message}
          <button type="button" className="quiet" onClick={onClose}>
            {t("menu.close")}
          </button>
        </p>
      )}
      {world.refusals.map((refusal) => (
        <p key={refusal.id} className="banner danger">
          {t("error.other", { message: refusal.message })}
          <button type="button" className="quiet" onClick={() => stream.dismissRefusal(refusal.id)}>
            {t("menu.close")}
          </button>
        </p>
      ))}
    </div>
  );
}
