// A machine without a demo: everything is set up by the administrator's commands alone, and then a call is taken. A number
// that its desk gave up becomes another client's.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Staff } from "../lib/api.ts";
import { Baresip } from "../lib/baresip.ts";
import { Console } from "../lib/browser.ts";
import { command, commandJson } from "../lib/commands.ts";
import { callers, talksFor } from "../lib/floor.ts";
import type { Context, Journey } from "../lib/journey.ts";
import { freePorts } from "../lib/ports.ts";
import { System } from "../lib/system.ts";
import { operatorTone, toneOnly } from "../lib/voices.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const passwords = { console: "for the console only", glass: "for the glass alone", telephone: "of-the-telephone" };
const ownNumber = "+819000000001";
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
  // Speech is on by itself where espeak-ng is installed.
  const [desk] = await commandJson<{ unspoken: string[] }>(system, ["desk", "list"]);
  expectEqual(desk?.unspoken, [], "words of the desk that nobody hears");
  await command(system, ["staff", "add", "aki", "--display-name", "秋山", "--group", "first"], { input: passwords.console });
  await command(system, ["staff", "add", "mori-client", "--role", "client", "--organisation", "mori"], { input: passwords.console });
  expect(/mori-client .* client  organisation mori$/m.test(await command(system, ["staff", "list"])), "staff list lacks a client's organisation");
  await command(system, ["staff", "add", "lead", "--role", "supervisor", "--group", "first"], { input: passwords.console });
  await command(system, ["staff", "password", "aki", "--glass"], { input: passwords.glass });
  await command(system, ["staff", "phone", "aki"], { input: "090 0000 0001" });
}

