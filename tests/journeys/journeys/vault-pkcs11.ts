// The vault's master key in a PKCS#11 token (SoftHSM2). A deployment that began with a key file moves to the token: a
// caller's record opens as before, the file is gone, an old copy of it opens nothing. Token away, PIN wrong, key missing:
// one line, exit 2, nothing started; pulled out while calls and openings go on, nothing stops. The token's key is replaced
// amid a call, by two commands at once, the vault killed while that is done and after it; what it does not hang on any more is
// destroyed. Then a vault that hangs on the token from its first start.
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command, commandJson } from "../lib/commands.ts";
import { withoutWords } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { Program, runToEnd } from "../lib/process.ts";
import { Shift } from "../lib/shift.ts";
import { SoftToken } from "../lib/soft_token.ts";
import { System } from "../lib/system.ts";
import { hanako } from "../lib/vault_site.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

interface Replaced {
  key: string;
  before: string;
}

/** The vault alone, which must refuse to start. */
async function refuses(system: System, what: string, says: RegExp): Promise<void> {
  const file = join(system.folder, "vault.toml");
  const program = new Program("vault", system.binary, ["vault", "--config", file], { cwd: system.folder });
  const code = await program.exits(40);
  const lines = program.output.trim().split("\n").filter((line) => line.startsWith("madoguchi: "));
  expectEqual([code, lines.length], [2, 1], `${what}: exit code and lines (${program.output.trim()})`);
  expect(lines[0]!.includes(file) && says.test(lines[0]!), `${what}: ${lines[0]}`);
}

async function openOnce(system: System, folder: string, amid = async (): Promise<void> => undefined): Promise<void> {
  const hana = await Shift.begin(system, folder);
  const served = await hana.takes(hanako.number);
  const [person] = await hana.candidates(served.ticket);
  expect(person, "nobody is known by the caller's number");
  await amid();
  const opened = await hana.opens(person, hanako.kana, served.ticket);
  expect(JSON.stringify(opened.body["values"] ?? "").includes(hanako.name), `opening: ${opened.status} ${JSON.stringify(opened.body)}`);
  await hana.ends(served);
  await hana.stop();
}

/** An operator who thinks that the command hangs gives it again: one of them at least does it, and no key is left over or lost. */
async function replacedTwiceAtOnce(system: System, token: SoftToken, when: "at once" | "with the first one's key there"): Promise<void> {
  const before = token.objects();
  const rotate = (name: string): Program => new Program(name, system.binary, ["keys", "rotate", "--master"], { env: { MADOGUCHI_DATA: system.folder } });
  const first = rotate("first");
  if (when !== "at once") await until("the first one's key", () => token.objects() > before);
  const second = rotate("second");
  const codes = [await first.exits(60), await second.exits(60)];
  const said = `${when}: ${codes.join(", ")}: ${first.output.trim()} / ${second.output.trim()}`;
  const done = codes.filter((code) => code === 0).length;
  expect(done > 0, said);
  expectEqual(token.objects() - before, done, `keys more in the token, ${said}`);
}

