// Centre and vault on PostgreSQL. A call is answered and counted; the database's server processes are killed in the
// middle of a call: it goes on, nothing is forgotten, and a caller who comes right then is counted too.
import { join } from "node:path";
import { callers, talksFor, telephones, withoutWords, wrapUp } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { Postgres } from "../lib/postgres.ts";
import { caller } from "../lib/sipp.ts";
import { System } from "../lib/system.ts";
import { freePorts } from "../lib/ports.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

export const journey: Journey = {
  title: "both databases on PostgreSQL; its processes are killed amid a call, and nothing is forgotten",
  seconds: 120,
  async run(context) {
    const postgres = await Postgres.start(join(context.folder, "postgres.log"), await freePorts(1));
    for (const base of ["centre", "vault"]) await postgres.ask("postgres", `create database ${base}`);
    const system = await System.start(context, {
      args: ["--database", postgres.url("centre"), "--vault-database", postgres.url("vault")],
      settings: (process, toml) => (process === "centre" ? withoutWords(toml) : toml),
    });
    const { folder } = context;
    const hana = await system.staff("hana");
    const suzu = await system.staff("suzu");
    const phone = await telephones(system, folder, ["hana"], hana);
    await hana.ready();
    const talker = await callers(system, { folder, name: "talker", numbers: ["0300001111"] });
    const call = await hana.seesCall("the call connected", (one) => one.stage === "talking" && one.line_token !== null);

    expect((await postgres.killBackends("centre")) > 0, "the centre has no connection to its database");
    // The server ends the vault's connections by itself then: it recovers as after a crash.
    const asker = await callers(system, {
      folder, name: "asker", numbers: ["0300002222"],
      scenario: [caller.call(), caller.pause(500), caller.info("1", 2), caller.untilBye()],
    });
    expectEqual(await asker.exits(30), 0, "SIPp's exit code of who asked to be rung back meanwhile");
    await suzu.sees("the promise with its token", () => [...suzu.promises.values()].some((one) => one.state === "open" && one.line_token));
    await talksFor(call, 3);
    expectEqual(hana.calls.get(call.id)?.stage, "talking", "the call that was up");
    await hana.act(call.id, "end");
    expectEqual(await talker.exits(20), 0, "SIPp's exit code of who talked");
    await wrapUp(hana, call.id);
    await until("both calls in the balance", async () => {
      const { total, exact } = await suzu.readBalance();
      return exact && total.arrived === 2 && total.talked === 1 && total.callback === 1 && total.promises.open === 1 && total.cut_off === 0;
    });
    expect(Number(await postgres.ask("centre", "select count(*) from information_schema.tables where table_schema = 'public'")) > 3, "the centre's tables are not in PostgreSQL");
    expect(Number(await postgres.ask("vault", "select count(*) from information_schema.tables where table_schema = 'public'")) > 3, "the vault's tables are not in PostgreSQL");

    // A new start finds it all again.
    for (const staff of [hana, suzu]) staff.stop();
    await system.stop();
    await system.run();
    const again = await system.staff("suzu");
    const { total, exact } = await again.readBalance();
    expectEqual([exact, total.arrived, total.talked, total.callback, total.promises.open], [true, 2, 1, 1, 1], "the balance after a new start");
    again.stop();
    await phone.stop();
    await system.stop();
    await postgres.stop();
  },
};
