// A busy hour: sixty callers and two operators. Who gives up, who asks to be rung back (by INFO, by RFC 4733, to
// another number, without showing a number), who tries again: all of it is in the balance, every agreed callback is
// kept, and no line is rung that did not ask.
import { join } from "node:path";
import type { Call, Staff } from "../lib/api.ts";
import { Capture, sipMessages } from "../lib/capture.ts";
import { carrier } from "../lib/carrier.ts";
import { callers, callingOutBy, leakDesk, talksFor, telephones, upload, withoutWords } from "../lib/floor.ts";
import { signInAtGlass } from "../lib/vault_site.ts";
import type { Journey } from "../lib/journey.ts";
import { writeKeys } from "../lib/keys.ts";
import type { Program } from "../lib/process.ts";
import { caller } from "../lib/sipp.ts";
import { System } from "../lib/system.ts";
import { freePorts } from "../lib/ports.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const lines = (from: number, count: number): string[] => Array.from({ length: count }, (_, i) => `030000${from + i}`);
const hidden = (from: string): string =>
  caller.invite(from, "Privacy: id\n    P-Asserted-Identity: <sip:[field0]@127.0.0.1>\n    ");
const presence = caller.pause(900); // what a caller listens to before doing anything
const infoKeys = (keys: string): string[] => [...keys].map((key, i) => caller.info(key, i + 2));

/** An operator at work: talks shortly with whoever is connected, ends, wraps up, is ready again. */
async function serve(staff: Staff, me: string, over: () => boolean): Promise<void> {
  const mine = (): Call | undefined =>
    [...staff.calls.values()].find((call) => call.operator_id === me && (call.stage === "talking" || call.stage === "wrap_up"));
  for (;;) {
    const call = await until(`${me} to have a call, or the end of work`, () => mine() ?? (over() ? "over" : undefined), { seconds: 120 });
    if (call === "over") return;
    if (call.stage === "talking") {
      await talksFor(call, 0.3);
      await staff.act(call.id, "end");
      await staff.seesCall("wrap-up", (one) => one.id === call.id && one.stage === "wrap_up");
    }
    await staff.act(call.id, "wrap_up", { disposition: "answered", next: "ready" });
    await staff.sees("myself back from wrap-up", () => staff.operators.get(me)?.state !== "wrap_up" && mine()?.id !== call.id);
  }
}

/** Takes promises one after another, each with one press, until none is left. */
async function ringBack(staff: Staff, me: string, left: string[]): Promise<void> {
  for (let id = left.shift(); id !== undefined; id = left.shift()) {
    const { call_id } = await staff.ask<{ call_id: string }>("POST", `/promises/${id}/take`);
    const call = await staff.seesCall("the line that asked", (one) => one.id === call_id && one.stage === "talking");
    await talksFor(call, 0.3);
    await staff.act(call_id, "end");
    await staff.seesCall("wrap-up", (one) => one.id === call_id && one.stage === "wrap_up");
    await staff.act(call_id, "wrap_up", { disposition: "answered", next: "away", reason: "desk_work" });
    await staff.sees("myself back from wrap-up", () => staff.operators.get(me)?.state !== "wrap_up");
  }
}

