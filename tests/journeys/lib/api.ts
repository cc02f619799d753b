// Somebody of the staff as a program: signed in at the API, listening to the event stream.
import WebSocket from "ws";
import { until } from "./wait.ts";

export interface Call {
  id: string;
  direction: "in" | "out";
  desk_id: string;
  line_token: string | null;
  withheld: boolean;
  stage: string;
  operator_id: string | null;
  consulting_operator_id: string | null;
  held: boolean;
  muted: boolean;
  recording: string;
  outcome: string | null;
  end_cause: string | null;
  talking_since: string | null;
  ended_at: string | null;
  promise_id: string | null;
  opening_ticket: string | null;
  place: number;
}
export interface Promised {
  id: string;
  desk_id: string;
  line_token: string | null;
  line: "own" | "other";
  state: "open" | "taken" | "kept" | "closed";
  attempts: number;
  asks: number;
  kept_how: string | null;
  closed_reason: string | null;
}
export interface Counts {
  arrived: number;
  in_progress: number;
  talked: number;
  abandoned: number;
  callback: number;
  out_of_hours: number;
  declined: number;
  cut_off: number;
  lost: number;
  settled: number;
  withheld: number;
  promises: { asked: number; merged: number; open: number; kept_by_ringing: number; kept_by_caller: number; without_success: Record<string, number> };
}
export interface Balance {
  day: string;
  exact: boolean;
  total: Counts;
  desks: { desk_id: string; counts: Counts }[];
}
export interface Operator {
  id: string;
  state: string;
  seat_connected: boolean;
  phone_registered: boolean;
  own_phone: boolean;
  call_id: string | null;
}

type Item = { id: string };

export class Staff {
  readonly calls = new Map<string, Call>();
  readonly promises = new Map<string, Promised>();
  readonly operators = new Map<string, Operator>();
  readonly refusals: { code: string; message: string }[] = [];
  balance: Balance | null = null;
  status: Record<string, { connected: boolean } & Record<string, unknown>> = {};
  snapshots = 0;
  private socket: WebSocket | null = null;
  private closed = false;
  private readonly listeners = new Set<() => void>();

  private constructor(
    readonly url: string,
    readonly name: string,
    private readonly cookie: string,
    private readonly csrf: string,
  ) {}

  static async signIn(url: string, name: string, password: string): Promise<Staff> {
    const response = await fetch(`${url}/api/v1/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name, password }),
    });
    if (!response.ok) throw new Error(`${name} cannot sign in: ${response.status} ${await response.text()}`);
    const session = (await response.json()) as { csrf_token: string };
    const cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const staff = new Staff(url, name, cookie, session.csrf_token);
    staff.listen();
    await staff.sees("the first snapshot", () => staff.snapshots > 0);
    return staff;
  }

  /** What a request of one's own needs in order to be this person's. */
  headers(): Record<string, string> {
    return { Cookie: this.cookie, Origin: this.url, "X-Csrf-Token": this.csrf };
  }

  async request(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        Cookie: this.cookie,
        "X-Csrf-Token": this.csrf,
        Connection: "close", // no request meets a connection that the server just gave up
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async ask<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.request(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  act(call: string, verb: string, body?: unknown): Promise<unknown> {
    return this.ask("POST", `/calls/${call}/${verb}`, body);
  }
  ready(): Promise<unknown> {
    return this.ask("PUT", "/operators/me/state", { state: "ready" });
  }
  away(reason = "break"): Promise<unknown> {
    return this.ask("PUT", "/operators/me/state", { state: "away", reason });
  }

  /** Waits until what the event stream told makes `probe` true. */
  sees<T>(what: string, probe: () => T | undefined | null | false, seconds = 30): Promise<T> {
    return until(`${this.name} to see ${what}`, probe, {
      seconds,
      signal: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
    });
  }

  seesCall(what: string, probe: (call: Call) => unknown, seconds = 30): Promise<Call> {
    return this.sees(what, () => [...this.calls.values()].find((call) => probe(call)), seconds);
  }

  async readBalance(): Promise<Balance> {
    return this.ask<Balance>("GET", "/balance");
  }

  stop(): void {
    this.closed = true;
    this.socket?.close();
  }

  private listen(): void {
    const socket = new WebSocket(`${this.url.replace(/^http/, "ws")}/api/v1/events`, {
      headers: this.headers(),
    });
    this.socket = socket;
    socket.on("message", (data) => this.take(JSON.parse(String(data)) as Record<string, unknown>));
    socket.on("error", () => undefined);
    // A killed centre comes back; so do we, as a console does.
    socket.on("close", () => !this.closed && setTimeout(() => this.listen(), 100).unref());
  }

  private take(message: Record<string, unknown>): void {
    if (process.env["MADOGUCHI_JOURNEY_TRACE"]) console.error(`${this.name}: ${JSON.stringify(message)}`);
    const put = (map: Map<string, Item>, item: unknown): void => void map.set((item as Item).id, item as Item);
    switch (message["type"]) {
      case "snapshot":
        for (const [map, key] of [[this.calls, "calls"], [this.promises, "promises"], [this.operators, "operators"]] as const) {
          map.clear();
          for (const item of message[key] as unknown[]) put(map as Map<string, Item>, item);
        }
        this.balance = message["balance"] as Balance;
        this.status = message["status"] as typeof this.status;
        this.snapshots++;
        break;
      case "call":
        put(this.calls as Map<string, Item>, message["call"]);
        break;
      case "call_gone":
        this.calls.delete(message["call_id"] as string);
        break;
      case "promise":
        put(this.promises as Map<string, Item>, message["promise"]);
        break;
      case "promise_gone":
        this.promises.delete(message["promise_id"] as string);
        break;
      case "operator":
        put(this.operators as Map<string, Item>, message["operator"]);
        break;
      case "balance":
        this.balance = message["balance"] as Balance;
        break;
      case "status":
        this.status = message["status"] as typeof this.status;
        break;
      case "refused":
        this.refusals.push(message as unknown as { code: string; message: string });
        break;
    }
    for (const listener of [...this.listeners]) listener();
  }
}
