// The hooks that screens share: the world, the seat, the clock of the centre, and running an action.
import { createContext, useCallback, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, type Choices } from "./api/client";
import type { Seat, SeatState } from "./audio/seat";
import type { Glass, GlassState } from "./live/glass";
import type { Stream } from "./live/stream";
import type { World } from "./live/world";

export interface Parts {
  stream: Stream;
  seat: Seat;
  glass: Glass;
  choices: Choices;
  say: (message: string | null) => void;
}

export const PartsContext = createContext<Parts | null>(null);

export function useParts(): Parts {
  const parts = useContext(PartsContext);
  if (!parts) throw new Error("no parts above this component");
  return parts;
}

export function useWorld(): World {
  const { stream } = useParts();
  return useSyncExternalStore(stream.subscribe, stream.current);
}

export function useSeat(): SeatState {
  const { seat } = useParts();
  return useSyncExternalStore(seat.subscribe, seat.current);
}

export function useGlass(): GlassState {
  const { glass } = useParts();
  return useSyncExternalStore(glass.subscribe, glass.current);
}

/** How often the glass's page has spoken. */
export function useGlassHeard(): number {
  const { glass } = useParts();
  return useSyncExternalStore(glass.subscribeHeard, glass.heard);
}

/** Of the audio connection that is up; null while there is none. */
export function useFingerprint(): string | null {
  const { seat } = useParts();
  return useSyncExternalStore(seat.subscribe, seat.fingerprint);
}

/** The centre's time in milliseconds, again each second. */
export function useNow(): number {
  const { clockOffset } = useWorld();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, []);
  return now + clockOffset;
}

/** A span as people say it: 10秒, 2分10秒, 4時間30分; to the minute where seconds say nothing. */
export function useSpan(): (milliseconds: number, to?: "seconds" | "minutes") => string {
  const { t } = useTranslation();
  return useCallback(
    (milliseconds, to = "seconds") => {
      const all = Math.max(0, Math.floor(milliseconds / 1000));
      const parts = { h: Math.floor(all / 3600), m: Math.floor(all / 60) % 60, s: all % 60 };
      if (parts.h > 0) return t("time.hours", parts);
      if (parts.m > 0 && to === "minutes") return t("time.whole_minutes", parts);
      return parts.m > 0 ? t("time.minutes", parts) : t("time.seconds", parts);
    },
    [t],
  );
}

/** 04:12, or 1:04:12. */
export function clock(milliseconds: number): string {
  const all = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(all / 3600);
  return `${hours > 0 ? `${hours}:` : ""}${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`;
}

/** Runs an action of the API and says in the person's language why it failed, if it did. */
export function useAction(): (action: () => Promise<unknown>) => Promise<boolean> {
  const { t } = useTranslation();
  const { say } = useParts();
  return useCallback(
    async (action) => {
      try {
        await action();
        say(null);
        return true;
      } catch (error) {
        say(sentence(error, t));
        return false;
      }
    },
    [t, say],
  );
}

type Translate = (key: string, values?: Record<string, string>) => string;

export function sentence(error: unknown, t: Translate): string {
  if (!(error instanceof ApiError)) return t("error.other", { message: String(error) });
  const known = ["offline", "unavailable", "conflict", "denied", "signed_out", "not_signed_in", "redial_limit", "day_limit", "own_number"];
  return known.includes(error.code) ? t(`error.${error.code}`) : t("error.other", { message: error.message });
}
