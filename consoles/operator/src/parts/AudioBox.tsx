import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Devices, type SeatQuality, inFewWords, listDevices } from "../audio/seat";
import { api, ok } from "../api/client";
import { useAction, useParts, useSeat, useWorld } from "../hooks";
import { rungElsewhere } from "../live/world";
import { ringVolume, startTone } from "./RingTone";

export function AudioBox() {
  const { t } = useTranslation();
  const { seat } = useParts();
  const state = useSeat();
  const elsewhere = rungElsewhere(useWorld());
  const run = useAction();
  const [devices, setDevices] = useState<Devices>({ microphones: [], speakers: [] });
  const [quality, setQuality] = useState<SeatQuality | null>(null);
  // Unfolded when something is to be done here; once all is well it leaves the room to the callers.
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(!elsewhere && (state === "no_microphone" || state === "refused")), [state, elsewhere]);
  const [volume, setVolume] = useState(ringVolume());

  useEffect(() => void listDevices().then(setDevices), [state]);
  useEffect(() => {
    const timer = window.setInterval(() => void seat.quality(open).then(setQuality), 500);
    return () => window.clearInterval(timer);
  }, [seat, open]);

  const testSound = (): void => {
    const stop = startTone(volume);
    window.setTimeout(stop, 1200);
  };
  return (
    <details
      className="card audio"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      data-packets-in={quality?.received ?? 0}
      data-packets-out={quality?.sent ?? 0}
    >
      <summary>
        <strong>{t("seat.title")}</strong> <span className={`sign ${elsewhere || state === "connected" ? "good" : "soon"}`}>{t(elsewhere ? "seat.own_phone_short" : `seat.${inFewWords(state)}`)}</span>
      </summary>
      <label className="own-phone">
        <input
          type="checkbox"
          checked={elsewhere}
          onChange={(event) => {
            const own_phone = event.target.checked;
            void run(() => ok(api.PUT("/operators/{operator}/own_phone", { params: { path: { operator: "me" } }, body: { own_phone } })));
          }}
        />{" "}
        {t("seat.own_phone")} <span className="muted">{t("seat.own_phone_hint")}</span>
      </label>
      <label>
        {t("seat.microphone")}
        <select
          defaultValue={localStorage.getItem("madoguchi.microphone") ?? ""}
          onChange={(event) => {
            localStorage.setItem("madoguchi.microphone", event.target.value);
            void seat.open(event.target.value || null);
          }}
        >
          <option value="">{t("seat.default")}</option>
          {devices.microphones.map((device) => (
            <option key={device.deviceId} value={device.deviceId}>
              {device.label}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("seat.level")} <span className="muted">{t("seat.level_hint")}</span>
        <meter min={0} max={1} low={0.02} value={Math.sqrt(quality?.levelOut ?? 0)} />
      </label>
      <label>
        {t("seat.speaker")}
        <select defaultValue="" onChange={(event) => void seat.useSpeaker(event.target.value)}>
          <option value="">{t("seat.default")}</option>
          {devices.speakers.map((device) => (
            <option key={device.deviceId} value={device.deviceId}>
              {device.label}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("seat.ring_volume")}
        <input
          type="range"
          min={0}
          max={1}
          step={0.05}
          value={volume}
          onChange={(event) => {
            localStorage.setItem("madoguchi.ring_volume", event.target.value);
            setVolume(Number(event.target.value));
          }}
        />
      </label>
      <div className="buttons">
        <button type="button" onClick={testSound}>
          {t("seat.test_sound")}
        </button>
        {state !== "connected" && (
          <button type="button" onClick={() => void seat.open(localStorage.getItem("madoguchi.microphone"))}>
            {t("seat.connect")}
          </button>
        )}
      </div>
    </details>
  );
}
