// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import * as api from "./api.js";
import { NumbersCard } from "./numbers.js";
import { textsFor } from "./texts.js";

interface Bound {
  number: string;
  given_free_by: string | null;
  given_free_at: string | null;
}

const asked: string[] = [];
let bound: Bound[] = [];

const kept = (number: string): Bound => ({ number, given_free_by: null, given_free_at: null });

beforeEach(() => {
  document.body.innerHTML = '<div id="numbers"></div>';
  asked.length = 0;
  vi.spyOn(api, "ask").mockImplementation(async (method: string, path: string) => {
    asked.push(`${method} ${path}`);
    if (method !== "GET") return {} as never;
    const after = new URLSearchParams(path.split("?")[1]).get("after") ?? "";
    const rest = bound.filter((one) => one.number > after);
    const numbers = rest.slice(0, 50);
    return { numbers, next: rest.length < 50 ? null : numbers.at(-1)!.number } as never;
  });
});

async function card(): Promise<NumbersCard> {
  const made = new NumbersCard(textsFor("en"), "en", (run) => void run());
  await made.look();
  return made;
}

const lines = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("#numbers li")];
const buttonOf = (line: HTMLElement | undefined): HTMLButtonElement => line!.querySelector("button")!;

describe("the client's numbers", () => {
  it("are given free after a question, and taken back without one", async () => {
    bound = [kept("*77#"), { number: "+81300000001", given_free_by: "oku", given_free_at: "2026-11-22T03:00:00Z" }];
    await card();
    expect(lines().map((line) => line.dataset["free"])).toEqual(["false", "true"]);
    expect(lines()[1]!.textContent).toMatch(/by oku at .*2026, 12:00/);
    const confirm = vi.spyOn(window, "confirm").mockReturnValue(false);
    buttonOf(lines()[0]).click();
    expect(confirm).toHaveBeenCalledOnce();
    expect(asked.filter((one) => !one.startsWith("GET"))).toEqual([]);
    confirm.mockReturnValue(true);
    buttonOf(lines()[0]).click();
    buttonOf(lines()[1]).click();
    expect(asked.filter((one) => !one.startsWith("GET"))).toEqual(["POST /owner/numbers/*77%23/release", "DELETE /owner/numbers/%2B81300000001/release"]);
    expect(confirm).toHaveBeenCalledTimes(2);
  });

  it("are shown page by page, and none is said in words", async () => {
    bound = Array.from({ length: 120 }, (_, i) => kept(`+8130000${1000 + i}`));
    await card();
    const more = document.querySelector<HTMLButtonElement>("#numbers > button")!;
    expect([lines().length, more.hidden]).toEqual([50, false]);
    more.click();
    await vi.waitFor(() => expect(lines().length).toBe(100));
    more.click();
    await vi.waitFor(() => expect([lines().length, more.hidden]).toEqual([120, true]));
    bound = [];
    document.body.innerHTML = '<div id="numbers"></div>';
    await card();
    expect(lines().map((line) => line.textContent)).toEqual(["No telephone number is bound to this organisation."]);
  });
});
