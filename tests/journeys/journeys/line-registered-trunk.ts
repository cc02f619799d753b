// A carrier at which the exchange registers. It calls in on that registration, and a promise is rung out through it,
// showing a published number. An asserted identity is believed only from whom the settings trust. Nobody gets through
// us to somebody else, and without a ticket nothing leaves.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Capture, sipMessages } from "../lib/capture.ts";
import { carrier } from "../lib/carrier.ts";
import { leakDesk, talksFor, telephones, withoutWords, wrapUp } from "../lib/floor.ts";
import { signInAtGlass } from "../lib/vault_site.ts";
import type { Journey } from "../lib/journey.ts";
import { caller, sipp } from "../lib/sipp.ts";
import { System } from "../lib/system.ts";
import { freePorts } from "../lib/ports.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

const atCarrier = "127.0.0.2";
const stranger = "127.0.0.3";
const untrusted = "127.0.0.4";
const login = { user: "0300007000", password: "of-the-carrier" };
const foreign = ["+819012345678", "0312345678", "+12025550123", "110", "hana"];

function trunks(toml: string, port: number): string {
  return `${toml.slice(0, toml.indexOf("[[trunk]]"))}
[[trunk]]
name = "carrier"
trusted = true
register = true
target = "sip:${atCarrier}:${port}"
user = "${login.user}"
password = "${login.password}"

[[trunk]]
name = "somebody"
addresses = ["${untrusted}"]
`;
}

