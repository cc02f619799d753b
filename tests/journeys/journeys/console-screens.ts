// Every state of the operator's console and of the glass's sign-in page as a picture, in both languages and from a
// telephone's width to a wallboard's: nothing scrolls sideways, axe finds nothing serious, no word is missing.
// MADOGUCHI_SCENES=talking,ready shows only these; the pictures are in build/journeys/console-screens/.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type Page, chromium } from "playwright-core";
import { type Context, type Journey, Skipped } from "../lib/journey.ts";
import { type Scene, scenes } from "../lib/scenes.ts";
import { Stage } from "../lib/stage.ts";

const desktop = { width: 1280, height: 800 };
const widths = { ja: [desktop, { width: 1920, height: 1080 }, { width: 360, height: 740 }], en: [desktop, { width: 360, height: 740 }] };
const languages = ["ja", "en"] as const;

/** The seat's WebRTC has no other side here: a peer connection that says what the scene wants it to say. */
function actSound(kind: string): void {
  const devices = navigator.mediaDevices;
  const refused = { none: "NotFoundError", refused: "NotAllowedError" }[kind];
  devices.getUserMedia = () => {
    if (kind === "asking") return new Promise(() => undefined);
    if (refused) return Promise.reject(new DOMException("", refused));
    const context = new AudioContext();
    return Promise.resolve(context.createMediaStreamDestination().stream);
  };
  devices.enumerateDevices = () =>
    Promise.resolve(
      (kind === "none" ? [] : ["Headset 1", "Built-in"]).flatMap((label) =>
        (["audioinput", "audiooutput"] as const).map((one) => ({ deviceId: label, groupId: "", kind: one, label, toJSON: () => ({}) })),
      ),
    );
  class Peer extends EventTarget {
    connectionState = "new";
    localDescription = { sdp: "v=0" };
    onconnectionstatechange: (() => void) | null = null;
    addTransceiver = (): object => ({ setCodecPreferences: () => undefined });
    createOffer = (): Promise<object> => Promise.resolve({ type: "offer", sdp: "v=0" });
    setLocalDescription = (): Promise<void> => Promise.resolve();
    setRemoteDescription = (): Promise<void> => {
      this.connectionState = kind === "failing" ? "failed" : "connected";
      setTimeout(() => this.onconnectionstatechange?.(), 0);
      return Promise.resolve();
    };
    getStats = (): Promise<Map<string, object>> => Promise.resolve(new Map([["m", { type: "media-source", audioLevel: 0.2 }]]));
    close = (): void => undefined;
  }
  (window as unknown as { RTCPeerConnection: unknown }).RTCPeerConnection = Peer;
}

async function faultsOf(page: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page }).exclude("iframe").analyze();
  return found.violations
    .filter((fault) => fault.impact === "serious" || fault.impact === "critical")
    .map((fault) => `axe ${fault.id}: ${fault.nodes.map((node) => node.target.join(" ")).slice(0, 3).join("; ")}`);
}

