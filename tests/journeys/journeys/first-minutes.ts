// What a newcomer does after ./run: opens the page, presses "ring me", hears a caller, and opens that caller's record.
import { join } from "node:path";
import type { FrameLocator } from "playwright-core";
import type { Console } from "../lib/browser.ts";
import { openHanako, readyOperator } from "../lib/glass.ts";
import type { Journey } from "../lib/journey.ts";
import { System } from "../lib/system.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

/** Before anybody rings back: what the number was given for, and what was refused, first without the number. */
async function whatTheTelephoneIsFor(browser: Console, glass: FrameLocator, shot: (name: string) => Promise<void>): Promise<void> {
  const refused = "お断り: 営業・勧誘のお電話";
  await glass.locator(".ticket select").selectOption("call-back");
  const masked = glass.locator(".people .masked").filter({ hasText: "090-••••-1001（携帯電話）" });
  await masked.locator(".refuses").filter({ hasText: refused }).waitFor();
  expect(!(await masked.innerText()).includes("ご契約の管理"), "what the number was given for is told before it is opened");
  await shot("telephone-masked");
  await glass.locator(".people button").first().click();
  await glass.locator("button.open").click();
  const opened = glass.locator(".values dd").filter({ hasText: "090-0000-1001" });
  await opened.waitFor();
  const carried = await opened.locator(".carried li").allInnerTexts();
  expectEqual(carried, [refused, "携帯電話 ・ 契約者 ・ 確認済み", "利用目的: ご契約の管理", "取得: 2026-11-01 お申込書（架空）（受付 架空）"], "what the telephone carries");
  await shot("telephone");
  expectEqual(await browser.seriousFaults(".glass iframe"), [], "accessibility of the glass with a record open");
}

export const journey: Journey = {
  title: "in the demo one press rings, a caller speaks in the browser, and the caller's record opens in the glass",
  seconds: 180,
  async run(context) {
    const system = await System.start(context);
    const byAddress = await fetch(system.url.replace("localhost", "127.0.0.1") + "/operator/", { redirect: "manual" });
    expectEqual([byAddress.status, byAddress.headers.get("location")], [307, `${system.url}/operator/`], "the console asked for by this machine's address, in which the glass would not show");
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
    await whatTheTelephoneIsFor(browser, glass, shot);
    await browser.press("終話");
    await glass.locator(".ticket .stage").filter({ hasText: "後処理" }).waitFor();
    await shot("wrap-up");
    watcher.stop();
    await browser.close();
    await system.stop();
  },
};