export const journey: Journey = {
  title: "the exchange registers at a carrier, is called and calls out there; no relay, no call out without a ticket",
  seconds: 120,
  async run(context) {
    const { folder } = context;
    const port = await freePorts(60);
    const network = carrier({ folder, address: atCarrier, port, mediaPort: port + 2, login });
    const system = await System.start(context, {
      settings: (process, toml) => (process === "centre" ? withoutWords(toml) : process === "exchange" ? trunks(toml, port) : toml),
    });
    const capture = await Capture.start(join(folder, "wire.pcap"), `udp port ${system.sipPort}`);
    const hana = await system.staff("hana");
    const phone = await telephones(system, folder, ["hana"], hana);
    await until("the registration at the carrier", () => {
      const answers = readFileSync(join(folder, "carrier.messages"), "latin1").split(/^-{20,}/m);
      return answers.some((text) => /SIP\/2\.0 200 OK/.test(text) && /CSeq: \d+ REGISTER/.test(text));
    });

    let ports = port + 10;
    const calls = (name: string, from: string, scenario: string[], service: string = leakDesk.number) =>
      sipp({
        folder, name, target: system.sip, localAddress: from, service, sipPort: (ports += 2), mediaPort: ports + 1, scenario,
        rows: [["0300001111"]],
      });
    const asserting = (identity: string): string[] => [
      caller.invite('"0300005555" <sip:0300005555@[local_ip]>', `P-Asserted-Identity: <sip:${identity}@carrier.example>\n    `),
      caller.answered(), caller.ack(),
    ];
    const arrives = async (name: string, from: string, scenario: string[], service?: string): Promise<string> => {
      const known = new Set(hana.calls.keys());
      const program = calls(name, from, [...scenario, caller.untilBye()], service);
      const call = await hana.seesCall(`the call of ${name}`, (one) => !known.has(one.id) && one.stage === "talking" && one.line_token !== null);
      await hana.act(call.id, "end");
      expectEqual(await program.exits(20), 0, `SIPp's exit code (${name})`);
      await wrapUp(hana, call.id, "ready");
      return call.line_token ?? "";
    };

    // Whose word is believed.
    await hana.ready();
    const asserted = await arrives("trusted", atCarrier, asserting("0300001111"));
    const claimed = await arrives("untrusted", untrusted, asserting("0300001111"));
    const plain = await arrives("plain", atCarrier, asserting("0300005555"));
    expect(asserted !== claimed, "an identity asserted by somebody untrusted was believed");
    expectEqual(claimed, plain, "the line of who is not trusted is the one in From");
    // Registrars put the registered Contact into the Request-URI; whom the caller dialled stands elsewhere then.
    const toContact = [
      caller.invite('"0300005555" <sip:0300005555@[local_ip]>', `P-Called-Party-ID: <sip:${leakDesk.number}@carrier.example>\n    `),
      caller.answered(), caller.ack(),
    ];
    expectEqual(await arrives("to-contact", atCarrier, toContact, login.user), plain, "the line that calls the Contact");
    await hana.away();

    // Who is nobody's customer, and who asks for somebody else's number, gets nowhere.
    const refused = async (name: string, from: string, service: string, status: number): Promise<void> => {
      const program = calls(name, from, [caller.invite('"0300005555" <sip:0300005555@[local_ip]>'), `<recv response="100" optional="true"/><recv response="${status}"/>`, caller.ack()], service);
      expectEqual(await program.exits(20), 0, `${name}: calling ${service} is answered with ${status}; SIPp's exit code`);
    };
    await refused("stranger", stranger, leakDesk.number, 403);
    for (const [i, number] of foreign.entries()) {
      await refused(`relay-trusted-${i}`, atCarrier, number, 404);
      await refused(`relay-stranger-${i}`, stranger, number, 403);
    }
    await phone.command("dial", `sip:09012345678@${system.sip}`);
    await phone.event("CALL_CLOSED");

    // A promise is rung out there, once it has a ticket.
    const asks = calls("asks", atCarrier, [...asserting("0300001111"), caller.pause(500), caller.info("1", 2), caller.untilBye()]);
    expectEqual(await asks.exits(30), 0, "SIPp's exit code (asks)");
    const promise = await hana.sees("the promise", () => [...hana.promises.values()].find((one) => one.state === "open" && one.line_token));
    expectEqual((await hana.request("POST", "/promises/unheard-of/take")).status, 404, "taking a promise that there is not");
    const unknown = await hana.request("POST", `/promises/${promise.id}/take`);
    expect(!unknown.ok && /Sign in at the glass/.test(await unknown.text()), "who is not signed in at the glass could ring back");
    await signInAtGlass(system, "hana");
    const { call_id } = await hana.ask<{ call_id: string }>("POST", `/promises/${promise.id}/take`);
    const call = await hana.seesCall("the line that asked", (one) => one.id === call_id && one.stage === "talking");
    await talksFor(call, 1);
    await hana.act(call_id, "end");
    await wrapUp(hana, call_id);
    expect(!(await hana.request("POST", `/promises/${promise.id}/take`)).ok, "a kept promise could be rung again");
    const { total } = await hana.readBalance();
    expectEqual([total.promises.kept_by_ringing, total.promises.open], [1, 0], "promises kept by ringing, open");

    const messages = sipMessages(await capture.stop());
    const left = messages.filter(({ datagram, text }) => datagram.fromPort === system.sipPort && /^INVITE /.test(text) && !/^INVITE sip:hana/.test(text));
    expectEqual([...new Set(left.map(({ text }) => /Call-ID: *(\S+)/i.exec(text)?.[1]))].length, 1, "calls out on the wire");
    const out = left[0]!;
    expectEqual(out.datagram.toPort, port, "the port that the call out went to");
    expect(/^INVITE sip:(\+81|0)300001111@127\.0\.0\.2/.test(out.text), `the call out is for another line: ${out.text.split("\r\n")[0]}`);
    expect(/^From:.*sip:\+81300000001@/m.test(out.text), "the call out does not show the desk's published number");
    expect(/^P-Asserted-Identity:.*sip:\+81300000001@/m.test(out.text), "the carrier is not told who calls");
    const heard = readFileSync(join(folder, "carrier.messages"), "latin1");
    expect(/^Authorization: Digest .*username="0300007000"/m.test(heard), "no answer to the carrier's challenge");
    expect(!heard.includes(login.password), "the carrier's password is on the wire");
    hana.stop();
    await phone.stop();
    await system.stop();
    await network.stop();
  },
};
