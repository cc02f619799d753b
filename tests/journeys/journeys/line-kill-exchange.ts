// kill -9 of the exchange amid twenty waiting and five talking callers: each of them shows as cut off, with its line's
// token; also when the centre was down at that moment. What was recorded until a second before can be exported.
import { join } from "node:path";
import type { Call, Staff } from "../lib/api.ts";
import { type Crowd, fullHouse, gather, ids, talkingCalls, waitingCalls } from "../lib/crowd.ts";
import { talksFor } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { listen, readWav } from "../lib/sound.ts";
import { callerTone } from "../lib/voices.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

async function cutOff(suzu: Staff, crowd: Crowd): Promise<void> {
  const all = [...crowd.talking, ...crowd.waiting];
  const logged = await until("every call to be logged as cut off", async () => {
    const { items } = await suzu.ask<{ items: Call[] }>("GET", "/calls?limit=200");
    const found = items.filter((call) => ids(all).includes(call.id));
    return found.length === all.length && found.every((call) => call.outcome === "cut_off") && found;
  });
  for (const call of logged) {
    const before = all.find((one) => one.id === call.id)!;
    expect(call.line_token, `call ${call.id} is cut off without its token`);
    expectEqual(call.line_token, before.line_token, "the line's token");
    expectEqual(call.end_cause, "fault", "why the call ended");
  }
}

async function leave(crowd: Crowd): Promise<void> {
  for (const program of crowd.programs) program.kill("SIGKILL");
  await Promise.all(crowd.programs.map((program) => program.exits(10)));
  await crowd.phones.stop();
}

export const journey: Journey = {
  title: "the exchange is killed, once with the centre: each of the 25 calls shows as cut off with its token",
  seconds: 200,
  alone: true,
  async run(context) {
    const system = await fullHouse(context);
    const suzu = await system.staff("suzu");
    const first = await gather(system, context.folder, suzu, 1000);
    const talked = first.talking[0]!;
    await talksFor(talked, 4);
    const killedAt = Date.now();
    let old = system.kill("exchange");
    await system.restarted("exchange", old);
    await cutOff(suzu, first);
    await leave(first);
    const out = join(context.folder, "cut-off.wav");
    const exported = await system.exportRecording(talked.id, out);
    expectEqual(exported.cut_off, true, "whether the recording shows as cut off");
    const seconds = listen(readWav(out).channels[0]!, callerTone).seconds;
    const spoken = (killedAt - Date.parse(talked.talking_since ?? "")) / 1000;
    expect(seconds > spoken - 1.2, `${seconds.toFixed(1)} s of ${spoken.toFixed(1)} s were kept of a recording that was cut off`);

    await suzu.sees("the exchange connected", () => suzu.status["exchange"]?.connected);
    const second = await gather(system, join(context.folder), suzu, 3000);
    const centre = system.kill("centre");
    await until("the centre to be gone", () => system.pid("centre") !== centre);
    old = system.kill("exchange");
    await system.restarted("exchange", old);
    await system.restarted("centre", centre);
    const snapshots = suzu.snapshots;
    await suzu.sees("the centre back", () => suzu.snapshots > snapshots || suzu.status["exchange"]?.connected);
    await cutOff(suzu, second);
    const { total, exact } = await suzu.readBalance();
    const each = talkingCalls + waitingCalls;
    expectEqual([exact, total.arrived, total.cut_off, total.in_progress], [true, 2 * each, 2 * each, 0], "exact, arrived, cut off, in progress");
    await leave(second);
    suzu.stop();
    await system.stop();
  },
};
