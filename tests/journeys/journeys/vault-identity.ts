// Who speaks for the person, and the supervisor's word: a relative to whom the mandate gives nothing, an agent who takes
// more answers, and a supervisor who confirms in the own glass what answers do not; each in the client's log.
import { join } from "node:path";
import { Console } from "../lib/browser.ts";
import { callers, leakDesk } from "../lib/floor.ts";
import { readyOperator, signInAt } from "../lib/glass.ts";
import type { Journey } from "../lib/journey.ts";
import { System } from "../lib/system.ts";
import { VaultSite, hanako } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

export const journey: Journey = {
  title: "an agent's call opens what the mandate gives agents, on a supervisor's logged word",
  seconds: 240,
  async run(context) {
    const system = await System.start(context);
    const { browser, glass, watcher } = await readyOperator(system, context.folder);
    const shot = (name: string): Promise<void> => browser.screenshot(join(context.folder, `${name}.png`));
    const supervisor = await Console.open(system.url, { language: "en" });
    await supervisor.page.goto(`${system.ready.glass_url}/?lang=en`);
    await signInAt(supervisor.page, "suzu", system.password("suzu"));
    await supervisor.page.locator("#signed-in").waitFor();
    await callers(system, { folder: context.folder, numbers: [hanako.number], service: leakDesk.number });
    await browser.page.locator(".call-bar.rings").waitFor({ timeout: 30_000 });
    await browser.press("応答");
    await watcher.seesCall("the call connected", (one) => one.stage === "talking");
    await glass.locator(".people button").first().click();

    // ---- whom the mandate gives nothing
    const caller = glass.locator("select[name=caller]");
    await caller.locator("option[value=relative]").waitFor({ state: "attached" });
    await caller.selectOption("relative");
    await glass.locator(".asks .nothing").waitFor();
    expect(await glass.locator(".caller button").isDisabled(), "a relative may be gone on with, though nothing is given to relatives");
    await shot("relative");

    // ---- an agent, by keyboard
    await caller.selectOption("agent");
    await glass.locator("select[name=caller-basis]").selectOption("power_of_attorney");
    await glass.locator(".caller button").press("Enter");
    await glass.locator(".caller [role=status]", { hasText: "委任状" }).waitFor();
    await glass.locator("select[name=check-field]").selectOption("name_kana");
    await glass.locator("input[name=typed]").fill(hanako.kana);
    await glass.locator("input[name=typed]").press("Enter");
    await glass.locator(".outcome.match").waitFor();
    expect(await glass.locator("button.open").isDisabled(), "one answer is enough for an agent, whom the mandate asks for two");
    await shot("agent");
    expectEqual(await browser.seriousFaults(".glass iframe"), [], "accessibility of the identity check");

    // ---- the supervisor's word
    await glass.locator(".vouch-ask").press("Enter");
    const wanted = supervisor.page.locator(".vouches li");
    await wanted.waitFor();
    await supervisor.screenshot(join(context.folder, "supervisor.png"));
    expectEqual(await supervisor.seriousFaults(), [], "accessibility of the supervisor's glass");
    expect(!(await supervisor.page.content()).includes(hanako.name), "the supervisor's page shows the name");
    await wanted.locator("select[name=vouch-reason]").selectOption("called_back");
    await wanted.locator("button.vouch").press("Enter");
    await glass.locator(".outcome.match", { hasText: "上席" }).waitFor();
    await until("the record may be opened", async () => (await glass.locator("button.open").isEnabled()) || undefined);
    await shot("vouched");
    await glass.locator("button.open").press("Enter");
    await glass.locator(".values").waitFor();

    // ---- the client's log
    const owner = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
    const entries = ((await owner.get("/owner/entries?limit=200")).body["entries"] as { entry: Record<string, any> }[]).map(({ entry }) => entry).reverse();
    const checks = entries.filter((one) => one["kind"] === "identity_check");
    expectEqual(checks.map((one) => one["outcome"]), ["caller_is", "match", "vouch_wanted", "vouched"], "the identity check's entries");
    const said = (one: Record<string, any>): unknown[] => [one["details"]?.["caller"], one["details"]?.["basis"]];
    expectEqual(said(checks[0]!), ["agent", "power_of_attorney"], "who was said to speak");
    expectEqual([checks[3]!["details"]["by"], checks[3]!["details"]["reason"], checks[3]!["operator"]], ["suzu", "called_back", "hana"], "the supervisor's word");
    const openings = entries.filter((one) => one["kind"] === "opening");
    expectEqual(openings.map(said), [1, 2, 3].map(() => ["agent", "power_of_attorney"]), "what the openings say of the caller");
    watcher.stop();
    await supervisor.close();
    await browser.close();
    await system.stop();
  },
};
