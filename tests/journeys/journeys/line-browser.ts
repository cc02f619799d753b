// An operator in a real browser: signs in, is rung, answers, hears and is heard, in both languages.
import { join } from "node:path";
import { Console } from "../lib/browser.ts";
import { Capture, sipMessages, soundAt } from "../lib/capture.ts";
import type { Context, Journey } from "../lib/journey.ts";
import { caller, sipp } from "../lib/sipp.ts";
import { listen, readWav } from "../lib/sound.ts";
import { System } from "../lib/system.ts";
import { freePorts } from "../lib/ports.ts";
import { callerTone, operatorTone, toneOnly, voice } from "../lib/voices.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const words = {
  ja: { ready: "受付可", answer: "応答", hold: "保留", resume: "保留解除", end: "終話", done: "完了して離席" },
  en: { ready: "Ready", answer: "Answer", hold: "Hold", resume: "Resume", end: "End call", done: "Done, away" },
};

async function inLanguage(system: System, context: Context, language: "ja" | "en"): Promise<void> {
  const word = words[language];
  const folder = join(context.folder, language);
  const operator = toneOnly(context.folder, `operator-${language}`, operatorTone, 30);
  const browser = await Console.open(system.url, { microphone: operator.wav, language });
  const shot = (name: string): Promise<void> => browser.screenshot(join(context.folder, `${language}-${name}.png`));
  await shot("sign-in");
  expectEqual(await browser.seriousFaults(), [], "accessibility of the sign-in page");
  await browser.signIn("hana", system.password("hana"));
  const watcher = await system.staff("suzu");
  await watcher.sees("hana's seat connected", () => watcher.operators.get("hana")?.seat_connected);
  await browser.press(word.ready);
  await watcher.sees("hana ready", () => watcher.operators.get("hana")?.state === "ready");
  await shot("ready");
  expectEqual(await browser.seriousFaults(), [], "accessibility of the desk");

  const speech = voice(context.folder, `caller-${language}`, callerTone, 120);
  const capture = await Capture.start(join(context.folder, `${language}.pcap`));
  const port = await freePorts(24);
  const program = sipp({
    folder, name: "caller", target: system.sip, service: "+81300000001", sipPort: port, mediaPort: port + 2,
    scenario: [caller.call("[field0]", "", "stream"), caller.speak(speech.raw, -1), caller.untilBye()],
    rows: [["0300002222"]],
  });
  await browser.page.locator(".call-bar.rings").waitFor({ timeout: 30_000 });
  await shot("ringing");
  expectEqual(await browser.seriousFaults(), [], "accessibility while ringing");
  await browser.press(word.answer);
  const call = await watcher.seesCall("the call connected", (one) => one.stage === "talking");
  await until("six seconds of talk", () => Date.now() - Date.parse(call.talking_since ?? "") > 6000);
  await shot("talking");
  expectEqual(await browser.seriousFaults(), [], "accessibility while talking");

  const stats = await browser.inbound();
  expect(stats.packetsReceived > 250, `the browser received ${stats.packetsReceived} packets only`);
  expect(stats.packetsLost / stats.packetsReceived < 0.01, `the browser lost ${stats.packetsLost} of ${stats.packetsReceived}`);
  expect(stats.audioLevel > 0.01, `the browser hears a level of ${stats.audioLevel}`);

  await browser.press(word.hold);
  await watcher.seesCall("the caller held", (one) => one.id === call.id && one.held);
  await browser.press(word.resume);
  await watcher.seesCall("the caller back", (one) => one.id === call.id && !one.held);
  await browser.press(word.end);
  expectEqual(await program.exits(20), 0, "SIPp's exit code");
  const datagrams = await capture.stop();
  const invite = sipMessages(datagrams).find(({ text, datagram }) => text.startsWith("INVITE") && datagram.toPort === system.sipPort);
  const sound = soundAt(datagrams, Number(/m=audio (\d+)/.exec(invite?.text ?? "")?.[1]));
  const heard = listen(sound.samples, operatorTone);
  expect(heard.seconds > 4, `the caller heard the browser for ${heard.seconds} s only`);

  await browser.page.locator(".wrap-up").waitFor();
  await shot("wrap-up");
  await browser.press(word.done);
  await watcher.sees("hana away", () => watcher.operators.get("hana")?.state === "away");
  const out = join(context.folder, `${language}.wav`);
  await system.exportRecording(call.id, out);
  const { channels } = readWav(out);
  expect(listen(channels[0]!, callerTone).seconds > 4, "the recording's left channel lacks the caller");
  expect(listen(channels[1]!, operatorTone).seconds > 4, "the recording's right channel lacks the operator");
  watcher.stop();
  await browser.close();
}

/** The audio is the newest page's; the older one says so and lets go, until it is asked for again. */
async function onTwoPages(system: System, context: Context): Promise<void> {
  const { wav } = toneOnly(context.folder, "operator-twice", operatorTone, 5);
  const enter = async (): Promise<Console> => {
    const page = await Console.open(system.url, { microphone: wav, language: "ja" });
    await page.signIn("hana", system.password("hana"));
    await page.page.getByText("音声 良好").first().waitFor();
    return page;
  };
  const elsewhere = (page: Console): Promise<void> => page.page.getByText("ほかの画面で").waitFor();
  const first = await enter();
  const second = await enter();
  await elsewhere(first);
  await first.screenshot(join(context.folder, "in-use-elsewhere.png"));
  await first.press("音声をつなぐ");
  await first.page.getByText("音声 良好").first().waitFor();
  await elsewhere(second);
  await first.close();
  await second.close();
}

/** From the page's own counters: what the seat's RTCPeerConnection reports. */
export const journey: Journey = {
  title: "a SIP caller and an operator in Chromium hear each other; the console in both languages, and on two pages at once",
  seconds: 300,
  alone: true,
  async run(context) {
    const system = await System.start(context);
    await inLanguage(system, context, "ja");
    await inLanguage(system, context, "en");
    await onTwoPages(system, context);
    await system.stop();
  },
};
