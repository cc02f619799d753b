// Into the glass by passkey alone: an operator makes one with the administrator's code and signs in with it, on the
// vault's own page and in the console's frame; a password, a used code, a replayed answer and a foreign one are refused.
import { join } from "node:path";
import { Console } from "../lib/browser.ts";
import { commandJson } from "../lib/commands.ts";
import type { Journey } from "../lib/journey.ts";
import { SoftwareAuthenticator } from "../lib/passkey.ts";
import { System } from "../lib/system.ts";
import { VaultSite } from "../lib/vault_site.ts";
import { expect, expectEqual } from "../lib/wait.ts";

async function codeFor(system: System, name: string, more: string[] = []): Promise<string> {
  const [made] = await commandJson<{ code: string }>(system, ["staff", "passkey", name, ...more]);
  return made!.code;
}

/** On the vault's own page: made with the code, then signed in anew; what was sent the second time. */
async function enrolAndSignIn(browser: Console, system: System, code: string): Promise<string> {
  const page = browser.page;
  await page.goto(`${system.ready.glass_url}/?lang=ja`);
  await page.locator("#passkey").waitFor();
  expect(!(await page.locator("#password").isVisible()), "a password is asked for");
  await page.locator(".first-passkey summary").click();
  await page.locator("#code").fill(code);
  expectEqual(await browser.seriousFaults(), [], "accessibility of the sign-in");
  await browser.screenshot(join(system.context.folder, "enrol.png"));
  await page.locator("#enrol button").click();
  await page.locator("#signed-in").waitFor({ state: "visible" });
  await page.locator("#sign-out").click();
  await page.locator("#passkey").waitFor({ state: "visible" });
  const sent = page.waitForRequest((request) => request.url().endsWith("/api/passkeys/session"));
  await page.locator("#passkey").click();
  await page.locator("#signed-in").waitFor({ state: "visible" });
  return (await sent).postData()!;
}

/** Whatever is not as it must be gets the same answer. */
async function foreignAnswers(system: System): Promise<void> {
  const glass = VaultSite.visit(system.ready.glass_url);
  const code = await codeFor(system, "oku", ["--at-vault"]);
  const key = new SoftwareAuthenticator(system.ready.glass_url);
  const wanted = (await glass.post("/passkeys/wanted", { code })).body["challenge"] as string;
  const elsewhere = await glass.ask("POST", "/passkeys", { code, ...key.made(wanted) }, "", { Origin: "http://evil.localhost" });
  expectEqual(elsewhere.body["code"], "wrong_origin", "a passkey made from another site's page");
  expectEqual((await glass.post("/passkeys", { code, ...key.made(wanted) })).body["operator_id"], "oku", "who is signed in with the new passkey");
  expectEqual((await glass.get("/owner/live")).status, 200, "the owner's page after it");

  const stranger = VaultSite.visit(system.ready.glass_url);
  const challenge = async (): Promise<string> => (await stranger.post("/passkeys/challenge", {})).body["challenge"] as string;
  const refused = async (what: string, body: object): Promise<void> => {
    const answer = await stranger.post("/passkeys/session", body);
    expectEqual([answer.status, answer.body["code"]], [403, "refused"], what);
  };
  const { origin, site, flags } = key;
  key.origin = "http://evil.localhost";
  await refused("an answer made at another origin", key.assertion(await challenge()));
  key.origin = origin;
  key.site = "evil.localhost";
  await refused("an answer for another site", key.assertion(await challenge()));
  key.site = site;
  key.flags = 0x01;
  await refused("an answer without the person verified", key.assertion(await challenge()));
  key.flags = flags;
  await refused("an answer to a challenge that somebody made up", key.assertion(Buffer.alloc(56, 7).toString("base64url")));
  const good = key.assertion(await challenge());
  await refused("an answer signed by another key", { ...new SoftwareAuthenticator(system.ready.glass_url).assertion(await challenge()), credential: good.credential });
  expectEqual((await stranger.post("/passkeys/session", good)).body["operator_id"], "oku", "the right answer");
  await refused("the same answer again", good);
}

export const journey: Journey = {
  title: "staff sign in to the vault by passkey alone; password, used code, replay and foreign answers are refused",
  seconds: 120,
  async run(context) {
    const system = await System.start(context, {
      settings: (process, toml) => (process === "vault" ? toml.replace('passwords = "demo"', 'passwords = "refused"') : toml),
    });
    const stranger = VaultSite.visit(system.ready.glass_url);
    const password = await stranger.post("/session", { name: "hana", password: system.password("hana") });
    expectEqual([password.status, password.body["code"]], [403, "passkey_wanted"], "the right password");
    expectEqual((await stranger.get("/session")).body, { passwords: false, signed_in: false }, "what a stranger is told");

    const browser = await Console.open(system.url, { language: "ja" });
    await browser.addAuthenticator();
    const code = await codeFor(system, "hana");
    const sent = await enrolAndSignIn(browser, system, code);
    expectEqual((await stranger.post("/passkeys/session", JSON.parse(sent) as object)).status, 403, "the browser's answer, replayed");
    expectEqual((await stranger.post("/passkeys/wanted", { code })).status, 403, "the code, used again");

    await browser.page.goto(`${system.url}/operator/?lang=ja`);
    await browser.signIn("hana", system.password("hana"));
    const glass = browser.page.frameLocator(".glass iframe");
    await glass.locator("#passkey").click();
    await glass.locator("#signed-in").waitFor({ state: "visible" });
    expectEqual(await glass.locator("#code").count(), 0, "places for a code in the console's frame");
    await browser.screenshot(join(context.folder, "framed.png"));

    await foreignAnswers(system);
    await browser.close();
    await system.stop();
  },
};
