// The ring tone while a call rings: two soft tones as a Japanese telephone rings, one second on, two off.
import { useEffect } from "react";
import { useWorld } from "../hooks";
import { callInFront, isAnswered, isConsultedOne, rungElsewhere } from "../live/world";

export function ringVolume(): number {
  const kept = Number(localStorage.getItem("madoguchi.ring_volume") ?? "0.5");
  return Number.isFinite(kept) ? Math.min(1, Math.max(0, kept)) : 0.5;
}

export function startTone(volume: number): () => void {
  const context = new AudioContext();
  const gain = context.createGain();
  gain.gain.value = 0;
  gain.connect(context.destination);
  const tones = [400, 416].map((frequency) => {
    const tone = context.createOscillator();
    tone.frequency.value = frequency;
    tone.connect(gain);
    tone.start();
    return tone;
  });
  // An hour of rings ahead: nobody rings longer.
  for (let at = 0; at < 3600; at += 3) {
    gain.gain.setTargetAtTime(volume * 0.2, context.currentTime + at, 0.01);
    gain.gain.setTargetAtTime(0, context.currentTime + at + 1, 0.01);
  }
  return () => {
    for (const tone of tones) tone.stop();
    void context.close();
  };
}

export function RingTone() {
  const world = useWorld();
  const call = callInFront(world);
  const rings = call !== null && !rungElsewhere(world) && ((call.stage === "ringing" && !isAnswered(world, call) && call.operator_id === world.session?.operator_id) || isConsultedOne(world, call));
  useEffect(() => {
    if (!rings) return;
    return startTone(ringVolume());
  }, [rings]);
  return null;
}
