// A carrier at SIPp: takes registrations with a digest challenge, and is the telephone network for calls out, where
// every line answers, or is busy, and waits until our side hangs up.
import type { Program } from "./process.ts";
import { caller, description, reply, sipp } from "./sipp.ts";

export interface CarrierOptions {
  folder: string;
  name?: string;
  address: string; // of its own on loopback, "127.0.0.2"
  port: number;
  mediaPort: number;
  login?: { user: string; password: string };
  busy?: string; // a pattern of numbers that are busy
}

const challenge = `WWW-Authenticate: Digest realm="carrier.example", nonce="n[call_number]of[pid]", algorithm=MD5, qop="auth"\n    `;

const isBusy = (pattern: string): string =>
  `<action><ereg regexp="${pattern}" search_in="hdr" header="To:" assign_to="busy"/></action>`;

const registers = (login: { user: string; password: string }, busy: string): string => `
  <recv request="REGISTER" optional="true" next="registration"/>
  <recv request="INVITE" optional="true" next="line">${isBusy(busy)}</recv>
  <recv request="OPTIONS"/>
  ${reply("200 OK", "", "", { tag: true })}
  <nop next="end"/>
  <label id="registration"/>
  ${reply("401 Unauthorized", challenge, "", { tag: true })}
  <recv request="REGISTER">
    <action><verifyauth assign_to="right" username="${login.user}" password="${login.password}"/></action>
  </recv>
  <nop test="right" next="registered"/>
  ${reply("403 Forbidden", "", "", { tag: true })}
  <nop next="end"/>
  <label id="registered"/>
  ${reply("200 OK", "[last_Contact:]\n    Expires: 3600\n    ", "", { tag: true })}
  <nop next="end"/>
  <label id="line"/>`;

const aLine = (): string => `
  <nop test="busy" next="busy"/>
  ${reply("180 Ringing", "Contact: <sip:line@[local_ip]:[local_port]>\n    ", "", { tag: true })}
  ${reply("200 OK", "Contact: <sip:line@[local_ip]:[local_port]>\n    ", description("auto_media_port"), { tag: true, attributes: ' retrans="500"' })}
  <recv request="ACK"/>
  ${caller.untilBye()}
  <nop next="end"/>
  <label id="busy"/>
  ${reply("486 Busy Here", "", "", { tag: true, attributes: ' retrans="500"' })}
  <recv request="ACK"/>
  <label id="end"/>
  <nop/>`;

/** Starts it; it runs until it is stopped. */
export function carrier(options: CarrierOptions): Program {
  const busy = options.busy ?? "nobody";
  return sipp({
    folder: options.folder,
    name: options.name ?? "carrier",
    localAddress: options.address,
    sipPort: options.port,
    mediaPort: options.mediaPort,
    scenario: [options.login ? registers(options.login, busy) : `<recv request="INVITE">${isBusy(busy)}</recv>`, aLine()],
    extra: ["-deadcall_wait", "0"],
  });
}
