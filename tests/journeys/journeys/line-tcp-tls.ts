// Calls over TCP and over TLS, from callers and to operators' telephones; the console over HTTPS. When we call out
// over TLS, a server whose certificate is not vouched for, or is for another name, gets not one byte from us.
import { readFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { type Server, createServer } from "node:tls";
import { Baresip } from "../lib/baresip.ts";
import { type Certificate, makeAuthority, makeCertificate } from "../lib/certificates.ts";
import { callers, leakDesk, talksFor, wrapUp } from "../lib/floor.ts";
import type { Journey } from "../lib/journey.ts";
import { System } from "../lib/system.ts";
import { freePorts } from "../lib/ports.ts";
import { callerTone, operatorTone, toneOnly } from "../lib/voices.ts";
import { expect, expectEqual, until } from "../lib/wait.ts";

interface TlsCarrier {
  server: Server;
  text: string; // what it was told
  refusals: number; // connections that came to nothing
}

/** A carrier that takes every registration it hears. */
function tlsCarrier(port: number, with_: Certificate): TlsCarrier {
  const carrier: TlsCarrier = { server: createServer({ key: readFileSync(with_.key), cert: readFileSync(with_.certificate) }), text: "", refusals: 0 };
  carrier.server.on("tlsClientError", () => carrier.refusals++);
  carrier.server.on("secureConnection", (socket) => {
    let heard = false;
    socket.on("error", () => undefined);
    socket.on("close", () => heard || carrier.refusals++);
    socket.on("data", (data) => {
      heard = true;
      carrier.text += data.toString("latin1");
      if (!carrier.text.endsWith("\r\n\r\n")) return;
      const request = carrier.text.slice(carrier.text.lastIndexOf("REGISTER sip"));
      const header = (name: string): string => new RegExp(`^${name}:.*$`, "mi").exec(request)?.[0]?.trim() ?? "";
      socket.write(
        ["SIP/2.0 200 OK", header("Via"), header("From"), `${header("To")};tag=c`, header("Call-ID"), header("CSeq"),
          `${header("Contact")};expires=3600`, "Content-Length: 0", "", ""].join("\r\n"),
      );
    });
  });
  carrier.server.listen(port, "127.0.0.1");
  return carrier;
}

const registeringTrunk = (name: string, port: number): string =>
  `\n[[trunk]]\nname = "${name}"\nregister = true\ntarget = "sip:127.0.0.1:${port};transport=tls"\nuser = "${name}"\npassword = "of-the-carrier"\n`;

export const journey: Journey = {
  title: "calls over TCP and TLS; the console over HTTPS; wrong certificates are refused when we call out",
  seconds: 150,
  async run(context) {
    const { folder } = context;
    const authority = await makeAuthority(folder, "authority");
    const other = await makeAuthority(folder, "other-authority");
    const ours = await makeCertificate(folder, "ours", "DNS:localhost,DNS:vault.localhost,IP:127.0.0.1", authority);
    const port = await freePorts(60);
    const tlsPort = port;
    const right = tlsCarrier(port + 1, await makeCertificate(folder, "right", "IP:127.0.0.1", authority));
    const unknown = tlsCarrier(port + 2, await makeCertificate(folder, "unknown", "IP:127.0.0.1", other));
    const misnamed = tlsCarrier(port + 3, await makeCertificate(folder, "misnamed", "DNS:carrier.example", authority));

    // The journey's own requests to the console: checked once below, properly.
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    const system = await System.start(context, {
      args: ["--certificate", ours.certificate, "--key", ours.key, "--sip-tls-port", String(tlsPort)],
      settings: (process, toml) =>
        process === "exchange"
          ? toml.replace("[sip]\n", `[sip]\ntls_authority = "${authority.certificate}"\n`) +
            registeringTrunk("right", port + 1) + registeringTrunk("unknown", port + 2) + registeringTrunk("misnamed", port + 3)
          : toml,
    });
    expect(system.url.startsWith("https://"), `the console is at ${system.url}`);
    await new Promise<void>((resolve, reject) =>
      get(`${system.url}/`, { ca: readFileSync(authority.certificate), rejectUnauthorized: true }, (answer) => {
        answer.resume();
        (answer.statusCode ?? 500) < 400 ? resolve() : reject(new Error(`the console answers ${answer.statusCode}`));
      }).on("error", reject),
    );

    const hana = await system.staff("hana");
    const sound = toneOnly(folder, "operator", operatorTone, 300);
    const account = (name: string, host: string, transport: string): string =>
      `<sip:${name}@${host};transport=${transport}>;auth_pass=${system.password(name)};answermode=auto;regint=60`;
    const phones = await Baresip.start("telephones", {
      folder: join(folder, "telephones"), sipPort: port + 10, controlPort: port + 15, sound: sound.wav, authority: authority.certificate,
      accounts: [account("hana", `127.0.0.1:${tlsPort}`, "tls"), account("kenji", system.sip, "tcp")],
    });
    for (const name of ["hana", "kenji"]) await hana.sees(`${name}'s telephone registered`, () => hana.operators.get(name)?.phone_registered);
    const kenji = await system.staff("kenji");

    // A caller over TCP reaches hana, whose telephone is at the other end of a TLS connection.
    await hana.ready();
    const overTcp = await callers(system, { folder, name: "over-tcp", numbers: ["0300001111"], transport: "t1" });
    let call = await hana.seesCall("the call over TCP", (one) => one.stage === "talking");
    await talksFor(call, 2);
    await hana.act(call.id, "end");
    expectEqual(await overTcp.exits(20), 0, "SIPp's exit code");
    await wrapUp(hana, call.id);

    // A caller over TLS reaches kenji, whose telephone is at the other end of a TCP connection.
    const overTls = await Baresip.start("a caller over TLS", {
      folder: join(folder, "over-tls"), sipPort: port + 30, controlPort: port + 35, sound: toneOnly(folder, "caller", callerTone, 60).wav,
      authority: authority.certificate, accounts: [`<sip:0300002222@127.0.0.1:${tlsPort};transport=tls>;regint=0`],
    });
    await kenji.ready();
    await overTls.command("dial", `sip:${leakDesk.number}@127.0.0.1:${tlsPort};transport=tls`);
    call = await kenji.seesCall("the call over TLS", (one) => one.stage === "talking");
    await talksFor(call, 2);
    await kenji.act(call.id, "end");
    await overTls.event("CALL_CLOSED");
    await wrapUp(kenji, call.id);
    const { total } = await hana.readBalance();
    expectEqual([total.arrived, total.talked, total.cut_off], [2, 2, 0], "arrived, talked, cut off");

    await until("the registration at the right carrier", () => right.text.includes("REGISTER sip:127.0.0.1"));
    await until("the carrier of an unknown authority to be refused", () => unknown.refusals > 0);
    await until("the carrier under another name to be refused", () => misnamed.refusals > 0);
    expectEqual([unknown.text, misnamed.text], ["", ""], "what the wrong ones were told");
    for (const staff of [hana, kenji]) staff.stop();
    await overTls.stop();
    await phones.stop();
    await system.stop();
    for (const { server } of [right, unknown, misnamed]) server.close();
    delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  },
};
