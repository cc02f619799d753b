// The recording of the call in hand, heard in the glass by its operator and on the client's page by the owner: real
// sound, both sides, one entry for each playback; nobody else hears it, and nothing once the ticket is over.
import { join } from "node:path";
import type { FrameLocator, Page } from "playwright-core";
import { Console } from "../lib/browser.ts";
import { callers, leakDesk, talksFor, wrapUp } from "../lib/floor.ts";
import { askInGlass, openHanako, readyOperator, signInAt } from "../lib/glass.ts";
import type { Journey } from "../lib/journey.ts";
import { caller } from "../lib/sipp.ts";
import { listen } from "../lib/sound.ts";
import { System } from "../lib/system.ts";
import { VaultSite, hanako } from "../lib/vault_site.ts";
import { callerTone, operatorTone, toneOnly } from "../lib/voices.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const heardSeconds = 3;

/** Presses play and waits until both sides have sounded in the browser. */
async function hears(place: FrameLocator | Page): Promise<void> {
  await place.locator(".playback li button").first().click();
  await place.locator(".playback .toggle").waitFor();
  for (const side of ["caller", "ours"])
    await until(`${side} to sound`, async () => (await place.locator(`.playback meter.${side}`).evaluate((meter) => (meter as HTMLMeterElement).value)) > 0.1 || undefined);
}

/** The owner's own session, without a page: the samples themselves. */
async function soundOf(system: System, owner: VaultSite, call: string): Promise<void> {
  const listed = await owner.get(`/owner/recordings?call=${call}`);
  const recording = listed.body["recordings"][0].recording as string;
  expectEqual((await owner.post("/owner/playbacks", { recording, reason: "curiosity" })).status, 400, "a reason that is none");
  const begun = await owner.post("/owner/playbacks", { recording, reason: "complaint" });
  expectEqual([begun.status, begun.body["whole"]], [200, true], "the owner's playback");
  const headers = { "Madoguchi-Playback": begun.body["playback"] as string };
  const pieces: Buffer[] = [];
  for (let from = 0; from < begun.body["length_ms"]; from += 4000) pieces.push(await owner.bytes(`/playback/sound?from_ms=${from}&ms=4000`, headers));
  const bytes = Buffer.concat(pieces);
  const side = (channel: number): Int16Array => Int16Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readInt16LE(i * 4 + channel * 2));
  expect(listen(side(0), callerTone).seconds > heardSeconds - 1, "the caller is not on the left of what the vault gives");
  expect(listen(side(1), operatorTone).seconds > heardSeconds - 1, "the operator is not on the right");
  const wada = await VaultSite.signIn(system.ready.glass_url, "wada", system.password("wada"));
  expectEqual((await wada.get(`/owner/recordings?call=${call}`)).body["recordings"], [], "another client's recordings");
  expectEqual((await wada.post("/owner/playbacks", { recording, reason: "complaint" })).status, 404, "another client's playback");
  await wada.bytes("/playback/sound?from_ms=0&ms=4000", headers).then(
    () => expect(false, "another session hears a playback that it did not begin"),
    (error: Error) => expect(error.message.includes("403"), error.message),
  );
}

export const journey: Journey = {
  title: "a call's recording is heard in the glass by its ticket and by the owner, each time an entry, by nobody else",
  seconds: 240,
  async run(context) {
    const system = await System.start(context);
    const { browser, glass, watcher } = await readyOperator(system, context.folder);
    const speech = toneOnly(context.folder, "caller", callerTone, 60);
    await callers(system, {
      folder: context.folder, numbers: [hanako.number], service: leakDesk.number,
      scenario: [caller.call("[field0]", "", "stream"), caller.speak(speech.raw, -1), caller.untilBye()],
    });
    await browser.page.locator(".call-bar.rings").waitFor({ timeout: 30_000 });
    await browser.press("応答");
    const call = await watcher.seesCall("the call connected", (one) => one.stage === "talking");
    await openHanako(glass, async () => undefined);
    await talksFor(call, heardSeconds + 1);

    // ---- by ticket, in the operator's frame
    await hears(glass);
    await glass.locator(".playback .toggle").click();
    const at = await glass.locator(".playback .place").innerText();
    await glass.locator(".playback input[type=range]").press("Home");
    await glass.locator(".playback .place", { hasText: "0:00 /" }).waitFor();
    expect(at !== "", "the place is not shown");
    await browser.screenshot(join(context.folder, "playback.png"));
    expectEqual(await browser.seriousFaults(".glass iframe"), [], "accessibility of the glass");
    const owner = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
    const playbacks = async (): Promise<Record<string, any>[]> =>
      ((await owner.get("/owner/entries?limit=200")).body["entries"] as { entry: Record<string, any> }[]).map((one) => one.entry).filter((one) => one["kind"] === "playback");
    const first = await playbacks();
    expectEqual(first.length, 1, "entries of one playback");
    expectEqual([first[0]!["operator"], first[0]!["call"], first[0]!["outcome"]], ["hana", call.id, "played"], "the playback's entry");
    expect(first[0]!["subject"], "the entry does not name the person who was opened");

    // ---- by nobody else, and no more after the end
    const hana = await system.staff("hana");
    const ticket = await until("the ticket", () => hana.calls.get(call.id)?.opening_ticket ?? undefined);
    const recording = `${call.id}.1`;
    const kenji = await VaultSite.signIn(system.ready.glass_url, "kenji", system.password("kenji"));
    expectEqual((await kenji.post("/playbacks", { recording, owner: "sakura" }, ticket)).body["code"], "no_ticket", "another operator's playback");
    const asHana = async (path: string): Promise<string> => (await askInGlass(glass, "POST", path, { body: { recording, owner: "sakura" }, ticket })).body["code"] ?? "played";
    expectEqual(await asHana("/playbacks"), "played", "the operator's own");
    await glass.locator(".playback .toggle").click();
    await browser.press("終話");
    await watcher.seesCall("the wrap-up", (one) => one.id === call.id && one.stage === "wrap_up");
    expectEqual(await asHana("/playbacks"), "played", "in the wrap-up");
    await wrapUp(hana, call.id);
    expectEqual(await asHana("/playbacks"), "ticket_over", "after the ticket's end");
    await until("the glass to be empty", async () => (await glass.locator(".playback").count()) === 0 || undefined);
    expectEqual((await playbacks()).length, 3, "entries of the operator's playbacks");

    // ---- by the owner
    await soundOf(system, owner, call.id);
    const client = await Console.open(system.url, { language: "ja" });
    await client.page.goto(`${system.ready.glass_url}/client.html?lang=ja`);
    await signInAt(client.page, "oku", system.password("oku"));
    await client.page.locator("#entries tr[data-kind=playback] button").first().click();
    await client.page.locator("select[name=playback-reason]").selectOption("fact_finding");
    await hears(client.page);
    await client.screenshot(join(context.folder, "client-playback.png"));
    expectEqual(await client.seriousFaults(), [], "accessibility of the client's page");
    expectEqual((await playbacks()).map((one) => one["operator"]).sort(), ["hana", "hana", "hana", "oku", "oku"], "who played it");
    watcher.stop();
    await client.close();
    await browser.close();
    await system.stop();
  },
};
