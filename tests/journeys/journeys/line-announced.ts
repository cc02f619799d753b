// A desk that announces it: who is lost while waiting is rung back. Hanging up makes a promise, a key press is an agreed
// callback, who withholds the number is left alone; and after kill -9 of the exchange everybody who waited has a promise
// that can be rung, also whom it cut off while being rung back.
import { join } from "node:path";
import type { Promised, Staff } from "../lib/api.ts";
import { Capture, sipMessages } from "../lib/capture.ts";
import { carrier } from "../lib/carrier.ts";
import { callers, callingOutBy, leakDesk, talksFor, telephones, upload, withoutWords } from "../lib/floor.ts";
import { signInAtGlass } from "../lib/vault_site.ts";
import type { Journey } from "../lib/journey.ts";
import { caller } from "../lib/sipp.ts";
import { System } from "../lib/system.ts";
import { freePorts } from "../lib/ports.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const lines = (from: number, count: number): string[] => Array.from({ length: count }, (_, i) => `030000${from + i}`);
const withheld = caller.invite('"Anonymous" <sip:anonymous@anonymous.invalid>', "Privacy: id\n    P-Asserted-Identity: <sip:[field0]@127.0.0.1>\n    ");
const presence = caller.pause(900);

type Said = Promised & { basis: string };

async function open(suzu: Staff): Promise<Said[]> {
  const { items } = await suzu.ask<{ items: Said[] }>("GET", "/promises?limit=200");
  return items;
}

/** `staff` rings this promise's line and talks; the vault may hear of the wish a moment after us. */
async function ringBack(staff: Staff, promise: Said): Promise<string> {
  const { call_id } = await until("a ticket for the promise", async () => {
    const response = await staff.request("POST", `/promises/${promise.id}/take`);
    return response.ok && ((await response.json()) as { call_id: string });
  });
  const call = await staff.seesCall("the line that was lost", (one) => one.id === call_id && one.stage === "talking");
  await talksFor(call, 0.3);
  return call_id;
}

async function keep(staff: Staff, promise: Said): Promise<void> {
  const call_id = await ringBack(staff, promise);
  await staff.act(call_id, "end");
  await staff.seesCall("wrap-up", (one) => one.id === call_id && one.stage === "wrap_up");
  await staff.act(call_id, "wrap_up", { disposition: "answered", next: "away", reason: "desk_work" });
  await staff.sees("the promise gone", () => !staff.promises.has(promise.id) || staff.promises.get(promise.id)?.state === "kept");
}

async function leavesTheLostCall(staff: Staff, id: string): Promise<void> {
  const state = await staff.sees(`${id} out of the lost call`, () => ["wrap_up", "away", "ready"].find((one) => staff.operators.get(id)?.state === one));
  if (state === "wrap_up") await staff.act(staff.operators.get(id)!.call_id!, "wrap_up", { disposition: "answered", next: "away", reason: "desk_work" });
  await staff.away("desk_work");
}

