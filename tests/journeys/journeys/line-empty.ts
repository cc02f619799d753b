// A machine without a demo: everything is set up by the administrator's commands alone, and then a call is taken.
import { join } from "node:path";
import { Console } from "../lib/browser.ts";
import { command, commandJson } from "../lib/commands.ts";
import { callers, talksFor } from "../lib/floor.ts";
import type { Context, Journey } from "../lib/journey.ts";
import { System } from "../lib/system.ts";
import { operatorTone, toneOnly } from "../lib/voices.ts";
import { expect, expectEqual } from "../lib/wait.ts";

const passwords = { console: "for the console only", glass: "for the glass alone" };
const number = "+81300000077";

async function setUp(system: System): Promise<void> {
  await command(system, ["organisation", "add", "mori", "森の銀行"]);
  await command(system, ["organisation", "add", "kawa", "川の保険"]);
  await command(system, ["number", "bind", number, "--organisation", "mori"]);
  const taken = await command(system, ["number", "bind", number, "--organisation", "kawa"], { expected: 1 });
  expect(/bound to another organisation/.test(taken), `a number bound elsewhere: ${taken}`);
  await command(system, ["group", "add", "first", "一次窓口"]);
  await command(system, [
    "desk", "add", "enquiries", "--name", "お問い合わせ窓口", "--organisation", "mori", "--group", "first", "--number", number,
    "--greeting", "森の銀行でございます。",
  ]);
  await command(system, ["staff", "add", "aki", "--display-name", "秋山", "--group", "first"], { input: passwords.console });
  await command(system, ["staff", "add", "lead", "--role", "supervisor", "--group", "first"], { input: passwords.console });
  await command(system, ["staff", "password", "aki", "--glass"], { input: passwords.glass });
  await command(system, ["staff", "phone", "aki"], { input: "090 0000 0001" });
}

/** Mistakes are told in one line, with an exit code that is not 0. */
async function refusals(system: System): Promise<void> {
  const cases: { args: string[]; says: RegExp; code: number; input?: string }[] = [
    { args: ["desk", "add", "other", "--name", "x", "--organisation", "none", "--group", "first", "--number", "+81300000078"], says: /organisation_id: there is no such organisation/, code: 2 },
    { args: ["desk", "add", "other", "--name", "x", "--organisation", "kawa", "--group", "first", "--number", number], says: /belongs to desk enquiries/, code: 2 },
    { args: ["staff", "add", "short"], says: /10 characters/, code: 2, input: "short" },
    { args: ["staff", "add", "aki"], says: /another account has it/, code: 1, input: passwords.console },
    { args: ["staff", "password", "nobody", "--glass"], says: /nobody is called nobody/, code: 2 },
    { args: ["staff", "password", "aki"], says: /--console .* or --glass/, code: 2 },
    { args: ["staff", "phone", "aki"], says: /Emergency|緊急/, code: 2, input: "110" },
  ];
  for (const { args, says, code, input } of cases) {
    const said = await command(system, args, { expected: code, ...(input === undefined ? {} : { input }) });
    expect(says.test(said), `madoguchi ${args.join(" ")} says: ${said}`);
    expectEqual(said.trim().split("\n").length, 1, `lines of madoguchi ${args.join(" ")}`);
  }
}

/** On the vault's own page, with the administrator's code: outside a demo there is no other way into the glass. */
async function firstPasskey(system: System, browser: Console): Promise<void> {
  const [made] = await commandJson<{ code: string }>(system, ["staff", "passkey", "aki"]);
  await browser.addAuthenticator();
  await browser.page.goto(`${system.ready.glass_url}/?lang=ja`);
  await browser.page.locator(".first-passkey summary").click();
  await browser.page.locator("#code").fill(made!.code);
  await browser.page.locator("#enrol button").click();
  await browser.page.locator("#signed-in").waitFor({ state: "visible" });
}

async function takesACall(system: System, context: Context): Promise<void> {
  const sound = toneOnly(context.folder, "operator", operatorTone, 30);
  const browser = await Console.open(system.url, { microphone: sound.wav, language: "ja" });
  await firstPasskey(system, browser);
  await browser.page.goto(`${system.url}/operator/?lang=ja`);
  await browser.signIn("aki", passwords.console);
  const glass = browser.page.frameLocator("iframe");
  await glass.locator("#passkey").click();
  await glass.locator("#signed-in").waitFor({ state: "visible" });
  const lead = await system.staff("lead");
  await lead.sees("aki's seat connected", () => lead.operators.get("aki")?.seat_connected);
  await browser.press("受付可");
  await lead.sees("aki ready", () => lead.operators.get("aki")?.state === "ready");
  const program = await callers(system, { folder: context.folder, numbers: ["0300002222"], service: number });
  await browser.page.locator(".call-bar.rings").waitFor({ timeout: 30_000 });
  await browser.screenshot(join(context.folder, "ringing.png"));
  await browser.press("応答");
  const call = await lead.seesCall("the call connected", (one) => one.stage === "talking");
  expectEqual(call.desk_id, "enquiries", "the desk of the call");
  await talksFor(call, 2);
  await browser.press("終話");
  expectEqual(await program.exits(20), 0, "SIPp's exit code");
  expect((await system.exportRecording(call.id, join(context.folder, "call.wav"))).bytes > 10_000, "the recording is empty");
  lead.stop();
  await browser.close();
}

export const journey: Journey = {
  title: "without a demo, commands alone make organisation, number, desk and staff; an operator signs in and takes a call",
  seconds: 180,
  async run(context) {
    const system = await System.start(context, {
      args: ["--empty"],
      passwords: { aki: passwords.console, lead: passwords.console },
      settings: (process, toml) => (process === "exchange" ? `${toml}\n[[trunk]]\nname = "here"\naddresses = ["127.0.0.0/8"]\ntrusted = true\n` : toml),
    });
    expectEqual(system.ready.sign_ins.map((one) => one.role), ["administrator"], "who can sign in at first");
    await setUp(system);
    await refusals(system);
    expectEqual((await commandJson<{ id: string }>(system, ["organisation", "list"])).map((one) => one.id), ["kawa", "mori"], "organisations");
    expectEqual((await commandJson<{ number: string; organisation_id: string }>(system, ["number", "list"])).map((one) => one.organisation_id), ["mori"], "numbers");
    await takesACall(system, context);

    // A restart keeps it all; whoever is disabled is out.
    await system.stop();
    await system.run();
    expectEqual((await commandJson<{ id: string }>(system, ["desk", "list"])).map((one) => one.id), ["enquiries"], "desks after a restart");
    await command(system, ["staff", "disable", "aki"]);
    const staff = await commandJson<{ name: string; disabled: boolean }>(system, ["staff", "list"]);
    expectEqual(staff.filter((one) => one.disabled).map((one) => one.name), ["aki"], "disabled staff");
    const kinds = (await system.journal()).map((entry) => String(entry["kind"] ?? entry["event"] ?? entry["what"]));
    expect(kinds.includes("staff_disabled") && kinds.includes("password_set"), `the vault's journal tells of staff: ${kinds.join(" ")}`);
    await system.stop();
  },
};
