// What this console knows of the centre: a view of the event stream, never a truth of its own. Pure: one message in,
// the next world out.
import type { Balance, Call, Desk, Group, Operator, Promised, Session, Status } from "../api/client";

export type Link = "connecting" | "live" | "lost" | "signed_out";

export interface Refusal {
  id: number;
  callId: string | null;
  code: string;
  message: string;
}

export interface World {
  link: Link;
  seq: number;
  clockOffset: number; // the server's clock minus ours, milliseconds
  session: Session | null;
  desks: Record<string, Desk>;
  groups: Record<string, Group>;
  operators: Record<string, Operator>;
  calls: Record<string, Call>;
  promises: Record<string, Promised>;
  balance: Balance | null;
  status: Status | null;
  refusals: Refusal[];
  answered: string | null; // the ring that was answered here
}

export const emptyWorld: World = {
  link: "connecting",
  seq: 0,
  clockOffset: 0,
  session: null,
  desks: {},
  groups: {},
  operators: {},
  calls: {},
  promises: {},
  balance: null,
  status: null,
  refusals: [],
  answered: null,
};

interface Snapshot {
  type: "snapshot";
  seq: number;
  now: string;
  session: Session;
  desks: Desk[];
  groups: Group[];
  operators: Operator[];
  calls: Call[];
  promises: Promised[];
  balance: Balance;
  status: Status;
}

type Change =
  | { type: "call"; seq: number; call: Call }
  | { type: "call_gone"; seq: number; call_id: string }
  | { type: "operator"; seq: number; operator: Operator }
  | { type: "promise"; seq: number; promise: Promised }
  | { type: "promise_gone"; seq: number; promise_id: string }
  | { type: "desk"; seq: number; desk: Desk }
  | { type: "group"; seq: number; group: Group }
  | { type: "balance"; seq: number; balance: Balance }
  | { type: "status"; seq: number; status: Status }
  | { type: "refused"; seq: number; call_id: string | null; code: string; message: string }
  | { type: "signed_out"; seq: number };

export type Message = Snapshot | Change | { type: "heartbeat" };

/** The world after `message`; null when a message was missed, so that everything must be read anew. */
export function after(world: World, message: Message, ourNow: number): World | null {
  if (message.type === "heartbeat") return world;
  if (message.type === "snapshot") return fromSnapshot(message, ourNow);
  if (world.link !== "live" || message.seq !== world.seq + 1) return null;
  const next = { ...world, seq: message.seq };
  switch (message.type) {
    case "call":
      return { ...next, calls: { ...world.calls, [message.call.id]: message.call } };
    case "call_gone":
      return { ...next, calls: without(world.calls, message.call_id) };
    case "operator":
      return { ...next, operators: { ...world.operators, [message.operator.id]: message.operator } };
    case "promise":
      return { ...next, promises: { ...world.promises, [message.promise.id]: message.promise } };
    case "promise_gone":
      return { ...next, promises: without(world.promises, message.promise_id) };
    case "desk":
      return { ...next, desks: { ...world.desks, [message.desk.id]: message.desk } };
    case "group":
      return { ...next, groups: { ...world.groups, [message.group.id]: message.group } };
    case "balance":
      return { ...next, balance: message.balance };
    case "status":
      return { ...next, status: message.status };
    case "refused":
      return { ...next, refusals: [...world.refusals, { id: message.seq, callId: message.call_id, code: message.code, message: message.message }] };
    case "signed_out":
      return { ...emptyWorld, link: "signed_out" };
    default:
      return next; // of a newer centre: nothing to show here
  }
}

function fromSnapshot(snapshot: Snapshot, ourNow: number): World {
  return {
    link: "live",
    seq: snapshot.seq,
    clockOffset: Date.parse(snapshot.now) - ourNow,
    session: snapshot.session,
    desks: byId(snapshot.desks),
    groups: byId(snapshot.groups),
    operators: byId(snapshot.operators),
    calls: byId(snapshot.calls),
    promises: byId(snapshot.promises),
    balance: snapshot.balance,
    status: snapshot.status,
    refusals: [],
    answered: null,
  };
}

function byId<T extends { id: string }>(items: T[]): Record<string, T> {
  return Object.fromEntries(items.map((item) => [item.id, item]));
}

function without<T>(items: Record<string, T>, id: string): Record<string, T> {
  const { [id]: _gone, ...rest } = items;
  return rest;
}

/** The call in front of this operator: the one talking, ringing or in wrap-up for them. */
export function callInFront(world: World): Call | null {
  const me = world.session?.operator_id;
  if (!me) return null;
  const mine = Object.values(world.calls).filter(
    (call) => (call.operator_id === me || call.consulting_operator_id === me) && call.stage !== "ended",
  );
  const rank = (call: Call): number => ["talking", "consulting", "dialling", "ringing", "wrap_up"].indexOf(call.stage);
  return mine.filter((call) => rank(call) >= 0).sort((a, b) => rank(a) - rank(b))[0] ?? null;
}

/** Me, while I ring somebody back who has not answered: there is the id of a call, and no call yet. */
export function meDialling(world: World): (Operator & { call_id: string }) | null {
  const me = world.session?.operator_id;
  const mine = me ? world.operators[me] : undefined;
  return mine?.state === "dialling" && mine.call_id !== null ? { ...mine, call_id: mine.call_id } : null;
}

/** One ring of a call; rung again, it is another. */
export const ringOf = (call: Call): string => `${call.id} ${call.stage_since}`;

/** I have answered, and the caller hears the notice first: for the centre it rings until the two are connected. */
export const isAnswered = (world: World, call: Call): boolean => call.stage === "ringing" && world.answered === ringOf(call);

/** Whether I am rung at my own phone, where alone a call can be answered then. */
export function rungElsewhere(world: World): boolean {
  const me = world.session?.operator_id;
  return me ? (world.operators[me]?.own_phone ?? false) : false;
}

/** A consultation that another operator asks of me. */
export function isConsultedOne(world: World, call: Call): boolean {
  return call.consulting_operator_id !== null && call.consulting_operator_id === world.session?.operator_id;
}