/** Mistakes are told in one line, with an exit code that is not 0. */
async function refusals(system: System, context: Context): Promise<void> {
  const people = join(context.folder, "people.csv");
  writeFileSync(people, "氏名\n架空 太郎\n");
  const aboutAFile = ["--source", "journey", "--given-for", "journey", "--obtained-on", "2026-11-01"];
  const cases: { args: string[]; says: RegExp; code: number; input?: string }[] = [
    { args: ["desk", "add", "other", "--name", "x", "--organisation", "none", "--group", "first", "--number", "+81300000078"], says: /organisation_id: there is no such organisation/, code: 2 },
    { args: ["desk", "add", "other", "--name", "x", "--organisation", "kawa", "--group", "first", "--number", number], says: /belongs to desk enquiries/, code: 2 },
    { args: ["staff", "add", "short"], says: /10 characters/, code: 2, input: "short" },
    { args: ["staff", "add", "aki"], says: /another account has it/, code: 1, input: passwords.console },
    { args: ["staff", "password", "nobody", "--glass"], says: /nobody is called nobody/, code: 2 },
    { args: ["staff", "password", "aki"], says: /--console .* or --glass/, code: 2 },
    { args: ["staff", "sip", "aki"], says: /--user, or --forget/, code: 2 },
    { args: ["staff", "sip", "aki", "--user", "aki desk"], says: /phone_user/, code: 2, input: passwords.telephone },
    { args: ["staff", "phone", "aki"], says: /Emergency|緊急/, code: 2, input: "110" },
    { args: ["staff", "place", "aki", "--organisation", "Mori", "--role", "operator"], says: /there is no organisation Mori/, code: 2 },
    { args: ["import", ...aboutAFile, "--organisation", "nobody", people], says: /there is no organisation nobody/, code: 2 },
    { args: ["organisation", "add", "two", "二行の\n名前"], says: /one line|control characters/, code: 2 },
    { args: ["number", "bind", "abc", "--organisation", "mori"], says: /none that callers can dial/, code: 1 },
    { args: ["number", "bind", "110", "--organisation", "mori"], says: /short number of the networks/, code: 1 },
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

/** At the telephone network: whoever dials aki's own number reaches it. A desk telephone hangs on it too. */
async function aTelephone(system: System, context: Context, ports: number): Promise<Baresip> {
  const sound = toneOnly(context.folder, "outside", operatorTone, 60);
  return Baresip.start("outside", {
    folder: join(context.folder, "outside"), sipPort: ports, controlPort: ports + 5, sound: sound.wav,
    accounts: [
      `<sip:${ownNumber}@127.0.0.1:${ports}>;regint=0;answermode=manual`,
      `<sip:aki-desk@${system.sip}>;auth_pass=${passwords.telephone};regint=60;answermode=auto`,
    ],
  });
}

/** A telephone registers once a command says so, and no longer; then aki's own phone is rung and takes a call by key 1. */
async function ownPhone(system: System, context: Context, browser: Console, lead: Staff, ports: number): Promise<void> {
  await command(system, ["staff", "sip", "aki", "--user", "aki-desk"], { input: passwords.telephone });
  const telephone = await aTelephone(system, context, ports);
  await lead.sees("aki's telephone registered", () => lead.operators.get("aki")?.phone_registered);
  await command(system, ["staff", "sip", "aki", "--forget"]);
  await lead.sees("aki's telephone forgotten", () => lead.operators.get("aki")?.phone_registered === false);

  await browser.page.locator(".audio summary").click();
  await browser.page.getByLabel(/自分の電話で受ける/).click();
  await lead.sees("aki at an own phone", () => lead.operators.get("aki")?.own_phone);
  await browser.press("受付可");
  await lead.sees("aki ready again", () => lead.operators.get("aki")?.state === "ready");
  const program = await callers(system, { folder: context.folder, name: "second", numbers: ["0300003333"], service: number });
  await telephone.event("CALL_INCOMING");
  await browser.screenshot(join(context.folder, "own-phone.png"));
  expect(await browser.page.getByText("ご自分の電話に出て、1を押してください。").isVisible(), "the console does not say where it rings");
  await telephone.command("accept");
  await telephone.event("CALL_ESTABLISHED");
  // Whoever only picks up, as a mailbox does, gets no caller.
  const call = await lead.seesCall("the call still ringing", (one) => one.stage === "ringing");
  await telephone.command("sndcode", "1");
  await lead.seesCall("the call connected", (one) => one.id === call.id && one.stage === "talking");
  await telephone.command("hangup");
  expectEqual(await program.exits(20), 0, "SIPp's exit code");
  const told = (await system.journal()).map((entry) => JSON.stringify(entry));
  expect(told.some((line) => /"ticket_made"/.test(line) && /"own_phone":true/.test(line)), "no ticket for aki's own phone in the vault's journal");
  expect(!told.some((line) => line.includes(ownNumber.slice(3))), "aki's number stands in the vault's journal");
  await telephone.stop();
}

async function takesACall(system: System, context: Context, ports: number): Promise<void> {
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
  const soFar = await system.exportRecording(call.id, join(context.folder, "so-far.wav"));
  expectEqual([soFar.cut_off, soFar.goes_on], [false, true], "cut off, goes on: the recording of a call that is up");
  expect(soFar.bytes > 10_000, "the recording of a call that is up is empty");
  await browser.press("終話");
  expectEqual(await program.exits(20), 0, "SIPp's exit code");
  const whole = await system.exportRecording(call.id, join(context.folder, "call.wav"));
  expect(whole.bytes > soFar.bytes, "the recording is no longer than it was during the call");
  expectEqual([whole.cut_off, whole.goes_on], [false, false], "cut off, goes on: the recording of a call that ended");
  await browser.press("完了して離席");
  await ownPhone(system, context, browser, lead, ports);
  // Whoever is disabled in the console is signed out at the glass too.
  const admin = await system.staff("admin");
  await admin.ask("PUT", "/accounts/aki", { disabled: true });
  await until("the vault to end aki's session", async () => (await system.journal()).some((entry) => entry["kind"] === "sessions_ended"));
  await admin.ask("PUT", "/accounts/aki", { disabled: false });
  admin.stop();
  lead.stop();
  await browser.close();
}

/** A number that a desk uses stays where it is; one that none uses is taken away, or becomes another's. */
async function movesNumbers(system: System): Promise<void> {
  const move = ["number", "move", number, "--organisation", "kawa"];
  for (const words of [["number", "unbind", number], move])
    expect(/desk enquiries is reached by/.test(await command(system, words, { expected: 1 })), `${words.join(" ")} while a desk uses it`);
  await command(system, ["desk", "add", "enquiries", "--number", "+81300000078", "--shown-number", number]);
  expect(/desk enquiries shows/.test(await command(system, move, { expected: 1 })), "moving a number that a desk shows");
  await command(system, ["desk", "add", "enquiries", "--shown-number", "+81300000078"]);
  const [moved] = await commandJson<{ was: string }>(system, move);
  expectEqual(moved?.was, "mori", "whose the number was");
  await command(system, ["number", "unbind", number]);
  expect(/no organisation/.test(await command(system, ["number", "unbind", number], { expected: 2 })), "a number that is nobody's, unbound");
  const bound = await commandJson<{ number: string; organisation_id: string }>(system, ["number", "list"]);
  expectEqual(bound.map((one) => [one.number, one.organisation_id]), [["+81300000078", "mori"]], "numbers that are bound");
  await command(system, ["number", "bind", number, "--organisation", "kawa"]);
}

export const journey: Journey = {
  title: "without a demo, commands alone make organisation, number, desk and staff; an operator signs in and takes a call",
  seconds: 180,
  async run(context) {
    const ports = await freePorts(10);
    const system = await System.start(context, {
      args: ["--empty"],
      passwords: { aki: passwords.console, lead: passwords.console },
      settings: (process, toml) => (process === "exchange" ? `${toml}\n[[trunk]]\nname = "here"\naddresses = ["127.0.0.0/8"]\ntrusted = true\ntarget = "sip:127.0.0.1:${ports}"\n` : toml),
    });
    expectEqual(system.ready.sign_ins.map((one) => one.role), ["administrator"], "who can sign in at first");
    await setUp(system);
    await refusals(system, context);
    await command(system, ["log", "key"]);
    expectEqual((await commandJson<{ id: string }>(system, ["organisation", "list"])).map((one) => one.id), ["kawa", "mori"], "organisations");
    expectEqual((await commandJson<{ number: string; organisation_id: string }>(system, ["number", "list"])).map((one) => one.organisation_id), ["mori"], "numbers");
    await takesACall(system, context, ports);

    // A restart keeps it all; whoever is disabled is out.
    await system.stop();
    await system.run();
    expectEqual((await commandJson<{ id: string }>(system, ["desk", "list"])).map((one) => one.id), ["enquiries"], "desks after a restart");
    await command(system, ["staff", "disable", "aki"]);
    const staff = await commandJson<{ name: string; disabled: boolean }>(system, ["staff", "list"]);
    expectEqual(staff.filter((one) => one.disabled).map((one) => one.name), ["aki"], "disabled staff");
    await movesNumbers(system);
    const kinds = (await system.journal()).map((entry) => String(entry["kind"] ?? entry["event"] ?? entry["what"]));
    expect(kinds.includes("staff_disabled") && kinds.includes("password_set"), `the vault's journal tells of staff: ${kinds.join(" ")}`);
    await system.stop();
  },
};
