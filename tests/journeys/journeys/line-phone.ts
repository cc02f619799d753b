// A SIP caller with speech and tones reaches an operator at a telephone, once linphone and once baresip. The tones
// are found again in what each endpoint received and in both channels of the exported recording, without gaps.
import { join } from "node:path";
import type { Call } from "../lib/api.ts";
import { Baresip } from "../lib/baresip.ts";
import { Capture, type Datagram, sipMessages, soundAt } from "../lib/capture.ts";
import type { Journey } from "../lib/journey.ts";
import { Linphone } from "../lib/linphone.ts";
import { caller, sipp } from "../lib/sipp.ts";
import { listen, rate, readWav } from "../lib/sound.ts";
import { System } from "../lib/system.ts";
import { freePorts } from "../lib/ports.ts";
import { callerTone, operatorTone, toneOnly, voice } from "../lib/voices.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const talkSeconds = 6;
const number = "+81300000001";

async function oneCall(system: System, folder: string): Promise<{ call: Call; datagrams: Datagram[] }> {
  const staff = await system.staff("hana");
  await staff.sees("the telephone registered", () => staff.operators.get("hana")?.phone_registered);
  await staff.ready();
  const speech = voice(folder, "caller", callerTone, 120);
  const capture = await Capture.start(join(folder, "wire.pcap"));
  const port = await freePorts(4);
  const program = sipp({
    folder,
    name: "caller",
    target: system.sip,
    service: number,
    sipPort: port,
    mediaPort: port + 2,
    scenario: [caller.call("[field0]", "", "stream"), caller.speak(speech.raw, -1), caller.untilBye()],
    rows: [["0300001111"]],
  });
  const talking = await staff.seesCall("the call connected", (call) => call.stage === "talking");
  await until(`${talkSeconds} s of talk`, () => Date.now() - Date.parse(talking.talking_since ?? "") > talkSeconds * 1000);
  await staff.act(talking.id, "end");
  expectEqual(await program.exits(20), 0, "SIPp's exit code");
  const call = await staff.seesCall("wrap-up", (one) => one.id === talking.id && one.stage === "wrap_up");
  await staff.act(call.id, "wrap_up", { disposition: "answered", next: "away", reason: "break" });
  staff.stop();
  return { call, datagrams: await capture.stop() };
}

function mediaPortOf(datagrams: Datagram[], start: RegExp): number {
  const message = sipMessages(datagrams).find(({ text }) => start.test(text) && /m=audio \d+/.test(text));
  expect(message, `no message ${start} with SDP on the wire`);
  return Number(/m=audio (\d+)/.exec(message.text)?.[1]);
}

function heardWell(samples: Int16Array, frequency: number, where: string, hertz = rate): void {
  const heard = listen(samples, frequency, hertz);
  expect(heard.seconds >= talkSeconds - 1.5, `${where}: ${frequency} Hz heard for ${heard.seconds.toFixed(2)} s only`);
  expectEqual(heard.gaps, 0, `${where}: gaps in ${frequency} Hz`);
}

async function checkRecording(system: System, call: Call, folder: string): Promise<void> {
  const out = join(folder, "recording.wav");
  await until("the recording to be closed", async () => {
    const lines = await system.journal();
    return lines.some((line) => JSON.stringify(line).includes(call.id) && line["kind"] === "recording_closed");
  });
  const exported = await system.exportRecording(call.id, out);
  expectEqual(exported.cut_off, false, "cut off");
  const { hertz, channels } = readWav(out);
  expectEqual([hertz, channels.length], [8000, 2], "form of the exported WAV");
  heardWell(channels[0]!, callerTone, "left channel of the recording");
  heardWell(channels[1]!, operatorTone, "right channel of the recording");
}

export const journey: Journey = {
  title: "a SIP caller and an operator at linphone, then at baresip, hear each other and are recorded",
  seconds: 240,
  alone: true,
  async run(context) {
    const system = await System.start(context);
    const port = await freePorts(40);
    const operator = toneOnly(context.folder, "operator", operatorTone, 300);

    const first = join(context.folder, "linphone");
    const linphone = await Linphone.start("linphone", {
      folder: first, sipPort: port, rtpPort: port + 10, user: "hana", password: system.password("hana"),
      registrar: system.sip, sound: operator.wav, record: join(first, "heard.wav"),
    });
    const { call, datagrams } = await oneCall(system, first);
    heardWell(soundAt(datagrams, mediaPortOf(datagrams, /^INVITE sip:\+81300000001/)).samples, operatorTone, "SIPp received");
    heardWell(soundAt(datagrams, port + 10).samples, callerTone, "linphone received");
    await linphone.stop();
    await checkRecording(system, call, first);

    const second = join(context.folder, "baresip");
    const baresip = await Baresip.start("baresip", {
      folder: second, sipPort: port + 20, controlPort: port + 25, sound: operator.wav, codec: "PCMA",
      accounts: [`<sip:hana@${system.sip}>;auth_pass=${system.password("hana")};answermode=auto;regint=60`],
    });
    const other = await oneCall(system, second);
    const atCaller = soundAt(other.datagrams, mediaPortOf(other.datagrams, /^INVITE sip:\+81300000001/));
    expectEqual(atCaller.lost, 0, "packets lost on the way to the caller");
    heardWell(atCaller.samples, operatorTone, "SIPp received");
    const received = baresip.received();
    await baresip.stop();
    const wav = readWav(received[received.length - 1]!);
    heardWell(wav.channels[0]!, callerTone, "baresip received", wav.hertz);
    await checkRecording(system, other.call, second);
    await system.stop();
  },
};
