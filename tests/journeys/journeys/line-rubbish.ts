// Rubbish on every port, while a call is talking: each wrong message gets its right answer (or the silence it
// deserves), floods take neither the memory nor the call, and afterwards everything works as before.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import WebSocket from "ws";
import { Capture, sipMessages } from "../lib/capture.ts";
import { command, commandJson } from "../lib/commands.ts";
import { expectUnbroken } from "../lib/crowd.ts";
import { callers, leakDesk, telephones, withoutWords, wrapUp } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { message, rubbish } from "../lib/rubbish.ts";
import { caller } from "../lib/sipp.ts";
import { System } from "../lib/system.ts";
import { callerTone, toneOnly } from "../lib/voices.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";
import { Udp, dawdlers, noise, tell } from "../lib/wire.ts";

const names = ["exchange", "centre", "vault"] as const;
const mostGrowthMib = 96;

function residentMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}
const statusOf = (text: string): number => Number(/^SIP\/2\.0 (\d{3})/.exec(text)?.[1]);
const final = (answers: string[]): string | undefined => answers.find((text) => statusOf(text) >= 200);

/** Each message by a socket of its own, all at once. */
async function answersOverUdp(sipPort: number): Promise<void> {
  const count = rubbish(0).length;
  const failures: string[] = [];
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const udp = await Udp.open(sipPort);
      const one = rubbish(udp.port)[i]!;
      await udp.send(one.text);
      // What must stay unanswered is followed by a question: its answer has to be the first.
      if (one.status === null)
        await udp.send(message(udp.port, { start: "OPTIONS sip:127.0.0.1 SIP/2.0", cseq: "CSeq: 99 OPTIONS" }));
      const answer = await until(`an answer to ${one.name}`, () => final(udp.received), { seconds: 15 }).catch(() => undefined);
      const wanted = one.status ?? 200;
      if (answer === undefined) failures.push(`${one.name}: no answer, ${wanted} expected`);
      else if (statusOf(answer) !== wanted || (one.status === null && !/^CSeq: 99 /m.test(answer))) failures.push(`${one.name}: ${answer.split("\r\n")[0]}, ${one.status ?? "silence"} expected`);
      else if (one.header && !one.header.test(answer)) failures.push(`${one.name}: ${one.header} is missing in the answer`);
      udp.close();
    }),
  );
  expectEqual(failures, [], "wrong answers");
}

async function mergedRequest(sipPort: number): Promise<void> {
  const udp = await Udp.open(sipPort);
  const body = `v=0\r\no=r 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${udp.port} RTP/AVP 0\r\n`;
  const first = message(udp.port, { start: "INVITE sip:+81300000002@127.0.0.1 SIP/2.0", more: ["Content-Type: application/sdp"], body });
  await udp.send(first);
  await until("the first INVITE to be heard", () => udp.received.length > 0);
  await udp.send(first.replace("branch=z9hG4bK-r", "branch=z9hG4bK-other"));
  await until("482 to the second, which came another way", () => udp.received.some((text) => statusOf(text) === 482));
  await udp.send(first.replace(/^INVITE/, "CANCEL").replace(/CSeq: 7 INVITE/, "CSeq: 7 CANCEL").replace(/Content-Type:.*\r\n/, "").replace(/Content-Length: \d+/, "Content-Length: 0").replace(/\r\n\r\n[^]*$/, "\r\n\r\n"));
  await until("487 to the first", () => udp.received.some((text) => statusOf(text) === 487));
  udp.close();
}

async function sipStreams(sipPort: number): Promise<void> {
  const options = message(sipPort, { start: "OPTIONS sip:127.0.0.1 SIP/2.0", cseq: "CSeq: 1 OPTIONS" }).replace("/UDP", "/TCP");
  const some = noise();
  const whole = await tell(sipPort, `\r\n\r\n${options}`, (answer) => /SIP\/2\.0 200/.test(answer));
  expect(/SIP\/2\.0 200/.test(whole.answer), `OPTIONS over TCP is answered with ${whole.answer}`);
  const large = await tell(sipPort, options.replace("Content-Length: 0", "Content-Length: 200000") + "x".repeat(200_000), (answer) => /SIP\/2\.0 \d/.test(answer));
  expect(/SIP\/2\.0 513/.test(large.answer) || (large.closed && large.answer === ""), `200 kB over TCP are answered with ${large.answer}`);
  const garbage = await tell(sipPort, some(100_000), () => false);
  expect(garbage.closed, "a connection that speaks nonsense stays open");
  const endless = await tell(sipPort, `OPTIONS sip:a SIP/2.0\r\nSubject: ${"x".repeat(300_000)}`, () => false);
  expect(endless.closed, "a connection with an endless header stays open");
  const many = await dawdlers(sipPort, 300, "INVITE sip:", "127.0.9.9");
  await until("connections beyond the limit to be closed", () => many.filter((socket) => socket.destroyed || socket.readableEnded || socket.closed).length > 100, { seconds: 20 });
  for (const socket of many) socket.destroy();
}

