// kill -9 of the centre amid twenty waiting and five talking callers: no call ends, sound goes on, who comes and who
// goes meanwhile is counted, and within three seconds of its restart the centre knows everything again.
import { join } from "node:path";
import { Capture } from "../lib/capture.ts";
import { expectNoBye, expectUnbroken, fullHouse, gather, ids, talkingCalls, telephoneOf, waitingCalls } from "../lib/crowd.ts";
import { leakDesk, wrapUp } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

export const journey: Journey = {
  title: "the centre is killed; calls go on, none is lost, and it knows them again within 3 s",
  seconds: 150,
  alone: true,
  async run(context) {
    const system = await fullHouse(context);
    const suzu = await system.staff("suzu");
    const capture = await Capture.start(join(context.folder, "wire.pcap"));
    const crowd = await gather(system, context.folder, suzu, 1000);
    const goes = await telephoneOf(system, context.folder, "0300002001");
    const comes = await telephoneOf(system, context.folder, "0300002002");
    await goes.command("dial", `sip:${leakDesk.number}@${system.sip}`);
    const gone = await suzu.seesCall("the caller who will hang up", (call) => call.stage === "waiting" && !ids(crowd.waiting).includes(call.id));

    const killedAt = Date.now() / 1000;
    const before = suzu.snapshots;
    const old = system.kill("centre");
    await goes.command("hangup");
    await comes.command("dial", `sip:${leakDesk.number}@${system.sip}`);
    await comes.event("CALL_ESTABLISHED");
    await system.restarted("centre", old);
    const restartedAt = Date.now();
    await suzu.sees("a new snapshot", () => suzu.snapshots > before);
    const right = (): boolean => {
      const calls = [...suzu.calls.values()];
      const talking = calls.filter((call) => call.stage === "talking");
      const waiting = calls.filter((call) => call.stage === "waiting");
      return (
        talking.length === talkingCalls &&
        talking.every((call) => crowd.talking.some((one) => one.id === call.id && one.operator_id === call.operator_id && one.line_token === call.line_token)) &&
        waiting.length === waitingCalls + 1 &&
        crowd.waiting.every((one) => waiting.some((call) => call.id === one.id && call.line_token === one.line_token)) &&
        !calls.some((call) => call.id === gone.id && !call.ended_at) &&
        talking.every((call) => suzu.operators.get(call.operator_id ?? "")?.state === "talking")
      );
    };
    await suzu.sees("the state as it is", right);
    const seconds = (Date.now() - restartedAt) / 1000;
    expect(seconds <= 3, `the state was right ${seconds.toFixed(1)} s after the restart only`);
    await until("the balance to count who came and who went", async () => {
      const { total, exact } = await suzu.readBalance();
      return exact && total.arrived === talkingCalls + waitingCalls + 2 && total.talked === talkingCalls &&
        total.in_progress === waitingCalls + 1 && total.abandoned === 1 && total.cut_off === 0;
    });
    const over = Date.now() / 1000;

    // The centre commands again: an operator ends a call, the next in the queue gets through.
    const ended = crowd.talking[0]!;
    const operator = await system.staff(ended.operator_id ?? "");
    await operator.act(ended.id, "end");
    await wrapUp(operator, ended.id, "ready");
    await operator.seesCall("the next caller", (call) => call.stage === "talking" && call.id !== ended.id && call.operator_id === ended.operator_id);
    operator.stop();
    const datagrams = await capture.stop();
    expectNoBye(datagrams, system.sipPort, killedAt, over);
    expectUnbroken(datagrams, system.sipPort, killedAt, over, talkingCalls + waitingCalls);
    const { total } = await suzu.readBalance();
    expectEqual([total.talked, total.cut_off], [talkingCalls + 1, 0], "talked, cut off");
    suzu.stop();
    await system.stop();
  },
};
