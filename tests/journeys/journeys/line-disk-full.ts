// The exchange's disk is full: who comes then is told to come again, who talks talks on, the recording says that it was
// cut, people see why; and when there is room again everything is as before.
import { execFileSync } from "node:child_process";
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Console } from "../lib/browser.ts";
import { balanced, callers, talksFor, telephones, withoutWords, wrapUp } from "../lib/floor.ts";
import { type Journey, Skipped } from "../lib/journey.ts";
import { caller } from "../lib/sipp.ts";
import { listen, rate, readWav } from "../lib/sound.ts";
import { System } from "../lib/system.ts";
import { operatorTone } from "../lib/voices.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const refused = [
  caller.invite('"[field0]" <sip:[field0]@[local_ip]>'),
  `<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="503">
  <action><ereg regexp="[0-9]+" search_in="hdr" header="Retry-After:" check_it="true" assign_to="1"/><log message="again in [$1] s"/></action>
</recv>`,
  caller.ack(),
];

/** Takes all room that is left. */
function fill(file: string): void {
  const fd = openSync(file, "w");
  for (let part = 1 << 20; part >= 1;) {
    try {
      writeSync(fd, Buffer.alloc(part));
    } catch {
      part = Math.floor(part / 2);
    }
  }
  fsyncSync(fd);
  closeSync(fd);
}

/** One recording, with silence for as long as there was no room, and whole at its end. */
async function gapInTheMiddle(system: System, callId: string, folder: string): Promise<void> {
  await until("the recording to be closed", async () => (await system.journal()).some((line) => line["kind"] === "recording_closed" && JSON.stringify(line).includes(callId)));
  const out = join(folder, "interrupted.wav");
  expectEqual((await system.exportRecording(callId, out)).cut_off, false, "cut off");
  const ours = readWav(out).channels[1]!;
  const whole = listen(ours, operatorTone);
  expect(whole.gaps * 0.04 > 3, `silence while the disk was full: ${(whole.gaps * 0.04).toFixed(2)} s`);
  for (const [part, name] of [[ours.subarray(rate, 2 * rate), "before"], [ours.subarray(-2 * rate, -rate), "after"]] as const)
    expectEqual(listen(part, operatorTone).gaps, 0, `gaps in a second ${name} it`);
  expect(listen(ours.subarray(-2 * rate), operatorTone).seconds > 1, "nothing is heard at the recording's end");
}

export const journey: Journey = {
  title: "with the disk full callers get 503 and Retry-After, calls go on, people are told, and all heals when there is room, recordings too",
  seconds: 180,
  async run(context) {
    const { folder } = context;
    const disk = join(folder, "data", "exchange");
    let mounted = false;
    try {
      const system = await System.start(context, {
        settings: (process, toml) => {
          if (process !== "exchange") return process === "centre" ? withoutWords(toml) : toml;
          mkdirSync(disk, { recursive: true });
          try {
            execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m,mode=0700", "journey", disk], { stdio: "pipe" });
          } catch {
            throw new Skipped("the right to mount a small disk");
          }
          mounted = true;
          return toml;
        },
      });
      const hana = await system.staff("hana");
      const suzu = await system.staff("suzu");
      const phone = await telephones(system, folder, ["hana"], suzu);
      await hana.ready();
      const talker = await callers(system, { folder, name: "talker", numbers: ["0300001111"] });
      const call = await hana.seesCall("the call connected", (one) => one.stage === "talking");
      await talksFor(call, 2);

      fill(join(disk, "filler"));
      // What the last page of a file still holds is room: the first ones may be taken.
      await until("a caller to be told 503 with Retry-After", async () => {
        const one = await callers(system, { folder, name: "refused", numbers: ["0300002222"], scenario: refused });
        return (await one.exits(30)) === 0 || undefined;
      }, { seconds: 60 });
      await suzu.sees("the trouble", () => (suzu.status["troubles"] as unknown as { text: string }[]).some((one) => /no new calls are taken/.test(one.text)));
      const browser = await Console.open(system.url, { language: "ja" });
      await browser.signIn("suzu", system.password("suzu"));
      await browser.page.getByText(/新しいお電話をお受けできません/).first().waitFor({ timeout: 20_000 });
      await browser.screenshot(join(folder, "full.png"));
      await browser.close();
      await suzu.seesCall("the recording interrupted", (one) => one.id === call.id && one.recording !== "on");
      await talksFor(call, 8);
      expectEqual(hana.calls.get(call.id)?.stage, "talking", "the call that was up");

      rmSync(join(disk, "filler"));
      const later = await until("a caller to be taken again", async () => {
        const again = await callers(system, { folder, name: `again-${Date.now()}`, numbers: ["0300003333"], scenario: [caller.call(), caller.pause(300), caller.hangUp()] });
        return (await again.exits(30)) === 0;
      }, { seconds: 40 });
      expect(later, "nobody is taken after there is room again");
      await suzu.sees("the trouble over", () => !(suzu.status["troubles"] as unknown as { text: string }[]).some((one) => /no new calls/.test(one.text)));
      await suzu.seesCall("the call recorded again", (one) => one.id === call.id && one.recording === "on");
      await suzu.sees("the recording's trouble over", () => !(suzu.status["troubles"] as unknown as { kind: string }[]).some((one) => one.kind === "recording"));
      const back = Date.now();
      await until("3 s more of talk", () => Date.now() - back > 3000);
      await hana.act(call.id, "end");
      expectEqual(await talker.exits(20), 0, "SIPp's exit code of who talked all the time");
      await wrapUp(hana, call.id);
      await gapInTheMiddle(system, call.id, folder);
      await balanced(suzu);
      await hana.ready();
      const last = await callers(system, { folder, name: "last", numbers: ["0300004444"] });
      const recorded = await hana.seesCall("a new call", (one) => one.stage === "talking" && one.id !== call.id);
      await talksFor(recorded, 2);
      expectEqual(recorded.recording, "on", "the recording of a call after there is room again");
      await hana.act(recorded.id, "end");
      expectEqual(await last.exits(20), 0, "SIPp's exit code of the last caller");
      for (const staff of [hana, suzu]) staff.stop();
      await phone.stop();
      await system.stop();
    } finally {
      // The processes are gone by now, or are ended with the journey: lazily, so that neither waits for the other.
      if (mounted) execFileSync("umount", ["-l", disk], { stdio: "pipe" });
    }
  },
};
