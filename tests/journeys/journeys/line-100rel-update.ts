// A caller's telephone that uses all of it: reliable provisional answers with PRACK, UPDATE before and after the
// answer, hold and resume by re-INVITE, and another that leaves the offer to us.
import { join } from "node:path";
import { Capture, type Datagram, sipMessages } from "../lib/capture.ts";
import { callers, commonDesk, leakDesk, talksFor, telephones, withoutWords, wrapUp } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { caller, description } from "../lib/sipp.ts";
import { System } from "../lib/system.ts";
import { expect, expectEqual } from "../lib/wait.ts";

const sip = '"[field0]" <sip:[field0]@[local_ip]:[local_port]>';
const says = (pattern: string, header = ""): string =>
  `<action><ereg regexp="${pattern}" search_in="${header ? "hdr" : "msg"}" ${header ? `header="${header}:"` : ""} check_it="true" assign_to="found"/></action>`;
const contact = "Contact: <sip:caller@[local_ip]:[local_port]>\n    ";

const reliably = [
  caller.invite(sip, "Require: 100rel\n    Supported: timer\n    Allow: INVITE, ACK, BYE, CANCEL, PRACK, UPDATE\n    ", "stream"),
  `<recv response="100" optional="true"/>
  <recv response="180" rrs="true"><action>
    <ereg regexp="100rel" search_in="hdr" header="Require:" check_it="true" assign_to="found"/>
    <ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" check_it="true" assign_to="rseq"/>
  </action></recv>`,
  caller.request("PRACK", 2, "RAck: 4000000000 1 INVITE\n    ", "", 481),
  caller.request("PRACK", 3, "RAck: [$rseq] 1 INVITE\n    "),
  caller.request("UPDATE", 4, contact),
  // Our answer to the first offer is still to come: this one is to be made again later (RFC 3311, 5.2).
  caller.request("UPDATE", 5, contact, description("rtpstream_audio_port", 2), 500, says("[0-9]+", "Retry-After")),
  `<recv response="200" rrs="true">${says("m=audio")}</recv>`,
  caller.ack(),
  caller.request("UPDATE", 6, contact, description("rtpstream_audio_port", 2), 200, says("m=audio")),
  caller.pause(1500),
  caller.request("INVITE", 7, contact, description("rtpstream_audio_port", 3, "inactive"), 200, says("a=inactive")),
  caller.ack(7),
  caller.pause(2000),
  caller.request("INVITE", 8, contact, description("rtpstream_audio_port", 4, "sendonly"), 200, says("a=recvonly")),
  caller.ack(8),
  caller.request("INVITE", 9, contact, description("rtpstream_audio_port", 5), 200, says("a=sendrecv|m=audio")),
  caller.ack(9),
  caller.pause(1500),
  caller.hangUp(10),
  `<Reference variables="found"/>`,
];

const lateOffer = [
  caller.inviteWithoutOffer(),
  `<recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="200" rrs="true">${says("m=audio")}</recv>`,
  caller.ack(1, description("auto_media_port")),
  caller.untilBye(),
  `<Reference variables="found"/>`,
];

/** Sound packets that went to the caller between two moments. */
function packetsTo(datagrams: Datagram[], port: number, from: number, to: number): number {
  return datagrams.filter((one) => one.toPort === port && one.time > from && one.time < to && one.payload[0] === 0x80 && (one.payload[1]! & 0x7f) <= 8).length;
}

export const journey: Journey = {
  title: "100rel with PRACK, UPDATE early and late, hold by re-INVITE, and an offer left to us",
  seconds: 90,
  async run(context) {
    const system = await System.start(context, { settings: (process, toml) => (process === "centre" ? withoutWords(toml) : toml) });
    const { folder } = context;
    const hana = await system.staff("hana");
    const suzu = await system.staff("suzu");
    const phone = await telephones(system, folder, ["hana"], hana);
    const capture = await Capture.start(join(folder, "wire.pcap"));

    const program = await callers(system, { folder, name: "reliably", numbers: ["0300001111"], service: commonDesk.number, scenario: reliably });
    await suzu.seesCall("the call waiting, unanswered", (call) => call.stage === "waiting");
    await hana.ready();
    let call = await hana.seesCall("the call connected", (one) => one.stage === "talking");
    expectEqual(await program.exits(40), 0, "SIPp's exit code (reliably)");
    await wrapUp(hana, call.id);

    const late = await callers(system, { folder, name: "late", numbers: ["0300002222"], service: leakDesk.number, scenario: lateOffer });
    await hana.ready();
    const first = call.id;
    call = await hana.seesCall("the second call connected", (one) => one.stage === "talking" && one.id !== first);
    await talksFor(call, 2);
    await hana.act(call.id, "end");
    expectEqual(await late.exits(20), 0, "SIPp's exit code (late)");
    await wrapUp(hana, call.id);

    const datagrams = await capture.stop();
    const messages = sipMessages(datagrams).filter(({ datagram }) => datagram.fromPort === system.sipPort || datagram.toPort === system.sipPort);
    const time = (start: RegExp): number => {
      const found = messages.find(({ text }) => start.test(text));
      expect(found, `no message ${start} on the wire`);
      return found.datagram.time;
    };
    const port = (start: RegExp): number => Number(/m=audio (\d+)/.exec(messages.find(({ text }) => start.test(text))?.text ?? "")?.[1]);
    const ofCaller = port(/^INVITE sip:\+81300000002/);
    const held = time(/^ACK [^]*CSeq: 7 ACK/);
    const resumed = time(/^INVITE [^]*CSeq: 8 INVITE/);
    const back = time(/^ACK [^]*CSeq: 9 ACK/);
    expectEqual(packetsTo(datagrams, ofCaller, held + 0.1, resumed), 0, "packets to a caller who is inactive");
    expect(packetsTo(datagrams, ofCaller, back + 0.2, back + 1.2) > 35, "no sound after the caller came back");
    const lateCaller = port(/^ACK [^]*m=audio/);
    const answered = time(/^ACK [^]*m=audio/);
    expect(packetsTo(datagrams, lateCaller, answered + 0.2, answered + 1.7) > 60, "no sound to who left the offer to us");
    for (const staff of [hana, suzu]) staff.stop();
    await phone.stop();
    await system.stop();
  },
};
