// The usual cast: operators at telephones that pick up by themselves, and callers who wait until we hang up.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Call, Staff } from "./api.ts";
import { Baresip } from "./baresip.ts";
import type { Program } from "./process.ts";
import { caller, sipp } from "./sipp.ts";
import type { System } from "./system.ts";
import { freePorts } from "./ports.ts";
import { operatorTone, toneOnly } from "./voices.ts";
import { until } from "./wait.ts";

export const leakDesk = { id: "sakura-leak", number: "+81300000001" };
export const commonDesk = { id: "common", number: "+81300000002" };

/** Settings of `count` more operators (op1, op2, …) with telephones, and their passwords. */
export function moreOperators(count: number): { names: string[]; passwords: Record<string, string>; toml: string } {
  const names = Array.from({ length: count }, (_, i) => `op${i + 1}`);
  const passwords = Object.fromEntries(names.map((name) => [name, `of-a-journey-${name}`]));
  const toml = names
    .map(
      (name) =>
        `\n[[operator]]\nid = "${name}"\ndisplay_name = "${name}"\nrole = "operator"\npassword = "${passwords[name]}"\n` +
        `groups = ["hotline"]\nphone_user = "${name}"\nphone_password = "${passwords[name]}"\n`,
    )
    .join("");
  return { names, passwords, toml };
}

/** The centre's settings with desks that say nothing: callers wait from the answer on. */
export function withoutWords(toml: string): string {
  return toml.replace(/^( *)(greeting|notice|unrecorded) = ".*"$/gm, '$1$2 = ""').replace("enabled = true", "enabled = false");
}

/** The exchange's settings with calls out going to a carrier at `address` ("127.0.0.2:5060"). */
export function callingOutBy(toml: string, address: string): string {
  const [host] = address.split(":");
  return `${toml}\n[[trunk]]\nname = "carrier"\naddresses = ["${host}"]\ntarget = "sip:${address}"\n`;
}

/** One baresip that is the telephone of each of `names`; registered when this resolves. Its calls end with its sound. */
export async function telephones(system: System, folder: string, names: string[], watcher: Staff, answers = true, refreshSeconds = 60, soundSeconds = 300): Promise<Baresip> {
  const port = await freePorts(10);
  const sound = toneOnly(system.context.folder, "operator", operatorTone, soundSeconds);
  const phone = await Baresip.start("telephones", {
    folder: join(folder, "telephones"),
    sipPort: port,
    controlPort: port + 5,
    sound: sound.wav,
    accounts: names.map(
      (name) => `<sip:${name}@${system.sip}>;auth_pass=${system.password(name)};answermode=${answers ? "auto" : "manual"};regint=${refreshSeconds}`,
    ),
  });
  for (const name of names)
    await watcher.sees(`${name}'s telephone registered`, () => watcher.operators.get(name)?.phone_registered);
  return phone;
}

export interface CallersOptions {
  folder: string;
  name?: string;
  numbers: string[]; // of the callers, one call each
  service?: string;
  scenario?: string[];
  perSecond?: number;
  transport?: "u1" | "t1" | "l1";
  target?: string;
  seconds?: number; // SIPp gives up after these
  extra?: string[];
}

/** Callers at SIPp; by default they wait and talk until our side hangs up. */
export async function callers(system: System, options: CallersOptions): Promise<Program> {
  const port = await freePorts(4 + options.numbers.length * 4);
  return sipp({
    folder: options.folder,
    name: options.name ?? "callers",
    target: options.target ?? system.sip,
    service: options.service ?? leakDesk.number,
    sipPort: port,
    mediaPort: port + 4,
    scenario: options.scenario ?? [caller.call(), caller.untilBye()],
    rows: options.numbers.map((number) => [number]),
    ...(options.perSecond === undefined ? {} : { perSecond: options.perSecond }),
    ...(options.transport === undefined ? {} : { transport: options.transport }),
    ...(options.extra === undefined ? {} : { extra: options.extra }),
    ...(options.seconds === undefined ? {} : { seconds: options.seconds }),
  });
}

/** Gives `desk` a tone of `seconds` as one of its sounds, by the API, and waits until the exchange has it. */
export async function upload(staff: Staff, folder: string, desk: string, sound: string, seconds: number): Promise<void> {
  const { wav } = toneOnly(folder, `uploaded-${sound}`, operatorTone / 2, seconds);
  const response = await fetch(`${staff.url}/api/v1/prompts?name=${sound}`, {
    method: "POST",
    headers: { ...staff.headers(), "Content-Type": "audio/wav" },
    body: readFileSync(wav),
  });
  if (response.status !== 201) throw new Error(`uploading a sound: ${response.status} ${await response.text()}`);
  const { id } = (await response.json()) as { id: string };
  await staff.ask("PUT", `/desks/${desk}/prompts`, { [sound]: id });
  await atExchange(staff);
}

/** Until the exchange has every sound that the desks want. */
export async function atExchange(staff: Staff): Promise<void> {
  await until("the sounds to be at the exchange", async () => {
    const { items } = await staff.ask<{ items: { at_exchange: boolean }[] }>("GET", "/prompts?limit=200");
    return items.length > 0 && items.every((prompt) => prompt.at_exchange);
  });
}

/** Until `call` has been talking for `seconds`. */
export function talksFor(call: Call, seconds: number): Promise<true> {
  return until(`${seconds} s of talk`, () => Date.now() - Date.parse(call.talking_since ?? "") > seconds * 1000 || undefined, { seconds: seconds + 20 });
}

export async function wrapUp(staff: Staff, callId: string, next: "ready" | "away" = "away"): Promise<void> {
  await staff.seesCall("wrap-up", (call) => call.id === callId && call.stage === "wrap_up");
  await staff.act(callId, "wrap_up", { disposition: "answered", next, ...(next === "away" ? { reason: "break" } : {}) });
}

/** Whether nothing is in progress and the day's sums hold. */
export async function balanced(staff: Staff): Promise<void> {
  await until("an exact balance with nothing in progress", async () => {
    const balance = await staff.readBalance();
    return balance.exact && balance.total.in_progress === 0;
  });
}
