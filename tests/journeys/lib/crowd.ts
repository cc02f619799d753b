// A full house: five operators who talk and twenty callers who wait, all with real sound; and what must be true of
// them while a process dies and comes back.
import { join } from "node:path";
import type { Call, Staff } from "./api.ts";
import { Baresip } from "./baresip.ts";
import type { Datagram } from "./capture.ts";
import { sipMessages } from "./capture.ts";
import { callers, moreOperators, telephones, withoutWords } from "./floor.ts";
import type { Context } from "./journey.ts";
import type { Program } from "./process.ts";
import { caller } from "./sipp.ts";
import { System } from "./system.ts";
import { freePorts } from "./ports.ts";
import { callerTone, toneOnly } from "./voices.ts";
import { expect } from "./wait.ts";

const operators = moreOperators(5);
export const talkingCalls = operators.names.length;
export const waitingCalls = 20;

export interface Crowd {
  phones: Baresip;
  talking: Call[];
  waiting: Call[];
  programs: Program[];
}

export function fullHouse(context: Context): Promise<System> {
  return System.start(context, {
    passwords: operators.passwords,
    settings: (process, toml) => (process === "centre" ? withoutWords(toml) + operators.toml : toml),
  });
}

function upstanding(watcher: Staff, stage: string, known: Call[]): Call[] {
  return [...watcher.calls.values()].filter((call) => call.stage === stage && !known.some((one) => one.id === call.id));
}

/** `watcher` is a supervisor. `first` is the last four digits of the first caller's number. */
export async function gather(system: System, folder: string, watcher: Staff, first: number): Promise<Crowd> {
  const phones = await telephones(system, folder, operators.names, watcher, true, 30);
  for (const name of operators.names) await watcher.ask("PUT", `/operators/${name}/state`, { state: "ready" });
  const sound = toneOnly(folder, "caller", callerTone, 60);
  const scenario = [caller.call("[field0]", "", "stream"), caller.speak(sound.raw, -1), caller.untilBye()];
  const number = (i: number): string => `030000${String(first + i).padStart(4, "0")}`;
  const numbers = (from: number, count: number): string[] => Array.from({ length: count }, (_, i) => number(from + i));
  const known = [...watcher.calls.values()];
  const talkers = await callers(system, { folder, name: "talkers", numbers: numbers(0, talkingCalls), scenario });
  const talking = await watcher.sees(
    "five calls talking, all with their token",
    () => {
      const found = upstanding(watcher, "talking", known);
      return found.length === talkingCalls && found.every((call) => call.line_token) && found;
    },
  );
  const waiters = await callers(system, { folder, name: "waiters", numbers: numbers(talkingCalls, waitingCalls), scenario });
  const waiting = await watcher.sees(
    "twenty calls waiting, all with their token",
    () => {
      const found = upstanding(watcher, "waiting", known);
      return found.length === waitingCalls && found.every((call) => call.line_token) && found;
    },
  );
  return { phones, talking, waiting, programs: [talkers, waiters] };
}

/** A caller who hangs up when the journey says so. */
export async function telephoneOf(system: System, folder: string, number: string): Promise<Baresip> {
  const port = await freePorts(10);
  return Baresip.start(`caller ${number}`, {
    folder: join(folder, `caller-${number}`),
    sipPort: port,
    controlPort: port + 5,
    sound: toneOnly(folder, `caller-${number}`, callerTone, 60).wav,
    accounts: [`<sip:${number}@${system.sip}>;regint=0`],
  });
}

/**
 * That sound went on, both ways, for each call that was answered before `from`: no gap of more than `most` seconds
 * between `from` and `to` (seconds since 1970).
 */
export function expectUnbroken(datagrams: Datagram[], sipPort: number, from: number, to: number, least: number, most = 0.5): void {
  const messages = sipMessages(datagrams);
  const ours = new Set<number>();
  for (const { datagram, text } of messages) {
    const port = /m=audio (\d+)/.exec(text)?.[1];
    const callerSide = /^CSeq: 1 INVITE/m.test(text) && /^From:.*<sip:0300/m.test(text);
    if (datagram.fromPort === sipPort && text.startsWith("SIP/2.0 200") && port && callerSide && datagram.time < from)
      ours.add(Number(port));
  }
  expect(ours.size >= least, `${ours.size} answered calls on the wire, ${least} expected`);
  const times = new Map<string, number[]>();
  for (const { time, fromPort, toPort, payload } of datagrams) {
    if (time < from || time > to || payload.length < 13 || payload[0]! >> 6 !== 2 || (payload[1]! & 0x7f) > 34) continue;
    for (const [port, way] of [[fromPort, "to the caller"], [toPort, "from the caller"]] as const)
      if (ours.has(port)) times.set(`${port} ${way}`, [...(times.get(`${port} ${way}`) ?? []), time]);
  }
  for (const port of ours)
    for (const way of ["to the caller", "from the caller"]) {
      const seen = [from, ...(times.get(`${port} ${way}`) ?? []), to];
      const gap = seen.reduce((worst, time, i) => (i ? Math.max(worst, time - seen[i - 1]!) : 0), 0);
      expect(gap <= most, `sound ${way} at port ${port} paused for ${gap.toFixed(2)} s`);
    }
}

/** That our side hung up on nobody between `from` and `to`. */
export function expectNoBye(datagrams: Datagram[], sipPort: number, from: number, to: number): void {
  const found = sipMessages(datagrams).filter(
    ({ datagram, text }) => datagram.fromPort === sipPort && datagram.time > from && datagram.time < to && /^(BYE|CANCEL) /.test(text),
  );
  expect(found.length === 0, `our side ended a call:\n${found[0]?.text}`);
}

export const ids = (calls: Call[]): string[] => calls.map((call) => call.id).sort();
