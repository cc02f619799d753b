// Records an announcement in the browser as the WAV that the centre takes: PCM, 16 bits, mono.

export interface Recording {
  stop(): Promise<Blob>;
}

const pieceMs = 100;
const patienceMs = 3_000;

/** Resolves once sound comes: from asking a microphone to its first sample some browsers take seconds (Firefox). */
export async function record(deviceId: string | null): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { deviceId: deviceId ? { ideal: deviceId } : undefined, echoCancellation: false, noiseSuppression: true, autoGainControl: true },
  });
  const chunks: Blob[] = [];
  const recorder = new MediaRecorder(stream);
  await new Promise<void>((begun) => {
    const enough = window.setTimeout(begun, patienceMs);
    recorder.ondataavailable = (event) => {
      chunks.push(event.data);
      if (event.data.size === 0) return;
      window.clearTimeout(enough);
      begun();
    };
    recorder.start(pieceMs);
  });
  return {
    async stop() {
      const ended = new Promise<void>((resolve) => {
        recorder.onstop = () => resolve();
      });
      recorder.stop();
      await ended;
      for (const track of stream.getTracks()) track.stop();
      const context = new OfflineAudioContext(1, 1, 16000);
      const decoded = await context.decodeAudioData(await new Blob(chunks).arrayBuffer());
      return wav(await atRate(decoded, 16000), 16000);
    },
  };
}

/** Any sound that the browser can read, as small as the telephone carries it; what it cannot read goes as it is, for the centre to say why not. */
export async function forTelephone(file: Blob): Promise<Blob> {
  const context = new OfflineAudioContext(1, 1, 8000);
  const decoded = await context.decodeAudioData(await file.arrayBuffer()).catch(() => null);
  return decoded === null ? file : wav(await atRate(decoded, 8000), 8000);
}

async function atRate(sound: AudioBuffer, hertz: number): Promise<Float32Array> {
  const context = new OfflineAudioContext(1, Math.max(1, Math.ceil(sound.duration * hertz)), hertz);
  const source = context.createBufferSource();
  source.buffer = sound;
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}

export function wav(samples: Float32Array, hertz: number): Blob {
  const bytes = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (at: number, value: string): void => [...value].forEach((c, i) => bytes.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  bytes.setUint32(4, 36 + samples.length * 2, true);
  text(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, hertz, true);
  bytes.setUint32(28, hertz * 2, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  text(36, "data");
  bytes.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, i) => bytes.setInt16(44 + i * 2, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true));
  return new Blob([bytes], { type: "audio/wav" });
}
