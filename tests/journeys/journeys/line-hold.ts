// Hold and resume: by the operator's console, and by the operator's telephone (re-INVITE). The held caller hears the
// hold sound instead of the operator; afterwards both hear each other again.
import { join } from "node:path";
import { Capture, sipMessages, soundAt } from "../lib/capture.ts";
import { atExchange, callers, talksFor, telephones, wrapUp } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { listen } from "../lib/sound.ts";
import { System } from "../lib/system.ts";
import { operatorTone } from "../lib/voices.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

export const journey: Journey = {
  title: "a caller is held and resumed from the console and from the telephone",
  seconds: 120,
  async run(context) {
    const system = await System.start(context);
    const hana = await system.staff("hana");
    const suzu = await system.staff("suzu");
    await atExchange(suzu);
    const phone = await telephones(system, context.folder, ["hana"], hana);
    await hana.ready();
    const capture = await Capture.start(join(context.folder, "wire.pcap"));
    const program = await callers(system, { folder: context.folder, numbers: ["0300001111"] });
    const call = await hana.seesCall("the call connected", (one) => one.stage === "talking");
    await talksFor(call, 3);

    const heldAt = Date.now();
    await hana.act(call.id, "hold");
    await hana.seesCall("the caller held", (one) => one.id === call.id && one.held);
    const one = await hana.ask<{ held: boolean; recording: string; legs: unknown[] }>("GET", `/calls/${call.id}`);
    expectEqual([one.held, one.recording, one.legs.length > 0], [true, "on", true], "the call as the API tells it");
    await talksFor(call, 6);
    await hana.act(call.id, "resume");
    await hana.seesCall("the caller back", (one) => one.id === call.id && !one.held);
    const backAt = Date.now();
    await talksFor(call, 9);

    await phone.command("hold");
    await until("the telephone's hold on the wire", () => phone.events.some((event) => /HOLD|CALL_LOCAL_SDP/.test(event.type)));
    await phone.command("resume");
    await talksFor(call, 12);
    await hana.act(call.id, "end");
    expectEqual(await program.exits(20), 0, "SIPp's exit code");
    await wrapUp(hana, call.id);

    const datagrams = await capture.stop();
    const invite = sipMessages(datagrams).find(({ text, datagram }) => text.startsWith("INVITE sip:+813") && datagram.toPort === system.sipPort);
    const port = Number(/m=audio (\d+)/.exec(invite?.text ?? "")?.[1]);
    const between = (from: number, to: number) => soundAt(datagrams.filter((one) => one.time * 1000 > from && one.time * 1000 < to), port).samples;
    expectEqual(listen(between(heldAt + 500, backAt - 500), operatorTone).seconds, 0, "seconds of operator heard while held");
    expect(between(heldAt + 500, backAt - 500).length > 8000, "the held caller is sent no sound at all");
    expect(listen(between(backAt + 500, backAt + 3000), operatorTone).seconds > 1.5, "the operator is not heard after the hold");
    // Nothing is lost here and everybody answers at once: whoever says something twice was in a hurry.
    const said = sipMessages(datagrams).filter(({ datagram, text }) => datagram.fromPort === system.sipPort && !text.startsWith("SIP/2.0"));
    const once = new Set(said.map(({ text }) => `${text.split(" ")[0]} ${/branch=(\S+)/.exec(text)?.[1]}`));
    expectEqual(said.length, once.size, "requests that our side sent, and different ones among them");
    hana.stop();
    suzu.stop();
    await phone.stop();
    await system.stop();
  },
};
