// What callers and operators sound like in journeys: a spoken sentence, then a tone of their own.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import { join, muLaw, rate, readWav, tone, writeWav } from "./sound.ts";

export const callerTone = 500;
export const operatorTone = 1000;

function spoken(folder: string, name: string, text: string): Int16Array {
  const file = joinPath(folder, `${name}-spoken.wav`);
  execFileSync("espeak-ng", ["-v", "ja", "-w", file, text]);
  const { hertz, channels } = readWav(file);
  const samples = channels[0] ?? new Int16Array();
  return Int16Array.from({ length: Math.floor((samples.length * rate) / hertz) }, (_, i) => samples[Math.floor((i * hertz) / rate)] ?? 0);
}

/** A WAV and the same as raw μ-law: `seconds` of tone after a sentence. */
export function voice(folder: string, name: string, frequency: number, seconds: number, text = "もしもし"): { wav: string; raw: string; speechSeconds: number } {
  const speech = spoken(folder, name, text);
  const samples = join(speech, tone(frequency, seconds));
  const wav = joinPath(folder, `${name}.wav`);
  const raw = joinPath(folder, `${name}.ulaw`);
  writeWav(wav, samples);
  writeFileSync(raw, muLaw(samples));
  return { wav, raw, speechSeconds: speech.length / rate };
}

/** The tone alone. */
export function toneOnly(folder: string, name: string, frequency: number, seconds: number): { wav: string; raw: string } {
  const samples = tone(frequency, seconds);
  const wav = joinPath(folder, `${name}.wav`);
  const raw = joinPath(folder, `${name}.ulaw`);
  writeWav(wav, samples);
  writeFileSync(raw, muLaw(samples));
  return { wav, raw };
}
