// The operator's standing audio leg: microphone in, caller out, one RTCPeerConnection for the whole shift. It heals
// itself: on a network change the connection is opened anew and the call in progress moves over.
import { api, ok } from "../api/client";
import { Level } from "./level";

export type SeatState = "closed" | "asking" | "connecting" | "connected" | "lost" | "no_microphone" | "refused" | "busy" | "unsupported" | "elsewhere";

/** The state for a small sign; the banner says the rest, and what to do. */
export function inFewWords(state: SeatState): SeatState {
  return state === "asking" || state === "connecting" || state === "connected" ? state : "closed";
}

export interface SeatQuality {
  sent: number; // packets so far
  received: number;
  lostShare: number; // 0 to 1, of what the other side sent
  jitterMs: number;
  levelIn: number; // 0 to 1, what I hear
  levelOut: number; // 0 to 1, what my microphone gives
}

const constraints = (deviceId: string | null): MediaStreamConstraints => ({
  audio: {
    deviceId: deviceId ? { ideal: deviceId } : undefined,
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
  },
});

export function whyNoMicrophone(error: unknown): SeatState {
  const name = (error as DOMException | null)?.name;
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  return name === "NotReadableError" || name === "AbortError" ? "busy" : "no_microphone";
}

export class Seat {
  state: SeatState = "closed";
  private peer: RTCPeerConnection | null = null;
  private microphone: MediaStream | null = null;
  private level: Level | null = null;
  private retry: number | null = null;
  private wanted = false;
  private leg: string | null = null;
  private deviceId: string | null = null;
  private readonly listeners = new Set<() => void>();
  readonly player: HTMLAudioElement;

  constructor() {
    this.player = new Audio();
    this.player.autoplay = true;
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.tell());
    window.addEventListener("online", () => this.reopenIfLost());
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly current = (): SeatState => this.state;
  /** "sha-256 AA:BB:…" of the certificate of the connection that is up; null while there is none. */
  readonly fingerprint = (): string | null => {
    if (this.state !== "connected") return null;
    const found = /^a=fingerprint:(sha-256 [0-9A-F:]+)\s*$/im.exec(this.peer?.localDescription?.sdp ?? "");
    return found?.[1] ?? null;
  };

  async open(deviceId: string | null): Promise<void> {
    this.wanted = true;
    this.leg = null;
    this.deviceId = deviceId;
    // Browsers give the microphone to pages from https and from the machine itself only.
    if (!navigator.mediaDevices?.getUserMedia) return this.become("unsupported");
    this.become("asking");
    try {
      this.stopMicrophone();
      this.microphone = await navigator.mediaDevices.getUserMedia(constraints(deviceId));
    } catch (error) {
      this.become(whyNoMicrophone(error));
      return;
    }
    // A headset that is pulled out ends its track.
    for (const track of this.microphone.getAudioTracks()) track.onended = () => void this.open(this.deviceId);
    await this.connect();
  }

  async close(): Promise<void> {
    const mine = this.state !== "elsewhere";
    this.leave("closed");
    if (mine) await ok(api.DELETE("/seat")).catch(() => undefined);
  }

  private leave(state: SeatState): void {
    this.wanted = false;
    this.leg = null;
    this.dropPeer();
    this.stopMicrophone();
    this.become(state);
  }

