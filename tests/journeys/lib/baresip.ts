// baresip as a telephone that a journey operates: its own control port, JSON in netstrings (module ctrl_tcp).
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { type Socket, connect } from "node:net";
import { join } from "node:path";
import { Program } from "./process.ts";
import { until } from "./wait.ts";

export interface BaresipOptions {
  folder: string;
  sipPort: number;
  controlPort: number;
  accounts: string[]; // lines of baresip's accounts file
  sound: string; // WAV that it speaks
  codec?: "PCMU" | "PCMA";
  firstRtpPort?: number;
  authority?: string; // PEM file that it believes, for TLS
}

interface Event {
  event: true;
  type: string;
  class?: string;
  accountaor?: string;
  direction?: string;
  peeruri?: string;
  id?: string;
  param?: string;
}

export class Baresip {
  readonly events: Event[] = [];
  private buffer = "";
  private readonly listeners = new Set<() => void>();
  private replies: ((data: string) => void)[] = [];

  private constructor(
    readonly program: Program,
    readonly folder: string,
    private readonly socket: Socket,
  ) {
    socket.on("data", (chunk) => this.take(chunk.toString("latin1")));
    socket.on("error", () => undefined);
  }

  static async start(name: string, options: BaresipOptions): Promise<Baresip> {
    mkdirSync(options.folder, { recursive: true });
    const codec = options.codec ?? "PCMU";
    writeFileSync(join(options.folder, "accounts"), `${options.accounts.join("\n")}\n`);
    writeFileSync(
      join(options.folder, "config"),
      [
        "poll_method epoll",
        `sip_listen 127.0.0.1:${options.sipPort}`,
        ...(options.authority ? [`sip_cafile ${options.authority}`] : []),
        "call_max_calls 128",
        "call_local_timeout 120",
        `audio_source aufile,${options.sound}`,
        "audio_player aufile,/dev/null",
        "audio_alert none",
        "ausrc_srate 8000",
        "auplay_srate 8000",
        "ausrc_channels 1",
        "auplay_channels 1",
        "rtp_tos 184",
        `rtp_ports ${options.firstRtpPort ?? 30000}-${(options.firstRtpPort ?? 30000) + 998}`,
        "jitter_buffer_type fixed",
        "jitter_buffer_delay 2-10",
        "module_path /usr/lib/baresip/modules",
        "module g711.so",
        "module aufile.so",
        "module sndfile.so",
        `snd_path ${options.folder}`,
        "module_app account.so",
        "module_app menu.so",
        "module_app ctrl_tcp.so",
        `ctrl_tcp_listen 127.0.0.1:${options.controlPort}`,
        `audio_codecs ${codec}`,
        "",
      ].join("\n"),
    );
    const program = new Program(name, "baresip", ["-f", options.folder], { log: join(options.folder, "log"), input: true });
    const socket = await until(`${name}'s control port`, () => open(options.controlPort), { seconds: 20 });
    return new Baresip(program, options.folder, socket);
  }

  /** One of baresip's commands, e.g. ("dial", "sip:…"), ("hangup"), ("accept"), ("sndcode", "1"). */
  async command(command: string, params = ""): Promise<string> {
    const text = JSON.stringify({ command, params, token: "j" });
    const reply = new Promise<string>((resolve) => this.replies.push(resolve));
    this.socket.write(`${Buffer.byteLength(text)}:${text},`);
    return reply;
  }

  /** The first event of `type` after `since` events, e.g. CALL_ESTABLISHED, CALL_INCOMING, REGISTER_OK. */
  event(type: string, seconds = 30, since = 0): Promise<Event> {
    return until(`${this.program.name} to report ${type}`, () => this.events.slice(since).find((e) => e.type === type), {
      seconds,
      signal: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
    });
  }

  /** What it received, as WAV files written by its sndfile module (direction "dec"). */
  received(): string[] {
    return readdirSync(this.folder)
      .filter((file) => /dec\.wav$/.test(file))
      .map((file) => join(this.folder, file))
      .sort();
  }

  async stop(): Promise<void> {
    this.socket.destroy();
    await this.program.stop();
  }

  private take(text: string): void {
    this.buffer += text;
    for (;;) {
      const match = this.buffer.match(/^(\d+):/);
      if (!match) return;
      const start = match[0].length;
      const end = start + Number(match[1]);
      if (this.buffer.length < end + 1) return;
      const message = JSON.parse(this.buffer.slice(start, end)) as Event | { response: true; ok: boolean; data: string };
      this.buffer = this.buffer.slice(end + 1);
      if ("event" in message) {
        this.events.push(message);
        for (const listener of [...this.listeners]) listener();
      } else {
        this.replies.shift()?.(message.data ?? "");
      }
    }
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}