async function webRubbish(url: string, cookie: Record<string, string>, glassPort: number): Promise<void> {
  const port = Number(new URL(url).port);
  const host = `localhost:${port}`;
  const some = noise();
  for (const bytes of ["NONSENSE\r\n\r\n", some(5000), `GET /\0 HTTP/1.1\r\nHost: ${host}\r\n\r\n`, `GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n`, `GET /${"a".repeat(200_000)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, `GET / HTTP/1.1\r\nHost: ${host}\r\nX: ${"x".repeat(500_000)}\r\n\r\n`]) {
    for (const at of [port, glassPort]) {
      const { answer, closed } = await tell(at, bytes, (text) => /^HTTP\/1\.1 [45]\d\d/.test(text));
      expect(closed || /^HTTP\/1\.1 [45]\d\d/.test(answer), `HTTP nonsense is answered with ${answer.slice(0, 100)}`);
    }
  }
  const post = (body: string, type = "application/json"): Promise<Response> => fetch(`${url}/api/v1/session`, { method: "POST", headers: { "Content-Type": type }, body });
  expectEqual((await post("{")).status, 400, "broken JSON");
  expectEqual((await post("[".repeat(50_000))).status, 400, "deeply nested JSON");
  expectEqual((await post(JSON.stringify({ name: 7, password: null }))).status, 400, "JSON of another shape");
  const big = await post(JSON.stringify({ name: "x".repeat(20_000_000), password: "" })).catch(() => ({ status: 413 }));
  expect([400, 413].includes(big.status), `20 MB are answered with ${big.status}`);
  expectEqual((await fetch(`${url}/api/v1/../../../../etc/passwd`)).status >= 400, true, "a path that climbs");

  const events = `${url.replace(/^http/, "ws")}/api/v1/events`;
  const refused = new WebSocket(events);
  const status = await new Promise<number>((resolve) => {
    refused.on("unexpected-response", (_, answer) => resolve(answer.statusCode ?? 0));
    refused.on("error", () => resolve(-1));
    refused.on("open", () => resolve(101));
  });
  expectEqual(status, 401, "events without a session");
  // What a client says there is never read: such a connection is closed, or goes on getting its heartbeats.
  const frames = [
    some(2000),
    Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    Buffer.concat([Buffer.from([0x81, 0xff, 0, 0, 0, 4, 0, 0, 0, 0, 1, 2, 3, 4]), Buffer.alloc(1_000_000)]),
    Buffer.from([0x81, 5, 1, 2, 3, 4, 5]),
  ];
  await Promise.all(
    frames.map(async (frame) => {
      const socket = new WebSocket(events, { headers: cookie });
      let after = 0;
      let sent = false;
      socket.on("message", () => sent && after++);
      socket.on("error", () => undefined);
      await until("the event stream to open", () => socket.readyState === WebSocket.OPEN);
      (socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(frame);
      sent = true;
      await until("a WebSocket of nonsense to be closed or to be served on", () => socket.readyState === WebSocket.CLOSED || after > 1, { seconds: 20 });
      socket.terminate();
    }),
  );
}

async function floods(sipPort: number, browserPort: number, callPorts: number[]): Promise<void> {
  const some = noise();
  const pick = (i: number): Buffer => {
    if (i % 4 === 0) return some(1 + (i % 1400));
    const text = rubbish(9)[i % rubbish(9).length]!.text;
    return Buffer.from(i % 4 === 1 ? text.slice(0, i % text.length) : text, "latin1");
  };
  const sip = await Udp.open(sipPort, "127.0.9.1");
  await sip.flood(8000, pick);
  sip.close();
  const stun = (i: number): Buffer => {
    const head = Buffer.from("000100002112a442", "hex");
    const bytes = Buffer.concat([head, some(12), some(i % 300)]);
    if (i % 2) bytes.writeUInt16BE((i % 300) & 0xfffc, 2);
    return bytes;
  };
  const dtls = (i: number): Buffer => Buffer.concat([Buffer.from([20 + (i % 5), 0xfe, 0xff - (i % 3)]), some(i % 1200)]);
  const rtp = (i: number): Buffer => Buffer.concat([Buffer.from([0x80 | (i % 64), i % 256]), some(i % 1300)]);
  const browsers = await Udp.open(browserPort, "127.0.9.2");
  for (const make of [stun, dtls, rtp, pick]) await browsers.flood(3000, make);
  browsers.close();
  for (const port of callPorts) {
    const sound = await Udp.open(port, "127.0.9.3");
    for (const make of [rtp, stun, dtls]) await sound.flood(3000, make);
    sound.close();
  }
}

/** What was refused stands in the processes' counters. */
async function counted(system: System): Promise<void> {
  const [status] = await commandJson<{ counters: Record<string, Record<string, number>> }>(system, ["status"]);
  const rubbishOf: Record<string, string[]> = {
    exchange: ["sip_malformed_refused", "sip_malformed_dropped", "sip_refused_by_check", "sip_connections_refused", "sip_connections_cut", "sound_malformed", "sound_foreign_sender"],
    centre: ["http_malformed", "http_refused_host"],
    vault: ["http_malformed", "http_refused_host"],
  };
  const uncounted = Object.entries(rubbishOf).flatMap(([process, names]) => names.filter((name) => !(status?.counters[process]?.[name]! > 0)).map((name) => `${process} ${name}`));
  expectEqual(uncounted, [], "kinds of rubbish that nobody counted");
  expect(/sip_malformed_refused +\d+/.test(await command(system, ["status"])), "`madoguchi status` shows no counters to people");
}

export const journey: Journey = {
  title: "rubbish and floods on SIP, RTP, STUN, DTLS, HTTP, WebSocket: right answers, bounded memory, the call goes on",
  seconds: 150,
  alone: true,
  async run(context) {
    const system = await System.start(context, { settings: (process, toml) => (process === "centre" ? withoutWords(toml) : toml) });
    const { folder } = context;
    const hana = await system.staff("hana");
    const phone = await telephones(system, folder, ["hana"], hana);
    const capture = await Capture.start(join(folder, "wire.pcap"), "udp and not net 127.0.9.0/24");
    const sound = toneOnly(folder, "caller", callerTone, 60);
    await hana.ready();
    const program = await callers(system, { folder, numbers: ["0300001111"], scenario: [caller.call("[field0]", "", "stream"), caller.speak(sound.raw, -1), caller.untilBye()] });
    const call = await hana.seesCall("the call connected", (one) => one.stage === "talking");
    const pids = names.map((name) => system.pid(name) ?? 0);
    const before = pids.map(residentMib);
    const from = Date.now() / 1000;

    await answersOverUdp(system.sipPort);
    await mergedRequest(system.sipPort);
    await sipStreams(system.sipPort);
    await webRubbish(system.url, hana.headers(), Number(new URL(system.ready.glass_url).port));
    const messages = readFileSync(join(folder, "callers.messages"), "latin1");
    const callPort = Number(/SIP\/2\.0 200[^]*?m=audio (\d+)/.exec(messages)?.[1]);
    await floods(system.sipPort, system.browserPort, [callPort, callPort + 1]);
    await answersOverUdp(system.sipPort);

    expectEqual(names.map((name) => system.pid(name)), pids, "the processes' ids: one was restarted");
    const after = pids.map(residentMib);
    names.forEach((name, i) => expect(after[i]! - before[i]! < mostGrowthMib, `${name} grew from ${before[i]!.toFixed(0)} to ${after[i]!.toFixed(0)} MiB`));
    expectEqual(hana.calls.get(call.id)?.stage, "talking", "the call that was up");
    await counted(system);
    const to = Date.now() / 1000;
    await hana.act(call.id, "end");
    expectEqual(await program.exits(20), 0, "SIPp's exit code of the call that was up");
    await wrapUp(hana, call.id);
    const datagrams = await capture.stop();
    expect(sipMessages(datagrams).length > 10, "nothing was captured");
    expectUnbroken(datagrams, system.sipPort, from, to, 1, 1);

    const again = await callers(system, { folder, name: "again", numbers: ["0300002222"], service: leakDesk.number });
    await hana.ready();
    const next = await hana.seesCall("a call as ever", (one) => one.stage === "talking" && one.id !== call.id && one.line_token !== null);
    await hana.act(next.id, "end");
    expectEqual(await again.exits(20), 0, "SIPp's exit code of a call afterwards");
    hana.stop();
    await phone.stop();
    await system.stop();
  },
};
