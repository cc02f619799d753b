// What a newcomer does after ./run: opens the page, presses "ring me", hears a caller, and opens that caller's record.
import { join } from "node:path";
import type { FrameLocator } from "playwright-core";
import type { Console } from "../lib/browser.ts";
import { openHanako, readyOperator } from "../lib/glass.ts";
import type { Journey } from "../lib/journey.ts";
import { System } from "../lib/system.ts";
import { hanako } from "../lib/vault_site.ts";
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

/** The call has ended: the glass says so by itself, and a page that is opened anew offers who was opened. */
async function wrapUpAfterReload(browser: Console, glass: FrameLocator, shot: (name: string) => Promise<void>): Promise<void> {
  await glass.locator(".ticket .stage").filter({ hasText: "後処理" }).waitFor();
  await browser.page.reload();
  await glass.locator(".candidates h2").filter({ hasText: "この通話で閲覧した方" }).waitFor();
  expectEqual(await glass.locator(".search").count(), 0, "searching after the call");
  await shot("wrap-up");
  await glass.locator(".people button").first().click();
  await glass.locator(".values dd").filter({ hasText: hanako.name }).waitFor();
}

export const journey: Journey = {
  title: "in the demo one press rings, a caller speaks in the browser, and the caller's record opens in the glass",
  seconds: 180,
  async run(context) {
    const system = await System.start(context);
    const { browser, glass, watcher } = await readyOperator(system, context.folder, { framesMayStore: true });
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
    await wrapUpAfterReload(browser, glass, shot);
    watcher.stop();
    await browser.close();
    await system.stop();
  },
};
