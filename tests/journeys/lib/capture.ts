// What was on the wire: a capture of the loopback interface, read back as datagrams and as sound.
import { readFileSync } from "node:fs";
import { Program } from "./process.ts";
import { fromALaw, fromMuLaw, rate } from "./sound.ts";

export interface Datagram {
  time: number; // seconds
  fromPort: number;
  toPort: number;
  payload: Buffer;
}

// In immediate mode each packet takes a frame of the whole snapshot length: short frames, many of them.
export class Capture {
  private constructor(
    private readonly program: Program,
    readonly file: string,
  ) {}

  /** Starts capturing UDP on loopback; resolves once it listens. */
  static async start(file: string, filter = "udp"): Promise<Capture> {
    const program = new Program("tcpdump", "tcpdump", ["-i", "lo", "--immediate-mode", "-U", "-s", "8192", "-B", "65536", "-w", file, filter]);
    await program.says(/listening on/);
    return new Capture(program, file);
  }

  async stop(): Promise<Datagram[]> {
    this.program.kill("SIGINT");
    await this.program.exits(10);
    return readPcap(this.file);
  }
}

/** UDP over IPv4 from a pcap file of link type Ethernet or Linux "cooked". */
export function readPcap(file: string): Datagram[] {
  const bytes = readFileSync(file);
  const nanos = bytes.readUInt32LE(0) === 0xa1b23c4d;
  const link = bytes.readUInt32LE(20);
  const skip = link === 1 ? 14 : link === 113 ? 16 : link === 276 ? 20 : 0;
  const found: Datagram[] = [];
  for (let at = 24; at + 16 <= bytes.length; ) {
    const time = bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) / (nanos ? 1e9 : 1e6);
    const size = bytes.readUInt32LE(at + 8);
    const packet = bytes.subarray(at + 16 + skip, at + 16 + size);
    at += 16 + size;
    if (packet.length < 28 || packet[0]! >> 4 !== 4 || packet[9] !== 17) continue;
    const header = (packet[0]! & 15) * 4;
    const udp = packet.subarray(header);
    found.push({
      time,
      fromPort: udp.readUInt16BE(0),
      toPort: udp.readUInt16BE(2),
      payload: udp.subarray(8, udp.readUInt16BE(4)),
    });
  }
  return found;
}

/** The SIP requests and answers among the datagrams. */
export function sipMessages(datagrams: Datagram[]): { datagram: Datagram; text: string }[] {
  return datagrams
    .filter((datagram) => datagram.payload.length > 20 && datagram.payload[0]! >= 0x41 && datagram.payload[0]! <= 0x5a)
    .map((datagram) => ({ datagram, text: datagram.payload.toString("latin1") }))
    .filter(({ text }) => /SIP\/2\.0\r?\n|^SIP\/2\.0 /.test(text.slice(0, 400)));
}

export interface Received {
  samples: Int16Array; // on the sender's own time line, silence where nothing came
  packets: number;
  lost: number; // by sequence numbers
}

/** What arrived at `port` as G.711 over RTP, of the stream with most packets (or of all, one after another). */
export function soundAt(datagrams: Datagram[], port: number): Received {
  const streams = new Map<number, { sequence: number; timestamp: number; type: number; payload: Buffer }[]>();
  for (const { toPort, payload } of datagrams) {
    if (toPort !== port || payload.length < 13 || payload[0]! >> 6 !== 2) continue;
    const type = payload[1]! & 0x7f;
    if (type !== 0 && type !== 8) continue;
    const source = payload.readUInt32BE(8);
    const packets = streams.get(source) ?? [];
    packets.push({
      sequence: payload.readUInt16BE(2),
      timestamp: payload.readUInt32BE(4),
      type,
      payload: payload.subarray(12 + (payload[0]! & 15) * 4),
    });
    streams.set(source, packets);
  }
  const packets = [...streams.values()].sort((a, b) => b.length - a.length)[0] ?? [];
  if (packets.length === 0) return { samples: new Int16Array(), packets: 0, lost: 0 };
  const start = packets[0]!.timestamp;
  const spans = packets.map((packet) => ({ at: (packet.timestamp - start) | 0, packet }));
  const length = spans.reduce((most, { at, packet }) => Math.max(most, at + packet.payload.length), 0);
  const samples = new Int16Array(Math.min(length, rate * 3600));
  for (const { at, packet } of spans)
    if (at >= 0 && at + packet.payload.length <= samples.length)
      samples.set(packet.type === 0 ? fromMuLaw(packet.payload) : fromALaw(packet.payload), at);
  let lost = 0;
  for (let i = 1; i < packets.length; i++) {
    const step = (packets[i]!.sequence - packets[i - 1]!.sequence) & 0xffff;
    if (step > 1 && step < 1000) lost += step - 1;
  }
  return { samples, packets: packets.length, lost };
}