export const journey: Journey = {
  title: "60 callers, 2 operators: the balance is right to the last call, and only who asked is rung back",
  seconds: 240,
  alone: true,
  async run(context) {
    const port = await freePorts(90);
    const system = await System.start(context, {
      settings: (process, toml) =>
        process === "centre" ? withoutWords(toml) : process === "exchange" ? callingOutBy(toml, `127.0.0.2:${port}`) : toml,
    });
    const { folder } = context;
    carrier({ folder, address: "127.0.0.2", port, mediaPort: port + 4 });
    const hana = await system.staff("hana");
    const kenji = await system.staff("kenji");
    const suzu = await system.staff("suzu");
    for (const name of ["hana", "kenji"]) await signInAtGlass(system, name); // who rings back is known to the vault
    const phone = await telephones(system, folder, ["hana", "kenji"], suzu);
    await upload(suzu, folder, leakDesk.id, "callback_thanks", 2); // what those hear who leave after the key
    const capture = await Capture.start(join(folder, "wire.pcap"), `udp port ${system.sipPort}`);
    const come = (name: string, numbers: string[], scenario: string[]): Promise<Program> =>
      callers(system, { folder, name, numbers, scenario, perSecond: 20 });
    const stay = [caller.call(), caller.untilBye()];
    const leave = [caller.call(), presence, caller.hangUp()];

    // Both operators are busy when the rest comes.
    await hana.ready();
    await kenji.ready();
    const long = await come("long", lines(1000, 2), stay);
    const busy = await suzu.sees("both operators talking", () => {
      const calls = [...suzu.calls.values()].filter((call) => call.stage === "talking");
      return calls.length === 2 && calls;
    });

    const one = join(folder, "key-1.pcap");
    writeKeys(one, "1");
    const abandon = lines(1100, 8);
    const askByInfo = lines(1200, 6);
    const askByEvent = lines(1300, 6);
    const goingAway = [
      await come("abandon", abandon, leave),
      await come("ask-info", askByInfo, [caller.call(), presence, caller.info("1", 2), caller.pause(200), caller.hangUp(3)]),
      await come("ask-event", askByEvent, [caller.call(), presence, caller.playPcap(one), caller.pause(600), caller.hangUp()]),
      await come("withheld-abandon", lines(1700, 3), [hidden('"[field0]" <sip:[field0]@[local_ip]>'), caller.answered(), caller.ack(), presence, caller.hangUp()]),
    ];
    const others = lines(2000, 8);
    for (const [i, number] of others.slice(0, 4).entries())
      goingAway.push(await come(`other-info-${i}`, lines(1400 + i, 1), [caller.call(), presence, ...infoKeys(`2${number}#`), caller.untilBye()]));
    for (const [i, number] of others.slice(4, 6).entries()) {
      const file = join(folder, `other-${i}.pcap`);
      const length = writeKeys(file, `2${number}#`);
      goingAway.push(await come(`other-event-${i}`, lines(1500 + i, 1), [caller.call(), presence, caller.playPcap(file), caller.pause(length), caller.untilBye()]));
    }
    for (const [i, number] of others.slice(6).entries())
      goingAway.push(
        await come(`withheld-other-${i}`, lines(1720 + i, 1), [
          hidden('"Anonymous" <sip:anonymous@anonymous.invalid>'), caller.answered(), caller.ack(), presence, ...infoKeys(`1${number}#`), caller.untilBye(),
        ]),
      );
    const patient = [
      await come("patient", lines(1800, 25), stay),
      await come("withheld-patient", lines(1740, 2), [hidden('"Anonymous" <sip:anonymous@anonymous.invalid>'), caller.answered(), caller.ack(), caller.untilBye()]),
    ];
    for (const program of goingAway) expectEqual(await program.exits(60), 0, `SIPp's exit code (${program.name})`);

    // Some try again: four who gave up and two who had asked get through, one asks once more.
    patient.push(await come("redial", [...abandon.slice(0, 4), askByInfo[0]!, askByEvent[0]!], stay));
    const again = await come("ask-again", [askByInfo[1]!], [caller.call(), presence, caller.info("1", 2), caller.untilBye()]);
    expectEqual(await again.exits(30), 0, "SIPp's exit code (ask-again)");
    await suzu.sees("33 callers waiting", () => [...suzu.calls.values()].filter((call) => call.stage === "waiting").length === 33);

    await Promise.all(
      busy.map(async (call) => {
        const staff = call.operator_id === "hana" ? hana : kenji;
        await staff.act(call.id, "end");
        await staff.seesCall("wrap-up", (one) => one.id === call.id && one.stage === "wrap_up");
      }),
    );
    const over = (): boolean => suzu.balance?.total.in_progress === 0 && suzu.balance.total.talked === 35;
    await Promise.all([serve(hana, "hana", over), serve(kenji, "kenji", over)]);
    for (const program of [long, ...patient]) expectEqual(await program.exits(30), 0, `SIPp's exit code (${program.name})`);

    await until("a balance with 18 open promises", async () => {
      const { total, exact } = await suzu.readBalance();
      return exact && total.promises.open === 18 && total.promises.kept_by_caller === 2;
    });
    await hana.away();
    await kenji.away();
    const { items } = await suzu.ask<{ items: { id: string }[] }>("GET", "/promises?limit=200");
    const left = items.map((promise) => promise.id);
    expectEqual(left.length, 18, "open promises");
    await Promise.all([ringBack(hana, "hana", left), ringBack(kenji, "kenji", left)]);

    const balance = await until("every promise to be kept", async () => {
      const now = await suzu.readBalance();
      return now.total.promises.open === 0 && now;
    });
    const { total } = balance;
    expect(balance.exact, "the balance is not exact");
    expectEqual(
      [total.arrived, total.in_progress, total.talked, total.abandoned, total.callback, total.out_of_hours, total.declined, total.cut_off],
      [67, 0, 35, 11, 21, 0, 0, 0],
      "arrived, in progress, talked, abandoned, callback, out of hours, declined, cut off",
    );
    expectEqual([total.settled, total.lost, total.withheld], [4, 7, 7], "settled by a redial, lost, withheld");
    const { asked, merged, open, kept_by_ringing, kept_by_caller, without_success } = total.promises;
    expectEqual([asked, merged, open, kept_by_ringing, kept_by_caller], [21, 1, 0, 18, 2], "promises asked, merged, open, kept by ringing, kept by the caller");
    expect(Object.values(without_success).every((count) => count === 0), "a promise ended without success");

    const rung = sipMessages(await capture.stop())
      .filter(({ datagram, text }) => datagram.fromPort === system.sipPort && text.startsWith("INVITE "))
      .map(({ text }) => /^INVITE sips?:([^@;>]+)@/.exec(text)?.[1] ?? "?")
      .filter((user) => !/^(hana|kenji)/.test(user))
      .map((number) => number.replace(/^(\+|%2B)81/, "0"));
    const wanted = [...askByInfo.slice(1), ...askByEvent.slice(1), ...others].sort();
    expectEqual([...new Set(rung)].sort(), wanted, "the lines that were rung");
    for (const staff of [hana, kenji, suzu]) staff.stop();
    await phone.stop();
    await system.stop();
  },
};
