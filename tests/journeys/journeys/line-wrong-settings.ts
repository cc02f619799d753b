// Wrong settings of every kind: one line names file, key and cause, the exit code is 2, and nothing is left running.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context, Journey } from "../lib/journey.ts";
import { Program } from "../lib/process.ts";
import { System } from "../lib/system.ts";
import { freePorts } from "../lib/ports.ts";
import { expect, expectEqual } from "../lib/wait.ts";

type Process = "exchange" | "vault" | "centre";
interface Mistake {
  what: string;
  change: (toml: string) => string;
  says: RegExp; // beside the file's name
}

const without = (key: string) => (toml: string): string => toml.replace(new RegExp(`^${key} = .*\\n`, "m"), "");
const set = (table: string, key: string, value: string) => (toml: string): string => {
  const line = `${key} = ${value}`;
  if (table === "") return `${line}\n${without(key)(toml)}`;
  const [before, after] = toml.split(new RegExp(`^\\[${table}\\]\\n`, "m"));
  if (after === undefined) return `${toml}\n[${table}]\n${line}\n`;
  const end = after.search(/^\[/m);
  const inside = end < 0 ? after : after.slice(0, end);
  return `${before}[${table}]\n${line}\n${without(key)(inside)}${end < 0 ? "" : after.slice(end)}`;
};
const add = (toml: string) => (before: string): string => `${before}\n${toml}\n`;

const everywhere: Mistake[] = [
  { what: "no TOML", change: () => "this is = = no TOML", says: /line 1/ },
  { what: "a key misspelt", change: set("", "datta", '"x"'), says: /datta: is not a setting/ },
  { what: "a key of another type", change: set("", "data", "7"), says: /data: / },
  { what: "a key missing", change: without("data"), says: /data: is missing|data: must be/ },
  { what: "a certificate that is not there", change: set("rpc", "certificate", '"/nowhere/x.pem"'), says: /rpc\.certificate: \/nowhere\/x\.pem/ },
  { what: "an authority that is none", change: set("rpc", "authority", '"/etc/hostname"'), says: /rpc\.authority: \/etc\/hostname is no readable certificate/ },
  { what: "a certificate of another role", change: (toml) => toml.replace(/tls\/\w+\.(pem|key)"$/gm, (whole, kind) => (whole.includes("authority") ? whole : `tls/admin.${kind}"`)), says: /rpc\.certificate: .*admin\.pem is of the role "admin"/ },
  { what: "another role's key", change: (toml) => toml.replace(/tls\/\w+\.key"$/m, 'tls/admin.key"'), says: /rpc\.key: .*admin\.key is not the key of/ },
];

const mistakes: Record<Process, Mistake[]> = {
  exchange: [
    ...everywhere,
    { what: "no address", change: set("sip", "udp", '["here"]'), says: /sip\.udp: "here" is not address:port/ },
    { what: "an address of another machine", change: set("sip", "udp", '["192.0.2.77:5060"]'), says: /sip\.udp: 192\.0\.2\.77 is no address of this machine/ },
    { what: "sound at another machine", change: set("sound", "bind", '"192.0.2.77"'), says: /sound\.bind: 192\.0\.2\.77 is no address of this machine/ },
    { what: "a session too short", change: set("sip", "session_interval_s", "10"), says: /sip\.session_interval_s: must be 0 \(none\) or 90/ },
    { what: "an odd first port", change: set("sound", "first_port", "20001"), says: /sound\.first_port: must be even/ },
    { what: "TLS without certificate", change: set("sip", "tls", '["127.0.0.1:5061"]'), says: /sip\.tls: needs tls_certificate and tls_key/ },
    { what: "a number out of range", change: set("browser", "port", "99999"), says: /browser\.port: must be a whole number/ },
    { what: "all addresses as the one that is told", change: set("", "public_address", '"0.0.0.0"'), says: /public_address: 0\.0\.0\.0 is no address that others can send to/ },
    { what: "all addresses of IPv6 as the one that is told", change: set("", "public_address", '"::"'), says: /public_address: :: is no address that others can send to/ },
    { what: "a name as the address that is told", change: set("", "public_address", '"phone.example"'), says: /public_address: "phone\.example" is not an IP address/ },
    { what: "a demo caller without a number", change: set("", "demo_caller", '"hanako"'), says: /demo_caller: "hanako" is no number/ },
    { what: "a transport that is none", change: add('[[trunk]]\nname = "x"\naddresses = ["192.0.2.0/24"]\ntarget = "sip:carrier.example;transport=sctp"'), says: /trunk\[\d+\]\.target: transport=sctp is none of/ },
    { what: "a trunk by TLS without TLS", change: add('[[trunk]]\nname = "x"\naddresses = ["192.0.2.0/24"]\ntarget = "sips:carrier.example"'), says: /trunk\[\d+\]\.target: goes by TLS, but no sip\.tls is set/ },
  ],
  vault: [
    ...everywhere,
    { what: "a port out of range", change: set("glass", "port", "99999"), says: /glass\.port: must be a whole number/ },
    { what: "an address for everybody without a certificate", change: set("glass", "address", '"0.0.0.0"'), says: /glass\.address: without certificate and key/ },
    { what: "a certificate without its key", change: set("glass", "certificate", '"/x.pem"'), says: /glass\.key: is missing beside/ },
    { what: "pages that are not there", change: set("glass", "pages", '"/nowhere"'), says: /glass\.pages: \/nowhere has no index\.html/ },
    { what: "a shift too long", change: set("staff", "session_hours", "100"), says: /staff\.session_hours: must be a whole number from 1 to 24/ },
  ],
  centre: [
    ...everywhere,
    { what: "an address for everybody without a certificate", change: set("web", "address", '"0.0.0.0"'), says: /web\.address: without certificate and key/ },
    { what: "a certificate without its key", change: set("web", "certificate", '"/x.pem"'), says: /web\.key: is missing beside/ },
    { what: "a desk of no organisation", change: add('[[desk]]\nid = "x"\nname = "x"\norganisation = "none"\ngroup = "hotline"\nnumbers = ["+81300000099"]'), says: /desk\[\d+\]\.organisation: there is no organisation "none"/ },
    { what: "a desk that never opens", change: add('[[desk]]\nid = "x"\nname = "x"\norganisation = "sakura"\ngroup = "hotline"\nnumbers = ["+81300000099"]\n[desk.hours]\nholidays = "closed"'), says: /desk\[\d+\]\.hours: the desk would never be open/ },
    { what: "a number of two desks", change: add('[[desk]]\nid = "x"\nname = "x"\norganisation = "sakura"\ngroup = "hotline"\nnumbers = ["+81300000001"]'), says: /desk\[\d+\]\.numbers: \+81300000001 belongs to another desk/ },
    { what: "consoles that are not there", change: set("web", "consoles", '"/nowhere"'), says: /web\.consoles: \/nowhere has no folder with an index\.html/ },
    { what: "a glass that is no origin", change: set("web", "glass_origin", '"vault.localhost:8081"'), says: /web\.glass_origin: must be scheme:\/\/host/ },
    { what: "a host with its port", change: set("web", "hosts", '["desk.example.jp:8080"]'), says: /web\.hosts: "desk\.example\.jp:8080" is none/ },
    { what: "a host with a space", change: set("web", "hosts", '["desk example"]'), says: /web\.hosts: "desk example" is none/ },
    { what: "a short password", change: add('[[operator]]\nid = "x"\npassword = "short"'), says: /operator\[\d+\]\.password: needs 10 characters/ },
  ],
};

function childrenOf(pid: number): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
}

async function alone(context: Context, binary: string, data: string, process: Process, mistake: Mistake): Promise<string | undefined> {
  const folder = join(context.folder, "wrong");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${process}.toml`);
  writeFileSync(file, mistake.change(readFileSync(join(data, `${process}.toml`), "utf8")));
  const program = new Program(process, binary, [process, "--config", file], { cwd: data });
  const code = await program.exits(30);
  const lines = program.output.trim().split("\n").filter((line) => line.startsWith("madoguchi: "));
  const said = `${process}, ${mistake.what}: exit ${code}, ${program.output.trim()}`;
  if (code !== 2 || lines.length !== 1) return said;
  if (!lines[0]!.includes(file) || !mistake.says.test(lines[0]!)) return said;
  return undefined;
}

/** By `up`: the one that refuses stops all. */
async function supervised(system: System, binary: string, data: string): Promise<void> {
  const file = join(data, "exchange.toml");
  const good = readFileSync(file, "utf8");
  writeFileSync(file, set("", "datta", '"x"')(good));
  const program = new Program("up", binary, system.arguments, { cwd: data });
  expectEqual(await program.exits(60), 2, `exit code of up with wrong settings (${program.output})`);
  expect(/exchange\.toml: datta: is not a setting/.test(program.output), `up says: ${program.output}`);
  expect(!/"ready"/.test(program.output), "up said that it is ready");
  writeFileSync(file, good);
}

/** Options that contradict each other are refused before anything is written. */
async function options(context: Context, binary: string): Promise<void> {
  const data = join(context.folder, "never-made");
  const cases: { args: string[]; says: RegExp }[] = [
    { args: ["--address", "0.0.0.0"], says: /--address: without --certificate and --key only this machine/ },
    { args: ["--address", "0.0.0.0", "--certificate", binary, "--key", binary], says: /--public-address: must be given with --address 0\.0\.0\.0/ },
    { args: ["--public-address", "0.0.0.0"], says: /--public-address: 0\.0\.0\.0 is no address that others can send to/ },
    { args: ["--address", "::1", "--public-address", "127.0.0.1"], says: /--public-address: 127\.0\.0\.1 is of another family than --address ::1/ },
    { args: ["--certificate", binary], says: /--certificate requires --key/ },
    { args: ["--key", binary], says: /--key requires --certificate/ },
    { args: ["--address", "here"], says: /--address: here is no IP address/ },
    { args: ["--sip-tls-port", "5061"], says: /--sip-tls-port: needs --certificate and --key/ },
    { args: ["--first-sound-port", "20001"], says: /--first-sound-port must be even/ },
    { args: ["--web-prot", "80"], says: /--web-prot/ },
    { args: ["--database", "madoguchi"], says: /--database: madoguchi is no postgresql:/ },
    { args: ["--data", ""], says: /--data: is empty; name a folder/ },
    { args: ["--data", binary], says: /madoguchi: cannot be made a folder \(.*\); give another with --data/ },
  ];
  for (const { args, says } of cases) {
    const folder = args.includes("--data") ? [] : ["--data", data];
    const program = new Program("up", binary, ["up", ...folder, ...args]);
    expectEqual(await program.exits(30), 2, `exit code of up ${args.join(" ")} (${program.output})`);
    expect(says.test(program.output), `up ${args.join(" ")} says: ${program.output}`);
    expect(!existsSync(data), `up ${args.join(" ")} wrote something`);
  }
}

/** A word that is no command is named, also behind the name of a family. */
async function unknownCommands(binary: string): Promise<void> {
  for (const words of [["bogus"], ["recording", "bogus"], ["mandate", "bogus"]]) {
    const program = new Program("madoguchi", binary, words);
    expectEqual(await program.exits(30), 2, `exit code of ${words.join(" ")}`);
    expect(program.output.includes(`there is no command "${words.join(" ")}"`), `${words.join(" ")} says: ${program.output}`);
  }
}

/** Settings that are there win, and whoever says otherwise is told so. */
async function laterOptions(system: System): Promise<void> {
  const [other] = [await freePorts(2)];
  const options = [...system.arguments];
  options[options.indexOf("--web-port") + 1] = String(other);
  const program = new Program("up", system.binary, options);
  const note = await program.says(/--web-port is not heeded: .*/, 30);
  expect(/centre\.toml is there already; change web\.port in it/.test(note[0]), `the note says: ${note[0]}`);
  const ready = await program.says(/^\{"console_url".*\}$/m, 60);
  expect(!ready[0].includes(`:${other}`), "up tells an address that is not served");
  expect(childrenOf(program.pid) !== "", "nothing runs");
  await program.stop(30);
}

export const journey: Journey = {
  title: "wrong settings of each kind are refused in one line with file, key and cause; exit 2, nothing half-started",
  seconds: 240,
  async run(context) {
    const system = await System.start(context);
    await system.stop();
    const failures: string[] = [];
    for (const process of ["exchange", "vault", "centre"] as const)
      for (const mistake of mistakes[process]) {
        const failure = await alone(context, system.binary, system.folder, process, mistake);
        if (failure !== undefined) failures.push(failure);
      }
    expectEqual(failures, [], "mistakes that are not refused as they should be");
    await supervised(system, system.binary, system.folder);
    await options(context, system.binary);
    await unknownCommands(system.binary);
    await laterOptions(system);
  },
};
