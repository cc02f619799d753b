import { describe, expect, it } from "vitest";
import type { Call } from "../api/client";
import { actionsOf } from "./callActions";

const call = (over: Partial<Call>): Call =>
  ({ id: "c", stage: "talking", operator_id: "hana", consulting_operator_id: null, held: false, muted: false, recording: "on", ...over }) as Call;
const verbs = (over: Partial<Call>, me = "hana"): string[] => actionsOf(call(over), me).map((action) => action.verb);

describe("what may be done with a call", () => {
  it("is to answer or not while it rings for me", () => {
    expect(verbs({ stage: "ringing" })).toEqual(["answer", "decline"]);
    expect(verbs({ stage: "ringing", operator_id: "ken" })).toEqual([]);
    expect(actionsOf(call({ stage: "ringing" }), "hana", true).map((action) => action.verb)).toEqual(["decline"]);
  });
  it("turns with the call's own state", () => {
    expect(verbs({ held: true, muted: true, recording: "paused" })).toEqual(["resume", "unmute", "resume_recording", "end"]);
    expect(verbs({ recording: "refused" })).toEqual(["hold", "mute", "end"]);
  });
  it("never gives two actions the same key", () => {
    for (const stage of ["ringing", "talking", "consulting", "dialling"] as const) {
      const keys = actionsOf(call({ stage }), "hana").map((action) => action.key);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });
});
