// The bar that says what is wrong and what still works. Nothing is shown when all is well.
import { useTranslation } from "react-i18next";
import { useParts, useSeat, useWorld } from "../hooks";
import { rungElsewhere } from "../live/world";

export function Banner({ message, onClose }: { message: string | null; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const world = useWorld();
  const seat = useSeat();
  const { stream, seat: audio } = useParts();

  const lines = new Map<string, string[]>(); // what is wrong, for everybody; and what to mend, for who leads
  const leads = world.session?.role === "supervisor" || world.session?.role === "administrator";
  const say = (kind: string, detail?: string): void => {
    const line = t(i18n.exists(`trouble.${kind}`) ? `trouble.${kind}` : "trouble.other");
    lines.set(line, [...(lines.get(line) ?? []), ...(leads && detail ? [detail] : [])]);
  };
  if (world.link === "lost") lines.set(t("link.lost"), []);
  else if (world.status)
    for (const part of ["exchange", "vault", "store"] as const) if (!world.status[part].connected) say(part);
  for (const trouble of world.status?.troubles ?? []) say(trouble.kind, trouble.text);
  const audioTrouble = !rungElsewhere(world) && ["no_microphone", "refused", "busy", "unsupported", "lost", "elsewhere"].includes(seat);

  return (
    <div className="banners" role="status">
      {Array.from(lines, ([line, details]) => (
        <div key={line} className="banner soon">
          <p>{line}</p>
          {details.map((detail) => (
            <p key={detail} className="muted" lang="en">
              {detail}
            </p>
          ))}
        </div>
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
