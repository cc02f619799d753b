// What may be done with the call in front, as one list: the call bar's buttons and the keys both come from it.
import { useCallback } from "react";
import type { Call } from "../api/client";
import { api, ok } from "../api/client";
import { useAction, useParts } from "../hooks";
import { type World, isAnswered, rungElsewhere } from "../live/world";

export type CallVerb =
  | "answer" | "decline" | "hold" | "resume" | "mute" | "unmute" | "end"
  | "pause_recording" | "resume_recording" | "complete_transfer" | "cancel_consult";

export interface CallAction {
  verb: CallVerb;
  label: string; // key of the words
  key: string; // with Alt+Shift
  look: "primary" | "danger" | "plain";
}

const action = (verb: CallVerb, label: string, key: string, look: CallAction["look"] = "plain"): CallAction => ({ verb, label, key, look });

/** `elsewhere`: it rings at my own phone, and is answered there. */
export function actionsOf(call: Call, me: string | null, elsewhere = false): CallAction[] {
  const consulted = call.consulting_operator_id === me;
  const offered = [...(elsewhere ? [] : [action("answer", "call.answer", "A", "primary")]), action("decline", "call.decline", "D")];
  switch (call.stage) {
    case "ringing":
      return call.operator_id === me ? offered : [];
    case "consulting":
      if (consulted) return offered;
      return [action("complete_transfer", "call.complete", "C", "primary"), action("cancel_consult", "call.cancel_consult", "X")];
    case "talking":
      return [
        call.held ? action("resume", "call.resume", "H") : action("hold", "call.hold", "H"),
        call.muted ? action("unmute", "call.unmute", "M") : action("mute", "call.mute", "M"),
        ...(call.recording === "on" ? [action("pause_recording", "call.pause", "P")] : []),
        ...(call.recording === "paused" ? [action("resume_recording", "call.unpause", "P")] : []),
        action("end", "call.end", "E", "danger"),
      ];
    case "dialling":
      return [action("end", "call.end", "E", "danger")];
    default:
      return [];
  }
}

/** What I may do with the call now. */
export function actionsIn(world: World, call: Call): CallAction[] {
  return isAnswered(world, call) ? [] : actionsOf(call, world.session?.operator_id ?? null, rungElsewhere(world));
}

export function useAct(): (call: Call, verb: CallVerb) => void {
  const { stream } = useParts();
  const run = useAction();
  return useCallback(
    (call, verb) => {
      const done = run(() => ok(api.POST(`/calls/{call}/${verb}`, { params: { path: { call: call.id } } })));
      if (verb === "answer") void done.then((taken) => taken && stream.answered(call));
    },
    [stream, run],
  );
}
