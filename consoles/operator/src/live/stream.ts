// The connection behind the world: opens the event stream, notices when it is dead, comes back by itself.
import { type Call, api } from "../api/client";
import { type Message, type World, after, emptyWorld, ringOf } from "./world";

const silentAfter = 15_000; // three heartbeats missed
const waits = [250, 500, 1000, 2000, 5000];

export interface Timers {
  set(callback: () => void, milliseconds: number): unknown;
  clear(timer: unknown): void;
  now(): number;
}

const browserTimers: Timers = {
  set: (callback, milliseconds) => window.setTimeout(callback, milliseconds),
  clear: (timer) => window.clearTimeout(timer as number),
  now: () => Date.now(),
};

export class Stream {
  private world: World = emptyWorld;
  private socket: WebSocket | null = null;
  private watchdog: unknown = null;
  private retry: unknown = null;
  private failures = 0;
  private heard = false; // on this connection
  private stopped = true;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly open: () => WebSocket = () => new WebSocket(address()),
    private readonly timers: Timers = browserTimers,
    // A stream that is refused may mean that the session has ended; a browser does not say which.
    private readonly askForSession: () => void = () => void api.GET("/session").catch(() => undefined),
  ) {}

  start(): void {
    this.stopped = false;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.timers.clear(this.retry);
    this.drop();
    this.become(emptyWorld);
  }

  readonly current = (): World => this.world;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  dismissRefusal(id: number): void {
    this.become({ ...this.world, refusals: this.world.refusals.filter((refusal) => refusal.id !== id) });
  }

  /** The centre has taken my answer to this ring. */
  answered(call: Call): void {
    this.become({ ...this.world, answered: ringOf(call) });
  }

  private connect(): void {
    const socket = this.open();
    this.socket = socket;
    this.heard = false;
    socket.onmessage = (event) => this.take(JSON.parse(event.data as string) as Message);
    socket.onclose = () => {
      if (this.socket === socket) this.lost();
    };
    this.listen();
  }

  private take(message: Message): void {
    this.heard = true;
    this.listen();
    const next = after(this.world, message, this.timers.now());
    if (next === null) return this.lost();
    if (message.type === "snapshot") this.failures = 0;
    this.become(next);
    if (next.link === "signed_out") {
      this.stopped = true;
      this.drop();
    }
  }

  private listen(): void {
    this.timers.clear(this.watchdog);
    this.watchdog = this.timers.set(() => this.lost(), silentAfter);
  }

  private lost(): void {
    this.drop();
    if (this.stopped) return;
    if (this.world.link === "live") this.become({ ...this.world, link: "lost" });
    if (!this.heard) this.askForSession();
    const wait = waits[Math.min(this.failures++, waits.length - 1)] ?? 5000;
    this.retry = this.timers.set(() => this.connect(), wait);
  }

  private drop(): void {
    this.timers.clear(this.watchdog);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private become(world: World): void {
    this.world = world;
    for (const listener of [...this.listeners]) listener();
  }
}

function address(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/events`;
}
