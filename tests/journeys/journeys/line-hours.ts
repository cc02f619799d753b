// Out of hours: the announcement is played to its end, callers may agree to be rung back, and the balance says so.
import { atExchange, callers, leakDesk } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { caller } from "../lib/sipp.ts";
import { System } from "../lib/system.ts";
import { expectEqual, until } from "../lib/wait.ts";

const closedAlways = `  [desk.hours]
  zone = "Asia/Tokyo"
  holidays = "closed"
  exceptions = [{ date = "2099-01-02", hours = ["09:00-18:00"] }]
`;

export const journey: Journey = {
  title: "a desk that is closed says so, takes wishes to be rung back, and counts both",
  seconds: 180,
  async run(context) {
    const system = await System.start(context, {
      settings: (process, toml) =>
        process === "centre" ? toml.replace('  [desk.texts]\n  greeting = "お電話ありがとうございます。さくら信販', `${closedAlways}$&`) : toml,
    });
    const suzu = await system.staff("suzu");
    await atExchange(suzu);
    const desk = await suzu.ask<{ open: boolean }>("GET", `/desks/${leakDesk.id}`);
    expectEqual(desk.open, false, "the desk is open");

    const listener = await callers(system, { folder: context.folder, name: "listens", numbers: ["0300001111"] });
    expectEqual(await listener.exits(90), 0, "SIPp's exit code of who listened to the end");

    const wisher = await callers(system, {
      folder: context.folder,
      name: "wishes",
      numbers: ["0300002222"],
      scenario: [caller.call(), caller.pause(1500), caller.info("1", 2), caller.untilBye()],
    });
    expectEqual(await wisher.exits(90), 0, "SIPp's exit code of who pressed 1");
    const promise = await suzu.sees("the promise", () => [...suzu.promises.values()].find((one) => one.state === "open" && one.line_token));
    expectEqual(promise.line, "own", "whose line");

    await until("both calls in the balance", async () => {
      const { total, exact } = await suzu.readBalance();
      return exact && total.arrived === 2 && total.out_of_hours === 1 && total.callback === 1 && total.promises.open === 1;
    });
    suzu.stop();
    await system.stop();
  },
};
