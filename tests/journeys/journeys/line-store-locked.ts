// The centre's database is locked by another program for a while: calls come, are answered and end at the exchange, people
// are told, and what happened meanwhile is in the balance afterwards.
import { join } from "node:path";
import { balanced, callers, talksFor, telephones, withoutWords, wrapUp } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { Program } from "../lib/process.ts";
import { System } from "../lib/system.ts";
import { expect, expectEqual } from "../lib/wait.ts";

const lock = `
import sqlite3, sys
base = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
base.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
base.execute("ROLLBACK")
`;

export const journey: Journey = {
  title: "while the centre's database is locked calls go on and people are told; then everything is caught up with",
  seconds: 120,
  async run(context) {
    const { folder } = context;
    const system = await System.start(context, { settings: (process, toml) => (process === "centre" ? withoutWords(toml) : toml) });
    const hana = await system.staff("hana");
    const suzu = await system.staff("suzu");
    const phone = await telephones(system, folder, ["hana"], suzu);
    await hana.ready();
    const talker = await callers(system, { folder, name: "talker", numbers: ["0300001111"] });
    const call = await hana.seesCall("the call connected", (one) => one.stage === "talking");

    const locker = new Program("locker", "python3", ["-c", lock, join(system.folder, "centre", "centre.db")], { input: true });
    await locker.says(/locked/, 30);
    // Waits at the exchange: the centre can't take a caller it can't write down.
    const waits = await callers(system, { folder, name: "waits", numbers: ["0300002222"] });
    await suzu.sees("the trouble", () => (suzu.status["troubles"] as unknown as { text: string }[]).some((one) => /store takes nothing/.test(one.text)), 40);
    const refused = await hana.request("POST", `/calls/${call.id}/hold`);
    expectEqual(refused.status, 503, "a command while nothing can be stored");
    expect(/store is away/.test(await refused.text()), "the refusal says why");
    await talksFor(call, 4);
    locker.write("\n");
    expectEqual(await locker.exits(20), 0, "the locker's exit code");

    await suzu.sees("the trouble over", () => !(suzu.status["troubles"] as unknown as { text: string }[]).some((one) => /store takes nothing/.test(one.text)));
    await hana.act(call.id, "end");
    expectEqual(await talker.exits(20), 0, "SIPp's exit code of who talked");
    await wrapUp(hana, call.id, "ready");
    const second = await hana.seesCall("who came meanwhile", (one) => one.stage === "talking" && one.id !== call.id);
    await hana.act(second.id, "end");
    expectEqual(await waits.exits(20), 0, "SIPp's exit code of who came meanwhile");
    await wrapUp(hana, second.id);
    await balanced(suzu);
    const { total } = await suzu.readBalance();
    expectEqual([total.arrived, total.talked, total.lost, total.cut_off], [2, 2, 0, 0], "arrived, talked, lost, cut off");
    for (const staff of [hana, suzu]) staff.stop();
    await phone.stop();
    await system.stop();
  },
};