export const journey: Journey = {
  title: "the master key moves from its file into a PKCS#11 token, records open as before, and what is wrong with it is said in one line",
  seconds: 400,
  async run(context) {
    const { folder } = context;
    const token = await SoftToken.make(join(folder, "token"));
    const system = await System.start(context, { settings: (process, toml) => (process === "centre" ? withoutWords(toml) : toml) });
    await system.stop();
    const settings = join(system.folder, "vault.toml");
    const data = join(system.folder, "vault");
    const key = join(data, "master.key");
    const byFile = readFileSync(settings, "utf8");
    copyFileSync(key, join(folder, "old.key"));
    const masterKey = (verb: string): Promise<string> => runToEnd(system.binary, ["master-key", verb, "--config", settings], { cwd: system.folder });

    // ---- from the file to the token
    writeFileSync(settings, `${byFile}${token.settings()}`);
    await refuses(system, "no key in the token yet", /token\.key: token "madoguchi" has no key "madoguchi-master"/);
    await masterKey("make");
    await refuses(system, "a database that hangs on a file", /token: the vault's database hangs on the key in .*master-key move/);
    expect(/\d+ keys hang on the token now/.test(await masterKey("move")), "the move");
    expect(!existsSync(key), "the master key's file is still there");

    // ---- calls and openings, also while the token is pulled out
    await system.run();
    await openOnce(system, join(folder, "first"));
    let back = (): void => undefined;
    await openOnce(system, join(folder, "second"), async () => {
      back = token.away();
      // A client's key hangs on what the vault holds in memory, the master key on the token.
      await command(system, ["keys", "rotate", "sakura"]);
      expect(/token "madoguchi" is not there/.test(await command(system, ["keys", "rotate", "--master"], { expected: 2 })), "a key replaced in a token that is away");
      const isDone = async (): Promise<true | undefined> => ((await commandJson<{ rotating: boolean }>(system, ["keys", "status"])).some((one) => one.rotating) ? undefined : true);
      await until("the rotation to be done", isDone, { seconds: 60 });
    });
    back();

    // ---- another key in the token, amid a call, and killed while it is put in place
    await openOnce(system, join(folder, "replaced"), async () => {
      const [replaced] = await commandJson<Replaced>(system, ["keys", "rotate", "--master"]);
      expectEqual([replaced!.key, replaced!.before], ["madoguchi-master.2", "madoguchi-master"], "the token's keys");
    });
    const objects = token.objects();
    const cut = new Program("rotate", system.binary, ["keys", "rotate", "--master"], { env: { MADOGUCHI_DATA: system.folder } });
    await until("the token to have another key", () => (token.objects() > objects ? true : undefined));
    await system.restarted("vault", system.kill("vault"));
    await cut.exits(60);
    await until("the vault to tell of its keys again", () => commandJson(system, ["keys", "status"]).catch(() => undefined));
    for (const when of ["at once", "with the first one's key there", "at once", "with the first one's key there"] as const) await replacedTwiceAtOnce(system, token, when);
    const [last] = await commandJson<Replaced>(system, ["keys", "rotate", "--master"]);
    expect(/the vault hangs on key/.test(await command(system, ["keys", "destroy", last!.key], { expected: 2 })), "destroying the key in use");
    await command(system, ["keys", "destroy", last!.before]);
    expect(/has no key/.test(await command(system, ["keys", "destroy", last!.before], { expected: 2 })), "destroying it again");
    await system.restarted("vault", system.kill("vault"));
    await until("the vault to be there again", () => commandJson(system, ["keys", "status"]).catch(() => undefined));
    await openOnce(system, join(folder, "after"));
    await system.stop();

    // ---- what is wrong is said, and nothing starts
    back = token.away();
    await refuses(system, "token away", /token\.label: token "madoguchi" is not there/);
    const up = new Program("up", system.binary, system.arguments, { cwd: system.folder });
    expectEqual(await up.exits(60), 2, `exit code of up without the token (${up.output})`);
    expect(/token "madoguchi" is not there/.test(up.output) && !/"ready"/.test(up.output), `up says: ${up.output}`);
    back();
    token.pin("00000");
    await refuses(system, "a wrong PIN", /token\.pin_file: .*pin: holds the wrong PIN/);
    token.pin("13579");
    writeFileSync(settings, `${byFile}${token.settings("another")}`);
    await refuses(system, "no such key", /token\.key: token "madoguchi" has no key "another"/);
    await masterKey("make");
    await refuses(system, "another key", /token\.key: key "another" of token "madoguchi" does not fit the vault's database/);
    writeFileSync(settings, byFile);
    copyFileSync(join(folder, "old.key"), key);
    await refuses(system, "the old key file", /token: is missing, but the vault's database hangs on a key in a token/);
    rmSync(key);

    // ---- from the first start on
    writeFileSync(settings, `${byFile}${token.settings()}`);
    renameSync(data, join(folder, "before"));
    await system.run();
    await openOnce(system, join(folder, "fresh"));
    await system.stop();
    expect(!existsSync(key), "a vault with a token made a key file");
  },
};
