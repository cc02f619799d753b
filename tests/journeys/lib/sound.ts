// Sound for journeys: tones as WAV or raw G.711, and finding them again in what was received. Independent of the
// product's own code on purpose: it is the measuring instrument.
import { readFileSync, writeFileSync } from "node:fs";

export const rate = 8000;

export function tone(frequency: number, seconds: number, amplitude = 8000): Int16Array {
  const samples = new Int16Array(Math.round(seconds * rate));
  for (let i = 0; i < samples.length; i++)
    samples[i] = Math.round(amplitude * Math.sin((2 * Math.PI * frequency * i) / rate));
  return samples;
}

export function join(...parts: Int16Array[]): Int16Array {
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** ITU-T G.711 μ-law. */
export function muLaw(samples: Int16Array): Uint8Array {
  return Uint8Array.from(samples, (sample) => {
    const sign = sample < 0 ? 0x80 : 0;
    const magnitude = Math.min(32635, Math.abs(sample)) + 132;
    const exponent = Math.max(0, Math.floor(Math.log2(magnitude)) - 7);
    const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    return ~(sign | (exponent << 4) | mantissa) & 0xff;
  });
}

export function fromMuLaw(bytes: Uint8Array): Int16Array {
  return Int16Array.from(bytes, (byte) => {
    const value = ~byte & 0xff;
    const magnitude = (((value & 0x0f) << 3) + 132) << ((value >> 4) & 7);
    return (value & 0x80 ? -1 : 1) * (magnitude - 132);
  });
}

export function fromALaw(bytes: Uint8Array): Int16Array {
  return Int16Array.from(bytes, (byte) => {
    const value = byte ^ 0x55;
    const exponent = (value >> 4) & 7;
    const base = ((value & 0x0f) << 4) + 8;
    const magnitude = exponent === 0 ? base : (base + 256) << (exponent - 1);
    return value & 0x80 ? magnitude : -magnitude;
  });
}

export function writeWav(file: string, samples: Int16Array, hertz = rate): void {
  const bytes = Buffer.alloc(44 + samples.length * 2);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(36 + samples.length * 2, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(hertz, 24);
  bytes.writeUInt32LE(hertz * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((sample, i) => bytes.writeInt16LE(sample, 44 + i * 2));
  writeFileSync(file, bytes);
}

export interface Wav {
  hertz: number;
  channels: Int16Array[];
}

/** PCM16 or G.711 WAV of any number of channels. */
export function readWav(file: string): Wav {
  const bytes = readFileSync(file);
  let format = 1;
  let count = 1;
  let hertz = rate;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = bytes.toString("latin1", at, at + 4);
    const size = Math.min(bytes.readUInt32LE(at + 4), bytes.length - at - 8);
    if (id === "fmt ") {
      format = bytes.readUInt16LE(at + 8);
      count = bytes.readUInt16LE(at + 10);
      hertz = bytes.readUInt32LE(at + 12);
    } else if (id === "data") {
      const data = bytes.subarray(at + 8, at + 8 + size);
      const all =
        format === 7
          ? fromMuLaw(data)
          : format === 6
            ? fromALaw(data)
            : Int16Array.from({ length: data.length >> 1 }, (_, i) => data.readInt16LE(i * 2));
      const frames = Math.floor(all.length / count);
      const channels = Array.from({ length: count }, (_, channel) =>
        Int16Array.from({ length: frames }, (_, i) => all[i * count + channel] ?? 0),
      );
      return { hertz, channels };
    }
    at += 8 + size + (size & 1);
  }
  throw new Error(`${file}: no sound in it`);
}

/** Share (0 to 1) of the energy of `samples` that is at `frequency` (Goertzel). */
export function share(samples: Int16Array, frequency: number, hertz = rate): number {
  let energy = 0;
  let s1 = 0;
  let s2 = 0;
  const k = 2 * Math.cos((2 * Math.PI * frequency) / hertz);
  for (const sample of samples) {
    energy += sample * sample;
    const s0 = sample + k * s1 - s2;
    s2 = s1;
    s1 = s0;
  }
  if (energy < samples.length * 100) return 0; // silence: an amplitude below 10
  return (2 * (s1 * s1 + s2 * s2 - k * s1 * s2)) / (samples.length * energy);
}

export interface Heard {
  seconds: number; // windows in which the tone stands out, added up
  gaps: number; // windows without it between the first and the last with it
  first: number;
  last: number;
}

/** Where `frequency` is heard, in windows of 40 ms. */
export function listen(samples: Int16Array, frequency: number, hertz = rate): Heard {
  const window = Math.round(hertz * 0.04);
  const hits: boolean[] = [];
  for (let at = 0; at + window <= samples.length; at += window)
    hits.push(share(samples.subarray(at, at + window), frequency, hertz) > 0.7);
  const first = hits.indexOf(true);
  const last = hits.lastIndexOf(true);
  if (first < 0) return { seconds: 0, gaps: 0, first: -1, last: -1 };
  const inside = hits.slice(first, last + 1);
  return {
    seconds: inside.filter(Boolean).length * 0.04,
    gaps: inside.filter((hit) => !hit).length,
    first: first * 0.04,
    last: (last + 1) * 0.04,
  };
}
