// The glass as its user has it: a page, mostly in the console's frame.
import type { FrameLocator, Page } from "playwright-core";
import type { Staff } from "./api.ts";
import { type BrowserOptions, Console } from "./browser.ts";
import type { System } from "./system.ts";
import { type Answer, hanako } from "./vault_site.ts";
import { operatorTone, toneOnly } from "./voices.ts";
import { expect, expectEqual } from "./wait.ts";

export async function signInAt(place: Page | FrameLocator, name: string, password: string): Promise<void> {
  await place.locator("#name").fill(name);
  await place.locator("#password").fill(password);
  await place.locator("#send").click();
}

/** The first of the candidates, who must be hanako: a wrong answer, the right one, one press. `shot` takes pictures. */
export async function openHanako(glass: FrameLocator, shot: (name: string) => Promise<void>): Promise<void> {
  await glass.locator(".people button").first().click();
  await shot("candidate");
  expect(await glass.locator("button.open").isDisabled(), "the record may be opened before the identity check");
  await glass.locator("select[name=check-field]").selectOption("name_kana");
  await glass.locator("input[name=typed]").fill("チガウ ヒト");
  await glass.locator(".check button").click();
  await glass.locator(".outcome.cannot_confirm").waitFor();
  await glass.locator("input[name=typed]").fill(hanako.kana);
  await glass.locator(".check button").click();
  await glass.locator(".outcome.match").waitFor();
  await glass.locator("button.open").click();
  await glass.locator(".values").waitFor();
  const shown = await glass.locator(".values dd").allInnerTexts();
  expectEqual(shown.length, 3, "fields of the bundle");
  expect(shown.some((text) => text.includes(hanako.name)), `the name is not among ${shown.join(", ")}`);
}

/** hana at the console and in its frame, with a headset, ready for calls; and a supervisor who watches. */
export async function readyOperator(system: System, folder: string, options: BrowserOptions = {}): Promise<{ browser: Console; glass: FrameLocator; watcher: Staff }> {
  const operator = toneOnly(folder, "operator", operatorTone, 30);
  const browser = await Console.open(system.url, { microphone: operator.wav, language: "ja", ...options });
  await browser.signIn("hana", system.password("hana"));
  const glass = browser.page.frameLocator(".glass iframe");
  await signInAt(glass, "hana", system.password("hana"));
  await glass.locator("#signed-in").waitFor();
  const watcher = await system.staff("suzu");
  await watcher.sees("hana's seat connected", () => watcher.operators.get("hana")?.seat_connected);
  await browser.press("受付可");
  await watcher.sees("hana ready", () => watcher.operators.get("hana")?.state === "ready");
  return { browser, glass, watcher };
}

/** What the glass's own page sends, signed with its key, and the vault's answer or its word of a refusal. */
export function askInGlass(glass: FrameLocator, method: string, path: string, sending: { body?: object; ticket?: string } = {}): Promise<Answer> {
  return glass.locator("body").evaluate(
    async (_, { method, path, sending }) => {
      const page = "/api.js"; // the page's own
      const { ask } = (await import(page)) as { ask: (method: string, path: string, sending: object) => Promise<Record<string, any>> };
      return ask(method, path, sending).then(
        (body) => ({ status: 200, body }),
        ({ status, code }: { status: number; code: string }) => ({ status, body: { code } as Record<string, any> }),
      );
    },
    { method, path, sending },
  );
}
