// Transfers: at once to another desk, at once to another operator, and after asking. The caller never loses the line.
import { callers, commonDesk, talksFor, telephones, wrapUp } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { System } from "../lib/system.ts";
import { expectEqual } from "../lib/wait.ts";

export const journey: Journey = {
  title: "a caller is handed on to a desk, to an operator, and after a consultation that outlives the centre",
  seconds: 180,
  async run(context) {
    const system = await System.start(context);
    const hana = await system.staff("hana");
    const kenji = await system.staff("kenji");
    const phone = await telephones(system, context.folder, ["hana", "kenji"], hana);

    // To a desk: hana hands on, kenji takes it from that desk's queue.
    await hana.ready();
    const first = await callers(system, { folder: context.folder, name: "to-desk", numbers: ["0300001111"] });
    let call = await hana.seesCall("the first call", (one) => one.stage === "talking" && one.operator_id === "hana");
    await talksFor(call, 1);
    await kenji.ready();
    await hana.act(call.id, "transfer", { desk_id: commonDesk.id });
    await kenji.seesCall("the call from the other desk", (one) => one.id === call.id && one.stage === "talking" && one.operator_id === "kenji" && one.desk_id === commonDesk.id);
    await kenji.act(call.id, "end");
    expectEqual(await first.exits(20), 0, "SIPp's exit code (to a desk)");
    await kenji.ask("POST", `/calls/${call.id}/wrap_up`, { disposition: "answered", next: "ready" });
    await hana.ask("PUT", "/operators/me/state", { state: "ready" });

    // To an operator at once.
    await kenji.away();
    const second = await callers(system, { folder: context.folder, name: "to-operator", numbers: ["0300002222"] });
    call = await hana.seesCall("the second call", (one) => one.stage === "talking" && one.operator_id === "hana" && one.id !== call.id, 60);
    await kenji.ready();
    await kenji.sees("myself ready", () => kenji.operators.get("kenji")?.state === "ready");
    await hana.act(call.id, "transfer", { operator_id: "kenji" });
    await kenji.seesCall("the call handed to me", (one) => one.id === call.id && one.stage === "talking" && one.operator_id === "kenji");
    await kenji.act(call.id, "end");
    expectEqual(await second.exits(20), 0, "SIPp's exit code (to an operator)");
    await wrapUp(kenji, call.id, "away");

    // After asking.
    await hana.ask("PUT", "/operators/me/state", { state: "ready" });
    const third = await callers(system, { folder: context.folder, name: "consult", numbers: ["0300003333"] });
    const before = call.id;
    call = await hana.seesCall("the third call", (one) => one.stage === "talking" && one.operator_id === "hana" && one.id !== before, 60);
    await kenji.ready();
    await kenji.sees("myself ready", () => kenji.operators.get("kenji")?.state === "ready");
    await hana.act(call.id, "consult", { operator_id: "kenji" });
    await hana.seesCall("the consultation", (one) => one.id === call.id && one.stage === "consulting" && one.consulting_operator_id === "kenji");
    await hana.sees("kenji in the call", () => kenji.operators.get("kenji")?.state === "talking");
    // The centre dies and comes back: the two go on, and the caller can still be handed over.
    const snapshots = [hana.snapshots, kenji.snapshots];
    const old = system.kill("centre");
    await system.restarted("centre", old);
    await hana.sees("a new snapshot", () => hana.snapshots > snapshots[0]! && hana.status["exchange"]?.connected);
    await kenji.sees("a new snapshot", () => kenji.snapshots > snapshots[1]!);
    await hana.seesCall("the consultation as it was", (one) => one.id === call.id && one.stage === "consulting" && one.consulting_operator_id === "kenji");
    await kenji.sees("myself still in it", () => kenji.operators.get("kenji")?.state === "talking");
    await hana.act(call.id, "complete_transfer");
    await kenji.seesCall("the caller with me", (one) => one.id === call.id && one.stage === "talking" && one.operator_id === "kenji");
    await kenji.act(call.id, "end");
    expectEqual(await third.exits(20), 0, "SIPp's exit code (after asking)");

    const { total } = await hana.readBalance();
    expectEqual([total.arrived, total.talked, total.abandoned, total.cut_off], [3, 3, 0, 0], "arrived, talked, abandoned, cut off");
    hana.stop();
    kenji.stop();
    await phone.stop();
    await system.stop();
  },
};
