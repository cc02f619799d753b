// SIPp as callers: scenarios are built from steps, so that a journey reads as what the caller does.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Program } from "./process.ts";

type SoundPort = "auto_media_port" | "rtpstream_audio_port";

/** A description of the caller's sound, as it stands in a message. */
export const description = (port: SoundPort, version = 1, direction = "sendrecv"): string =>
  [
    "v=0", `o=caller 1 ${version} IN IP4 [local_ip]`, "s=-", "c=IN IP4 [media_ip]", "t=0 0",
    `m=audio [${port}] RTP/AVP 0 101`, "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000",
    "a=fmtp:101 0-15", "a=ptime:20", `a=${direction}`,
  ].join("\n    ");

const invite = (from: string, extra: string, body: string): string => `
  <send retrans="500"><![CDATA[
    INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: ${from};tag=[pid]c[call_number]
    To: <sip:[service]@[remote_ip]:[remote_port]>
    Call-ID: [call_id]
    CSeq: 1 INVITE
    Contact: <sip:caller@[local_ip]:[local_port];transport=[transport]>
    Max-Forwards: 70
    ${extra}${body ? "Content-Type: application/sdp\n    " : ""}Content-Length: ${body ? "[len]" : "0"}
${body ? `\n    ${body}\n` : ""}
  ]]></send>`;

const inDialog = (method: string, cseq: number, headers = "", body = ""): string => `
  <send${method === "ACK" ? "" : ' retrans="500"'}><![CDATA[
    ${method} [next_url] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    [last_From:]
    [last_To:]
    [last_Call-ID:]
    CSeq: ${cseq} ${method}
    Max-Forwards: 70
    [routes]
    ${headers}Content-Length: ${body ? "[len]" : "0"}
${body ? `\n    ${body}\n` : ""}
  ]]></send>`;

const sip = (user: string): string => `"${user}" <sip:${user}@[local_ip]:[local_port]>`;
const soundPort = (media: "pcap" | "stream"): SoundPort => (media === "stream" ? "rtpstream_audio_port" : "auto_media_port");
const withBody = "Content-Type: application/sdp\n    ";

const steps = {
  /** INVITE until 200, then ACK. `media`: by what the caller's sound is sent afterwards, if at all. */
  call: (from = "[field0]", extra = "", media: "pcap" | "stream" = "pcap"): string =>
    `${steps.invite(sip(from), extra, media)}${steps.answered()}${inDialog("ACK", 1)}`,
  /** The INVITE alone, with a whole From value. */
  invite: (from: string, extra = "", media: "pcap" | "stream" = "pcap"): string => invite(from, extra, description(soundPort(media))),
  /** Without a description: the other side makes the offer. */
  inviteWithoutOffer: (extra = ""): string => invite(sip("[field0]"), extra, ""),
  answered: (): string => `
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200" rtd="true" rrs="true"/>`,
  ack: (cseq = 1, body = ""): string => inDialog("ACK", cseq, body ? withBody : "", body),
  /** Any request within the dialog, answered with `status`. */
  request: (method: string, cseq: number, headers = "", body = "", status = 200, more = ""): string =>
    `${inDialog(method, cseq, headers + (body ? withBody : ""), body)}
  <recv response="100" optional="true"/>
  <recv response="${status}">${more}</recv>`,
  /** RTP from a pcap file of SIPp's own package or of the journey. */
  playPcap: (file: string): string => `<nop><action><exec play_pcap_audio="${file}"/></action></nop>`,
  /** Raw G.711 over RTP, from a file. */
  speak: (file: string, loops = 1): string =>
    `<nop><action><exec rtp_stream="${file},${loops},0"/></action></nop>`,
  /** A key as SIP INFO (application/dtmf-relay). */
  info: (key: string, cseq: number): string =>
    `${inDialog("INFO", cseq, "Content-Type: application/dtmf-relay\n    ", `Signal=${key}\n    Duration=160`)}
  <recv response="200"/>`,
  pause: (milliseconds: number): string => `<pause milliseconds="${milliseconds}"/>`,
  hangUp: (cseq = 2): string => `${inDialog("BYE", cseq)}
  <recv response="200"/>`,
  /** The same after a request of the other side, whose From and To are the other way round. */
  hangUpAfterRequest: (cseq = 2): string => `${inDialog("BYE", cseq)
    .replace("[last_From:]", `From: ${sip("[field0]")};tag=[pid]c[call_number]`)
    .replace("[last_To:]", "To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]")}
  <recv response="200"/>`,
  /** Until the other side hangs up. */
  untilBye: (): string => `<recv request="BYE"/>${reply()}`,
};

/** The answer to the request received last. */
export function reply(status = "200 OK", headers = "", body = "", options: { attributes?: string; tag?: boolean } = {}): string {
  return `
  <send${options.attributes ?? ""}><![CDATA[
    SIP/2.0 ${status}
    [last_Via:]
    [last_From:]
    [last_To:]${options.tag ? ";tag=[pid]u[call_number]" : ""}
    [last_Call-ID:]
    [last_CSeq:]
    ${headers}${body ? withBody : ""}Content-Length: ${body ? "[len]" : "0"}
${body ? `\n    ${body}\n` : ""}
  ]]></send>`;
}
export const caller = steps;

export interface SippOptions {
  folder: string;
  name: string;
  target?: string; // "127.0.0.1:5060"; none: it only answers
  localAddress?: string;
  service?: string; // number called
  sipPort: number;
  mediaPort: number;
  scenario: string[];
  rows?: string[][]; // one a caller: [field0], [field1], …
  calls?: number;
  perSecond?: number;
  limit?: number; // calls at the same time
  transport?: "u1" | "t1" | "l1";
  seconds?: number; // it gives up after these
  extra?: string[];
}

/** Starts SIPp; its exit code is 0 when every call went as the scenario says. */
export function sipp(options: SippOptions): Program {
  mkdirSync(options.folder, { recursive: true });
  const base = join(options.folder, options.name);
  writeFileSync(
    `${base}.xml`,
    `<?xml version="1.0" encoding="UTF-8" ?>\n<scenario name="${options.name}">${options.scenario.join("\n")}</scenario>\n`,
  );
  const rows = options.rows ?? [["0300000000"]];
  writeFileSync(`${base}.csv`, `SEQUENTIAL\n${rows.map((row) => row.join(";")).join("\n")}\n`);
  const calls = options.calls ?? rows.length;
  const address = options.localAddress ?? "127.0.0.1";
  const calling = options.target
    ? [options.target, "-s", options.service ?? "", "-m", String(calls), "-l", String(options.limit ?? calls), "-r", String(options.perSecond ?? 10)]
    : [];
  return new Program(
    options.name,
    "sipp",
    [
      ...calling, "-sf", `${base}.xml`, "-inf", `${base}.csv`, "-i", address, "-mi", address,
      "-p", String(options.sipPort), "-mp", String(options.mediaPort),
      "-t", options.transport ?? "u1", "-nostdin", "-trace_err", "-error_file", `${base}.errors`,
      "-trace_msg", "-message_file", `${base}.messages`, "-timeout", String(options.seconds ?? 300), "-timeout_error",
      ...(options.extra ?? []),
    ],
    { log: `${base}.log`, cwd: options.folder, env: { TERM: "dumb" } },
  );
}
