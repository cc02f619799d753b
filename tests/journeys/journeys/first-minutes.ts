// What a newcomer does after ./run: opens the page, presses "ring me", hears a caller, and opens that caller's record.
import { join } from "node:path";
import { openHanako, readyOperator } from "../lib/glass.ts";
import type { Journey } from "../lib/journey.ts";
import { System } from "../lib/system.ts";
import { until } from "../lib/wait.ts";

export const journey: Journey = {
  title: "in the demo one press rings, a caller speaks in the browser, and the caller's record opens in the glass",
  seconds: 180,
  async run(context) {
    const system = await System.start(context);
    const { browser, glass, watcher } = await readyOperator(system, context.folder);
    const shot = (name: string): Promise<void> => browser.screenshot(join(context.folder, `${name}.png`));
    await browser.press("試しに鳴らす");
    await browser.page.locator(".call-bar.rings").waitFor({ timeout: 30_000 });
    await browser.press("応答");
    await watcher.seesCall("the call connected", (one) => one.stage === "talking");
    await until("the caller to be heard", async () => (await browser.inbound()).audioLevel > 0.01 || undefined, { seconds: 30 });
    await glass.locator(".people button").first().waitFor();
    await openHanako(glass, shot);
    await shot("opened");
    await browser.press("終話");
    watcher.stop();
    await browser.close();
    await system.stop();
  },
};
