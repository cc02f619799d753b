// Long calls. Four and a half hours of session timers pass in compressed time (the SIP engine's own test); here, with
// the shortest session interval that we accept, both sides refresh, and who does not is let go. Twenty real minutes
// are `tools/soak`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { callers, telephones, withoutWords, wrapUp } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { runToEnd } from "../lib/process.ts";
import { caller, description, reply } from "../lib/sipp.ts";
import { System } from "../lib/system.ts";
import { callerTone, toneOnly } from "../lib/voices.ts";
import { expect, expectEqual } from "../lib/wait.ts";

const sip = '"[field0]" <sip:[field0]@[local_ip]:[local_port]>';
const contact = "Contact: <sip:caller@[local_ip]:[local_port]>\n    ";
const asking = (refresher: "uas" | "uac", allow: string): string =>
  `Supported: timer\n    Session-Expires: 90;refresher=${refresher}\n    Min-SE: 90\n    Allow: ${allow}\n    `;
const agreed = (refresher: string): string =>
  `<recv response="100" optional="true"/>
  <recv response="200" rrs="true"><action><ereg regexp="90 *; *refresher=${refresher}" search_in="hdr" header="Session-Expires:" check_it="true" assign_to="found"/></action></recv>
  <Reference variables="found"/>`;
const refreshed = `${contact}Require: timer\n    Session-Expires: 90;refresher=uac\n    `;
const usual = "INVITE, ACK, BYE, CANCEL, UPDATE";

export const journey: Journey = {
  title: "session timers: refreshed by us with UPDATE and re-INVITE, by the caller, by nobody; too short is 422",
  seconds: 160,
  async run(context) {
    const { folder } = context;
    const engine = join(context.root, "build", "release", "src", "sip", "sip_test");
    expect(existsSync(engine), `${engine} is missing: run tools/build first`);
    const text = await runToEnd(engine, ["--gtest_filter=SessionTimers.ACallOfFourAndAHalfHoursStaysUpAndFlat"], { seconds: 120 });
    expect(/\[ {2}PASSED {2}\] 1 test/.test(text), `the engine's test did not run:\n${text}`);

    const system = await System.start(context, { settings: (process, toml) => (process === "centre" ? withoutWords(toml) : toml) });
    const hana = await system.staff("hana");
    const phone = await telephones(system, folder, ["hana"], hana);
    const sound = toneOnly(folder, "caller", callerTone, 60);
    const speak = caller.speak(sound.raw, -1);
    await hana.ready();
    const one = (name: string, number: string, scenario: string[]) => callers(system, { folder, name, numbers: [number], scenario });

    // Who is refreshed by us talks with hana; the others wait.
    const byUpdate = await one("by-update", "0300001111", [
      caller.invite(sip, asking("uas", usual), "stream"), agreed("uas"), caller.ack(), speak,
      `<recv request="UPDATE" timeout="60000"/>${reply("200 OK", refreshed)}`, caller.pause(1000), caller.hangUpAfterRequest(),
    ]);
    const call = await hana.seesCall("the call connected", (item) => item.stage === "talking");
    const byInvite = await one("by-invite", "0300002222", [
      caller.invite(sip, asking("uas", "INVITE, ACK, BYE, CANCEL"), "stream"), agreed("uas"), caller.ack(), speak,
      `<recv request="INVITE" timeout="60000"/>${reply("200 OK", refreshed, description("rtpstream_audio_port", 1))}<recv request="ACK"/>`,
      caller.pause(1000), caller.hangUpAfterRequest(),
    ]);
    const byCaller = await one("by-caller", "0300003333", [
      caller.invite(sip, asking("uac", usual), "stream"), agreed("uac"), caller.ack(), speak, caller.pause(40_000),
      caller.request("UPDATE", 2, `${contact}Supported: timer\n    Session-Expires: 90;refresher=uac\n    `), caller.pause(35_000), caller.hangUp(3),
    ]);
    const byNobody = await one("by-nobody", "0300004444", [
      caller.invite(sip, asking("uac", usual), "stream"), agreed("uac"), caller.ack(), speak, caller.untilBye(),
    ]);
    const tooShort = await one("too-short", "0300005555", [
      caller.invite(sip, "Supported: timer\n    Session-Expires: 30\n    "),
      `<recv response="100" optional="true"/>
      <recv response="422"><action><ereg regexp="90" search_in="hdr" header="Min-SE:" check_it="true" assign_to="found"/></action></recv>
      <Reference variables="found"/>`,
      caller.ack(),
    ]);
    expectEqual(await tooShort.exits(20), 0, "SIPp's exit code (too short an interval)");
    const begun = Date.now();
    expectEqual(await byUpdate.exits(70), 0, "SIPp's exit code (we refresh by UPDATE)");
    await wrapUp(hana, call.id, "away");
    expectEqual(await byInvite.exits(70), 0, "SIPp's exit code (we refresh by re-INVITE)");
    expectEqual(await byNobody.exits(80), 0, "SIPp's exit code (nobody refreshes)");
    const seconds = (Date.now() - begun) / 1000;
    expect(seconds > 50 && seconds < 92, `who did not refresh was let go after ${seconds.toFixed(0)} s`);
    expectEqual(await byCaller.exits(80), 0, "SIPp's exit code (the caller refreshes)");
    const { total, exact } = await hana.readBalance();
    expectEqual([exact, total.arrived, total.in_progress, total.talked], [true, 4, 0, 1], "exact, arrived, in progress, talked");
    hana.stop();
    await phone.stop();
    await system.stop();
  },
};
