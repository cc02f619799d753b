// Callers' numbers stay where they belong: planted ones are looked for in the centre's database, in all that its API
// and event stream say, in every log, in the exchange's and the vault's files, and in an image of the centre's memory.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import WebSocket from "ws";
import { carrier } from "../lib/carrier.ts";
import { command } from "../lib/commands.ts";
import { callers, callingOutBy, talksFor, telephones, withoutWords, wrapUp } from "../lib/floor.ts";
import { signInAtGlass } from "../lib/vault_site.ts";
import type { Journey } from "../lib/journey.ts";
import { caller } from "../lib/sipp.ts";
import { System, memoryImage } from "../lib/system.ts";
import { freePorts } from "../lib/ports.ts";
import { expect, until } from "../lib/wait.ts";

const talks = "0300847261";
const givesUp = "0300958372";
const asks = "0300736194";
const asksForOther = "0300625083";
const other = "0300514972";
const withheld = "0300403861";
const ownPhone = "0300392750"; // of an operator
const planted = [talks, givesUp, asks, asksForOther, other, withheld, ownPhone];

/** How a number may be written: as digits, in pairs of bytes, reversed by nibbles, with separators, escaped. */
function forms(number: string): Buffer[] {
  const tail = number.slice(1); // also within +81…
  const separated = [`${number.slice(0, 2)}-${number.slice(2, 6)}-${number.slice(6)}`, `${number.slice(1, 2)}-${number.slice(2, 6)}-${number.slice(6)}`];
  return [Buffer.from(tail), Buffer.from(tail, "utf16le"), Buffer.from(tail).reverse(), ...separated.map((text) => Buffer.from(text)),
    Buffer.from(Buffer.from(tail).toString("hex")), Buffer.from(Buffer.from(number).toString("base64").slice(0, 12)),
    Buffer.from(Buffer.from(`+81${tail}`).toString("base64").slice(0, 16))];
}