export const journey: Journey = {
  title: "who hangs up at a desk that announces callbacks is rung back, also after the exchange was killed; nobody who withheld is",
  seconds: 180,
  async run(context) {
    const { folder } = context;
    const port = await freePorts(40);
    const system = await System.start(context, {
      settings: (process, toml) => {
        if (process === "centre") return withoutWords(toml).replaceAll('callback = "ask"', 'callback = "announced"').replace("callback_offer_every_s = 60", "callback_offer_every_s = 2");
        return process === "exchange" ? callingOutBy(toml, `127.0.0.2:${port}`) : toml;
      },
    });
    carrier({ folder, address: "127.0.0.2", port, mediaPort: port + 4 });
    const hana = await system.staff("hana");
    const kenji = await system.staff("kenji");
    const suzu = await system.staff("suzu");
    for (const name of ["hana", "kenji"]) await signInAtGlass(system, name);
    const phone = await telephones(system, folder, ["hana", "kenji"], suzu);
    await upload(suzu, folder, leakDesk.id, "callback_announcement", 1);
    await upload(suzu, folder, leakDesk.id, "callback_thanks", 2);
    const capture = await Capture.start(join(folder, "wire.pcap"), `udp port ${system.sipPort}`);

    const hungUp = lines(1100, 6);
    const pressed = lines(1200, 3);
    const other = "0300002000";
    const programs = [
      await callers(system, { folder, name: "hang-up", numbers: hungUp, scenario: [caller.call(), caller.pause(3500), caller.hangUp()] }),
      await callers(system, { folder, name: "press", numbers: pressed, scenario: [caller.call(), presence, caller.info("1", 2), caller.pause(200), caller.hangUp(3)] }),
      await callers(system, { folder, name: "key", numbers: lines(1300, 1), scenario: [caller.call(), presence, ...[...`2${other}#`].map((key, i) => caller.info(key, i + 2)), caller.untilBye()] }),
      await callers(system, { folder, name: "withheld", numbers: lines(1400, 2), scenario: [withheld, caller.answered(), caller.ack(), presence, caller.hangUp()] }),
    ];
    for (const program of programs) expectEqual(await program.exits(60), 0, `SIPp's exit code (${program.name})`);
    await until("twelve callers in an exact balance", async () => {
      const { total, exact } = await suzu.readBalance();
      return exact && total.arrived === 12 && total.in_progress === 0 && total.promises.open === 10;
    });
    const { total } = await suzu.readBalance();
    expectEqual([total.abandoned, total.callback, total.cut_off, total.withheld], [8, 4, 0, 2], "abandoned, callback, cut off, withheld");
    const made = await open(suzu);
    const bases = (promises: Said[]): number[] => ["announced", "key"].map((basis) => promises.filter((one) => one.basis === basis).length);
    expectEqual(bases(made), [6, 4], "promises because it was announced, and by key");
    await hana.away("desk_work");
    await keep(hana, made.find((one) => one.basis === "announced")!);
    const [agreed, broken] = made.filter((one) => one.basis === "key" && one.line === "own");
    await keep(hana, agreed!);

    // The exchange dies under five who wait, one who withholds the number, one who talks, and one who is rung back.
    await kenji.away("desk_work");
    await ringBack(kenji, broken!);
    await hana.ready();
    const talker = await callers(system, { folder, name: "talks", numbers: lines(1500, 1) });
    await hana.seesCall("a talk", (call) => call.stage === "talking");
    const crowd = [
      talker,
      await callers(system, { folder, name: "waits", numbers: lines(1600, 5) }),
      await callers(system, { folder, name: "waits-withheld", numbers: lines(1700, 1), scenario: [withheld, caller.answered(), caller.ack(), caller.untilBye()] }),
    ];
    const known = new Set(made.map((one) => one.id));
    await suzu.sees("six waiting, five of them known", () => {
      const waiting = [...suzu.calls.values()].filter((call) => call.stage === "waiting");
      return waiting.length === 6 && waiting.filter((call) => call.line_token).length === 5;
    });
    const old = system.kill("exchange");
    await system.restarted("exchange", old);
    for (const program of crowd) program.kill("SIGKILL");
    await Promise.all(crowd.map((program) => program.exits(10)));
    await until("five more promises in an exact balance", async () => {
      const { total: now, exact } = await suzu.readBalance();
      return exact && now.arrived === 19 && now.in_progress === 0 && now.cut_off === 7 && now.promises.open === 13;
    });
    const lost = (await open(suzu)).filter((one) => !known.has(one.id));
    expectEqual(bases(lost), [5, 0], "promises because it was announced, and by key, after the crash");
    expect(lost.every((one) => one.line_token), "a promise does not know its line");
    await phone.stop();
    const again = await telephones(system, join(folder, "again"), ["hana", "kenji"], suzu);
    await leavesTheLostCall(hana, "hana");
    await leavesTheLostCall(kenji, "kenji");
    for (const promise of lost) await keep(hana, promise);
    await keep(kenji, broken!);
    const balance = await suzu.readBalance();
    expectEqual([balance.exact, balance.total.promises.kept_by_ringing, balance.total.promises.open], [true, 8, 7], "exact, promises kept, open");

    const rung = sipMessages(await capture.stop())
      .filter(({ datagram, text }) => datagram.fromPort === system.sipPort && text.startsWith("INVITE "))
      .map(({ text }) => /^INVITE sips?:([^@;>]+)@/.exec(text)?.[1] ?? "?")
      .filter((user) => !/^(hana|kenji)/.test(user))
      .map((number) => number.replace(/^(\+|%2B)81/, "0"));
    const lawful = [...hungUp, ...pressed, ...lines(1600, 5)];
    expectEqual(new Set(rung).size, 8, "lines rung");
    expect(rung.every((number) => lawful.includes(number)), `a line was rung that nobody promised: ${rung.join(" ")}`);
    for (const staff of [hana, kenji, suzu]) staff.stop();
    await again.stop();
    await system.stop();
  },
};
