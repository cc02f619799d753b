import { describe, expect, it } from "vitest";
import type { Call } from "../api/client";
import { Stream, type Timers } from "./stream";
import { actionsIn } from "../parts/callActions";
import { type Message, type World, after, callInFront, emptyWorld, isAnswered, meDialling, ringOf } from "./world";

const snapshot = (over: Record<string, unknown> = {}): Message =>
  ({
    type: "snapshot", seq: 0, now: "2026-11-22T03:00:00Z", session: { operator_id: "hana" }, desks: [], groups: [],
    operators: [], calls: [], promises: [], balance: null, status: null, ...over,
  }) as unknown as Message;
const call = (id: string, over: Partial<Call>): Call => ({ id, stage: "waiting", operator_id: null, consulting_operator_id: null, ...over }) as Call;
const told = (world: World, ...messages: Message[]): World | null =>
  messages.reduce<World | null>((known, message) => known && after(known, message, 0), world);

describe("the world", () => {
  it("is the snapshot and then each change in turn", () => {
    const world = told(emptyWorld, snapshot(), { type: "call", seq: 1, call: call("c1", {}) }, { type: "call_gone", seq: 2, call_id: "c1" });
    expect(world?.calls).toEqual({});
    expect(world?.seq).toBe(2);
  });

  it("knows a ring as answered while the caller hears the notice, and the next ring as another", () => {
    const rings = call("c1", { stage: "ringing", operator_id: "hana", stage_since: "2026-11-22T03:00:01Z" });
    const world = { ...(told(emptyWorld, snapshot({ calls: [rings] })) as World), answered: ringOf(rings) };
    expect(isAnswered(world, rings)).toBe(true);
    expect(actionsIn(world, rings)).toEqual([]);
    expect(isAnswered(world, { ...rings, stage: "talking" })).toBe(false);
    const again = { ...rings, stage_since: "2026-11-22T03:00:31Z" };
    expect(actionsIn(world, again).map((action) => action.verb)).toEqual(["answer", "decline"]);
  });

  it("knows when I ring somebody back, before there is a call", () => {
    const at = (state: string, call_id: string | null): World => told(emptyWorld, snapshot({ operators: [{ id: "hana", state, call_id }, { id: "ken", state: "dialling", call_id: "c2" }] })) as World;
    expect(meDialling(at("dialling", "c1"))?.call_id).toBe("c1");
    expect(meDialling(at("dialling", null))).toBeNull();
    expect(meDialling(at("ready", "c1"))).toBeNull();
  });

  it("says when a message was missed", () => {
    expect(told(emptyWorld, snapshot(), { type: "call_gone", seq: 2, call_id: "c1" })).toBeNull();
  });

  it("starts afresh from every snapshot", () => {
    const world = told(emptyWorld, snapshot({ calls: [call("old", {})] }), snapshot({ calls: [call("new", {})] }));
    expect(Object.keys(world?.calls ?? {})).toEqual(["new"]);
  });

  it("puts the call that talks before the one that rings", () => {
    const calls = [call("a", { stage: "ringing", operator_id: "hana" }), call("b", { stage: "talking", operator_id: "hana" }), call("c", { stage: "talking", operator_id: "ken" })];
    expect(callInFront(told(emptyWorld, snapshot({ calls }))!)?.id).toBe("b");
  });
});

class FakeSocket {
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;
  close(): void {
    this.closed = true;
  }
  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

function bench(): { stream: Stream; sockets: FakeSocket[]; fire: (after: number) => void; asked: string[] } {
  const sockets: FakeSocket[] = [];
  let pending: { callback: () => void; milliseconds: number }[] = [];
  const timers: Timers = {
    set: (callback, milliseconds) => {
      const timer = { callback, milliseconds };
      pending.push(timer);
      return timer;
    },
    clear: (timer) => {
      pending = pending.filter((other) => other !== timer);
    },
    now: () => 0,
  };
  const asked: string[] = [];
  const open = (): WebSocket => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket as unknown as WebSocket;
  };
  const stream = new Stream(open, timers, () => asked.push("session"));
  const fire = (milliseconds: number): void => {
    const due = pending.filter((timer) => timer.milliseconds === milliseconds);
    pending = pending.filter((timer) => timer.milliseconds !== milliseconds);
    for (const timer of due) timer.callback();
  };
  return { stream, sockets, fire, asked };
}

describe("the stream", () => {
  it("keeps what it knows while the connection is lost, and replaces it afterwards", () => {
    const { stream, sockets, fire } = bench();
    stream.start();
    sockets[0]!.say(snapshot({ calls: [call("c1", {})] }));
    sockets[0]!.onclose!();
    expect(stream.current().link).toBe("lost");
    expect(Object.keys(stream.current().calls)).toEqual(["c1"]);
    fire(250);
    sockets[1]!.say(snapshot());
    expect(stream.current().link).toBe("live");
    expect(stream.current().calls).toEqual({});
  });

  it("asks whether the session has ended when it is refused, and only then", () => {
    const { stream, sockets, fire, asked } = bench();
    stream.start();
    sockets[0]!.say(snapshot());
    sockets[0]!.onclose!();
    expect(asked).toEqual([]);
    fire(250);
    sockets[1]!.onclose!();
    expect(asked).toEqual(["session"]);
  });

  it("takes silence for a dead connection", () => {
    const { stream, sockets, fire } = bench();
    stream.start();
    sockets[0]!.say(snapshot());
    fire(15_000);
    expect(sockets[0]!.closed).toBe(true);
    expect(stream.current().link).toBe("lost");
  });

  it("reads everything anew after a gap", () => {
    const { stream, sockets, fire } = bench();
    stream.start();
    sockets[0]!.say(snapshot());
    sockets[0]!.say({ type: "call_gone", seq: 5, call_id: "x" });
    expect(sockets[0]!.closed).toBe(true);
    fire(250);
    expect(sockets.length).toBe(2);
  });

  it("does not come back after signing out", () => {
    const { stream, sockets, fire } = bench();
    stream.start();
    sockets[0]!.say(snapshot());
    sockets[0]!.say({ type: "signed_out", seq: 1 });
    fire(250);
    expect(sockets.length).toBe(1);
    expect(stream.current().link).toBe("signed_out");
  });
});
