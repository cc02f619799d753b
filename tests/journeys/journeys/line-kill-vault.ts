// kill -9 of the vault amid twenty waiting and five talking callers: no call ends, sound goes on, a caller who comes
// meanwhile is answered, and within three seconds of its restart that line has its token too.
import { join } from "node:path";
import { Capture } from "../lib/capture.ts";
import { expectNoBye, expectUnbroken, fullHouse, gather, ids, talkingCalls, telephoneOf, waitingCalls } from "../lib/crowd.ts";
import { leakDesk } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { expect, until } from "../lib/wait.ts";

export const journey: Journey = {
  title: "the vault is killed; calls go on, who comes meanwhile is answered and known within 3 s of its restart",
  seconds: 150,
  alone: true,
  async run(context) {
    const system = await fullHouse(context);
    const suzu = await system.staff("suzu");
    const capture = await Capture.start(join(context.folder, "wire.pcap"));
    const crowd = await gather(system, context.folder, suzu, 1000);
    const comes = await telephoneOf(system, context.folder, "0300002002");

    const killedAt = Date.now() / 1000;
    const old = system.kill("vault");
    await comes.command("dial", `sip:${leakDesk.number}@${system.sip}`);
    await comes.event("CALL_ESTABLISHED");
    await system.restarted("vault", old);
    const restartedAt = Date.now();
    const known = ids([...crowd.talking, ...crowd.waiting]);
    await suzu.seesCall("the caller who came meanwhile with a token", (call) => call.stage === "waiting" && call.line_token && !known.includes(call.id));
    await suzu.sees("the vault connected", () => suzu.status["vault"]?.connected);
    const seconds = (Date.now() - restartedAt) / 1000;
    expect(seconds <= 3, `all was right ${seconds.toFixed(1)} s after the restart only`);
    for (const call of [...crowd.talking, ...crowd.waiting])
      expect(suzu.calls.get(call.id)?.stage === call.stage, `a call that was ${call.stage} is ${suzu.calls.get(call.id)?.stage}`);
    await until("the balance to hold all", async () => {
      const { total, exact } = await suzu.readBalance();
      return exact && total.arrived === talkingCalls + waitingCalls + 1 && total.talked === talkingCalls &&
        total.in_progress === waitingCalls + 1 && total.cut_off === 0;
    });
    const over = Date.now() / 1000;
    const datagrams = await capture.stop();
    expectNoBye(datagrams, system.sipPort, killedAt, over);
    expectUnbroken(datagrams, system.sipPort, killedAt, over, talkingCalls + waitingCalls);
    suzu.stop();
    await system.stop();
  },
};