  async useSpeaker(deviceId: string): Promise<void> {
    const player = this.player as HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> };
    await player.setSinkId?.(deviceId);
  }

  setVolume(volume: number): void {
    this.player.volume = volume;
  }

  /** `level`: whether somebody looks at how loud the microphone is. */
  async quality(level: boolean): Promise<SeatQuality | null> {
    if (!level) this.stopLevel();
    if (!this.peer) return null;
    const found: SeatQuality = { sent: 0, received: 0, lostShare: 0, jitterMs: 0, levelIn: 0, levelOut: 0 };
    for (const report of (await this.peer.getStats()).values()) {
      if (report.type === "inbound-rtp") {
        found.received = report.packetsReceived ?? 0;
        found.lostShare = (report.packetsLost ?? 0) / Math.max(1, found.received + (report.packetsLost ?? 0));
        found.jitterMs = (report.jitter ?? 0) * 1000;
        found.levelIn = report.audioLevel ?? 0;
      } else if (report.type === "outbound-rtp") found.sent = report.packetsSent ?? 0;
      else if (report.type === "media-source") found.levelOut = report.audioLevel ?? (level ? this.readLevel() : 0);
    }
    return found;
  }

  private readLevel(): number {
    if (!this.microphone) return 0;
    if (this.level?.stream !== this.microphone) {
      this.stopLevel();
      this.level = new Level(this.microphone);
    }
    return this.level.read();
  }

  private stopLevel(): void {
    this.level?.close();
    this.level = null;
  }

  private async connect(): Promise<void> {
    if (!this.wanted || !this.microphone) return;
    this.dropPeer();
    this.become(this.state === "lost" ? "lost" : "connecting");
    try {
      const { ice_servers, leg_id } = await ok(api.GET("/seat"));
      // Another page of mine has taken over: taking the seat back would make it come and go for ever.
      if (this.leg !== null && leg_id !== null && leg_id !== this.leg) return this.leave("elsewhere");
      const peer = new RTCPeerConnection({ iceServers: ice_servers, bundlePolicy: "max-bundle" });
      this.peer = peer;
      const track = this.microphone.getAudioTracks()[0];
      if (!track) throw new Error("no track");
      const transceiver = peer.addTransceiver(track, { direction: "sendrecv", streams: [this.microphone] });
      preferTelephone(transceiver);
      peer.ontrack = (event) => {
        this.player.srcObject = event.streams[0] ?? new MediaStream([event.track]);
        void this.player.play().catch(() => undefined);
      };
      peer.onconnectionstatechange = () => this.changed(peer);
      await peer.setLocalDescription(await peer.createOffer());
      const answer = await ok(api.POST("/seat", { body: { sdp_offer: peer.localDescription?.sdp ?? "" } }));
      if (this.peer !== peer) return;
      this.leg = answer.leg_id;
      await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp_answer });
    } catch {
      this.lose();
    }
  }

  private changed(peer: RTCPeerConnection): void {
    if (peer !== this.peer) return;
    if (peer.connectionState === "connected") this.become("connected");
    if (peer.connectionState === "failed" || peer.connectionState === "closed") this.lose();
    if (peer.connectionState === "disconnected") this.lose();
  }

  private lose(): void {
    if (!this.wanted) return;
    this.become("lost");
    if (this.retry === null)
      this.retry = window.setTimeout(() => {
        this.retry = null;
        if (this.state === "lost" && this.peer?.connectionState !== "connected") void this.connect();
        else if (this.peer?.connectionState === "connected") this.become("connected");
      }, 1000);
  }

  private reopenIfLost(): void {
    if (this.wanted && this.state === "lost") void this.connect();
  }

  private dropPeer(): void {
    const peer = this.peer;
    this.peer = null;
    if (peer) {
      peer.onconnectionstatechange = null;
      peer.close();
    }
  }

  private stopMicrophone(): void {
    this.stopLevel();
    for (const track of this.microphone?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.microphone = null;
  }

  private become(state: SeatState): void {
    this.state = state;
    this.tell();
  }
  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

/** G.711 only: what the telephone network speaks, so that nothing is re-encoded on the way. */
function preferTelephone(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities("audio")?.codecs ?? [];
  const wanted = codecs.filter((codec) => /^audio\/(pcmu|pcma|telephone-event)$/i.test(codec.mimeType) && codec.clockRate === 8000);
  if (wanted.length > 0) transceiver.setCodecPreferences(wanted);
}

export interface Devices {
  microphones: MediaDeviceInfo[];
  speakers: MediaDeviceInfo[];
}

export async function listDevices(): Promise<Devices> {
  const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return {
    microphones: all.filter((device) => device.kind === "audioinput"),
    speakers: all.filter((device) => device.kind === "audiooutput"),
  };
}