function expectNowhere(where: string, bytes: Buffer): void {
  for (const number of planted)
    for (const form of forms(number)) {
      const at = bytes.indexOf(form);
      if (at >= 0)
        throw new Error(`a caller's number is in ${where} at ${at}: …${JSON.stringify(bytes.subarray(Math.max(0, at - 60), at + 40).toString("latin1"))}…`);
    }
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

export const journey: Journey = {
  title: "planted callers' numbers are found in no database, answer, event, log, file or memory image of the centre",
  seconds: 150,
  async run(context) {
    const port = await freePorts(20);
    const network = join(context.folder, "network");
    const system = await System.start(context, {
      settings: (process, toml) =>
        process === "centre" ? withoutWords(toml) : process === "exchange" ? callingOutBy(toml, `127.0.0.2:${port}`) : toml,
    });
    carrier({ folder: network, address: "127.0.0.2", port, mediaPort: port + 4 });
    const suzu = await system.staff("suzu");
    const heard: string[] = [];
    const stream = new WebSocket(`${system.url.replace(/^http/, "ws")}/api/v1/events`, { headers: suzu.headers() });
    stream.on("message", (data) => heard.push(String(data)));
    const hana = await system.staff("hana");
    const phone = await telephones(system, network, ["hana"], hana);

    const leaves = [caller.call(), caller.pause(700), caller.hangUp()];
    const keys = (digits: string): string[] => [...digits].map((digit, i) => caller.info(digit, i + 2));
    const one = async (name: string, number: string, scenario: string[]) => (await callers(system, { folder: network, name, numbers: [number], scenario })).exits(30);
    expect((await one("gives-up", givesUp, leaves)) === 0, "who gives up could not call");
    const hidden = caller.invite('"Anonymous" <sip:anonymous@anonymous.invalid>', "Privacy: id\n    P-Asserted-Identity: <sip:[field0]@127.0.0.1>\n    ");
    expect((await one("withheld", withheld, [hidden, caller.answered(), caller.ack(), caller.pause(700), caller.hangUp()])) === 0, "who withholds could not call");
    expect((await one("asks", asks, [caller.call(), caller.pause(500), ...keys("1"), caller.untilBye()])) === 0, "who asks could not call");
    expect((await one("asks-other", asksForOther, [caller.call(), caller.pause(500), ...keys(`2${other}#`), caller.untilBye()])) === 0, "who keys a number could not call");
    await suzu.sees("two promises with their tokens", () => [...suzu.promises.values()].filter((promise) => promise.line_token).length === 2);

    await hana.ready();
    const program = await callers(system, { folder: network, name: "talks", numbers: [talks] });
    const call = await hana.seesCall("the call connected", (item) => item.stage === "talking");
    await talksFor(call, 2);
    await hana.act(call.id, "end");
    expect((await program.exits(20)) === 0, "who talks could not call");
    await wrapUp(hana, call.id);
    await signInAtGlass(system, "hana");
    for (const promise of suzu.promises.values()) {
      const { call_id } = await hana.ask<{ call_id: string }>("POST", `/promises/${promise.id}/take`);
      await hana.seesCall("the line that is rung back", (item) => item.id === call_id && item.stage === "talking");
      await hana.act(call_id, "end");
      await wrapUp(hana, call_id);
    }

    // An operator's own phone is rung, too.
    await command(system, ["staff", "phone", "hana"], { input: ownPhone });
    await hana.ask("PUT", "/operators/me/own_phone", { own_phone: true });
    await hana.ready();
    await callers(system, { folder: network, name: "mailbox", numbers: [talks] });
    const unheard = await hana.seesCall("the own phone ringing", (item) => item.stage === "ringing");
    await until("the carrier to be asked for the own phone", () => readFileSync(join(network, "carrier.messages"), "latin1").includes(ownPhone.slice(1)));
    await hana.act(unheard.id, "decline");
    await hana.ask("PUT", "/operators/me/own_phone", { own_phone: false });

    // While they are live, too: one waits, one talks.
    await hana.ready();
    await callers(system, { folder: network, name: "live", numbers: [givesUp], perSecond: 1 });
    await suzu.sees("one who talks and one who waits", () => {
      const stages = [...suzu.calls.values()].map((item) => item.stage);
      return stages.includes("talking") && stages.includes("waiting");
    });
    const token = suzu.calls.get([...suzu.calls.keys()][0]!)?.line_token ?? call.line_token ?? "";
    const image = memoryImage(system.pid("centre") ?? 0, join(context.folder, "centre.core"));
    expect(image.indexOf(Buffer.from(token)) >= 0 && image.length > 1_000_000, "the memory image is not the centre's: its calls are not in it");
    expectNowhere("the centre's memory", image);

    const api = ["/calls?limit=200", "/calls.json", "/calls.csv", "/calls.csv?encoding=cp932", "/promises?state=all", "/operators", "/desks", "/groups",
      "/balance", "/status", ...[...suzu.calls.keys()].map((id) => `/calls/${id}`), ...[...suzu.promises.keys()].map((id) => `/promises/${id}`)];
    for (const path of api) {
      const response = await suzu.request("GET", path);
      expect(response.ok || response.status === 404, `GET ${path}: ${response.status}`);
      expectNowhere(`the answer to GET ${path}`, Buffer.from(await response.arrayBuffer()));
    }
    await until("events to have come", () => heard.length > 5);
    expectNowhere("the event stream", Buffer.from(heard.join("\n")));
    stream.close();
    expectNowhere("what the processes print", readFileSync(join(context.folder, "madoguchi.log")));
    for (const file of files(system.folder)) if (statSync(file).size < 2 ** 30) expectNowhere(file, readFileSync(file));
    suzu.stop();
    hana.stop();
    await phone.stop();
    await system.stop();
    for (const file of files(system.folder)) expectNowhere(`${file} after the end`, readFileSync(file));
    expectNowhere("what the processes print at the end", readFileSync(join(context.folder, "madoguchi.log")));
  },
};
