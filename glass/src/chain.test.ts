import { describe, expect, it } from "vitest";
import type { Schemas } from "./api.js";
import { inOrder } from "./chain.js";

const link = (id: string, parent: string): Schemas["MandateLink"] =>
  ({ mandate: { id, parent }, to_name: id, passed_on_by: parent, unbroken: true, owners: [] }) as unknown as Schemas["MandateLink"];

describe("a chain of mandates", () => {
  it("puts each link under the one it was passed on from", () => {
    const links = [link("c", "b"), link("other", ""), link("b", "a"), link("a", "")];
    expect(inOrder(links).map(({ link: { mandate }, depth }) => [mandate.id, depth])).toEqual([["other", 0], ["a", 0], ["b", 1], ["c", 2]]);
  });
  it("shows a link whose parent is not there", () => {
    expect(inOrder([link("b", "elsewhere")]).map(({ depth }) => depth)).toEqual([0]);
  });
  it("ends on a circle", () => {
    expect(inOrder([link("a", "b"), link("b", "a")]).length).toBe(0);
  });
});
