// Keys as telephones send them in the sound's own stream (RFC 4733), as a pcap file that SIPp plays.
import { writeFileSync } from "node:fs";

const events = "0123456789*#";
const stepMilliseconds = 20;
const stepTicks = 160;
const heldSteps = 5; // 100 ms
const restSteps = 4;
const payloadType = 101;

function frame(rtp: Buffer): Buffer {
  const headers = Buffer.alloc(42);
  headers.writeUInt16BE(0x0800, 12);
  headers[14] = 0x45;
  headers.writeUInt16BE(28 + rtp.length, 16);
  headers[22] = 64;
  headers[23] = 17;
  headers.set([127, 0, 0, 1, 127, 0, 0, 1], 26);
  headers.writeUInt16BE(4000, 34);
  headers.writeUInt16BE(4002, 36);
  headers.writeUInt16BE(8 + rtp.length, 38);
  return Buffer.concat([headers, rtp]);
}

/** Writes `keys` pressed one after another, 100 ms each, and returns for how many milliseconds they play. */
export function writeKeys(file: string, keys: string): number {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16);
  header.writeUInt32LE(1, 20);
  const records: Buffer[] = [header];
  let sequence = 100;
  let milliseconds = 0;
  let ticks = 8000;
  for (const key of keys) {
    for (let step = 1; step <= heldSteps + 2; step++) {
      // The end is told three times, all with the duration of the first.
      const held = Math.min(step, heldSteps);
      const rtp = Buffer.alloc(16);
      rtp[0] = 0x80;
      rtp[1] = payloadType | (step === 1 ? 0x80 : 0);
      rtp.writeUInt16BE(sequence++, 2);
      rtp.writeUInt32BE(ticks, 4);
      rtp.writeUInt32BE(0x4b455953, 8);
      rtp[12] = events.indexOf(key);
      rtp[13] = (step >= heldSteps ? 0x80 : 0) | 10;
      rtp.writeUInt16BE(held * stepTicks, 14);
      const packet = frame(rtp);
      const record = Buffer.alloc(16);
      record.writeUInt32LE(Math.floor(milliseconds / 1000), 0);
      record.writeUInt32LE((milliseconds % 1000) * 1000, 4);
      record.writeUInt32LE(packet.length, 8);
      record.writeUInt32LE(packet.length, 12);
      records.push(record, packet);
      if (step < heldSteps) milliseconds += stepMilliseconds;
    }
    milliseconds += stepMilliseconds * (1 + restSteps);
    ticks += stepTicks * (heldSteps + restSteps);
  }
  writeFileSync(file, Buffer.concat(records));
  return milliseconds;
}