/** How far the page is wider than the window, and who sticks out; words that were never translated. */
function flawsOf(): string[] {
  const flaws: string[] = [];
  const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (over > 0) {
    const widest = Array.from(document.querySelectorAll("body *")).filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
    flaws.push(`scrolls sideways by ${over} px: ${widest.slice(0, 4).map((one) => `${one.tagName}.${one.className}`).join(", ")}`);
  }
  const untranslated = /\b(call|state|seat|promise|glass|trouble|time|wrap_up|reason|outcome|error|keys|password)\.[a-z_]+\b|\{\{|undefined|NaN/.exec(document.body.innerText);
  if (untranslated) flaws.push(`shows ${untranslated[0]}`);
  return flaws;
}

async function show(browser: Browser, stage: Stage, scene: Scene, language: "ja" | "en", folder: string): Promise<string[]> {
  const flaws: string[] = [];
  const context = await browser.newContext({ viewport: desktop, locale: language === "en" ? "en-GB" : "ja-JP", reducedMotion: "reduce" });
  const page = await context.newPage();
  page.on("pageerror", (error) => flaws.push(`error on the page: ${error.message}`));
  const known = [stage.url, stage.glassUrl, "data:", "blob:"];
  page.on("request", (request) => {
    if (!known.some((one) => request.url().startsWith(one))) flaws.push(`asks ${request.url()}`);
  });
  // The runner's compiler names functions by a call that exists only in its own world.
  await page.addInitScript("window.__name = (one) => one");
  await page.addInitScript(actSound, scene.sound ?? "good");
  const play = structuredClone(scene.play);
  if (play.snapshot?.status.glass_url) play.snapshot.status.glass_url = stage.glassUrl;
  stage.set(play);
  await page.goto(scene.page === "glass" ? `${stage.glassUrl}/?lang=${language}` : `${stage.url}/operator/?lang=${language}`);
  await page.locator(scene.page === "glass" ? "main" : play.session ? ".workplace" : "form").waitFor();
  await page.waitForLoadState("networkidle");
  await scene.after?.(page, stage);
  if (scene.sees) await page.getByText(scene.sees[language]).first().waitFor({ timeout: 4000 }).catch(() => flaws.push(`does not say “${scene.sees![language]}”`));
  for (const viewport of scene.page === "glass" ? [{ width: 400, height: 620 }] : widths[language]) {
    await page.setViewportSize(viewport);
    flaws.push(...(await page.evaluate(flawsOf)).map((flaw) => `${viewport.width} px: ${flaw}`));
    const below = await page.evaluate(() => document.documentElement.scrollHeight - document.documentElement.clientHeight);
    if (scene.fits && viewport.width >= desktop.width && below > 0) flaws.push(`${viewport.width} px: scrolls down by ${below} px`);
    // The languages differ in words alone, the widths in places alone: axe looks once.
    if (language === "ja" && (viewport === desktop || scene.page === "glass")) flaws.push(...(await faultsOf(page)).map((flaw) => `${viewport.width} px: ${flaw}`));
    await page.screenshot({ path: join(folder, `${scene.name}-${language}-${viewport.width}.png`), fullPage: true });
  }
  await context.close();
  return flaws.map((flaw) => `${scene.name} (${language}) ${flaw}`);
}

async function run({ folder, root }: Context): Promise<void> {
  const built = (...names: string[]): string => names.map((name) => join(root, name)).find((name) => existsSync(join(name, "index.html"))) ?? "";
  const consoleFolder = built("consoles/operator/dist", "build/release/consoles/operator");
  const glassFolder = built("glass/dist", "build/release/glass");
  if (!consoleFolder || !glassFolder) throw new Error("the pages are not built: tools/build-consoles");
  if (!existsSync("/usr/bin/chromium")) throw new Skipped("chromium is not installed");
  const asked = process.env["MADOGUCHI_SCENES"]?.split(",");
  const shows = scenes
    .filter((one) => !asked || asked.includes(one.name))
    .flatMap((scene) => languages.map((language) => ({ scene, language })));
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required", "--mute-audio"],
  });
  const flaws: string[] = [];
  const stages = [new Stage(consoleFolder, glassFolder), new Stage(consoleFolder, glassFolder)];
  const playAll = async (stage: Stage): Promise<void> => {
    await stage.start(0);
    for (let next = shows.shift(); next; next = shows.shift()) {
      const { scene, language } = next;
      flaws.push(...(await show(browser, stage, scene, language, folder).catch((error: Error) => [`${scene.name} (${language}) ${error.message.split("\n")[0]}`])));
    }
  };
  try {
    await Promise.all(stages.map(playAll));
  } finally {
    await browser.close();
    await Promise.all(stages.map((stage) => stage.stop()));
  }
  if (flaws.length > 0) throw new Error(`${flaws.length} flaws:\n  ${flaws.join("\n  ")}`);
}

export const journey: Journey = {
  title: `${scenes.length} states of the console and the glass in both languages: nothing scrolls sideways, axe finds nothing serious`,
  seconds: 1800,
  alone: true,
  run,
};
