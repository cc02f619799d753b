// A port that another program has: `up` itself says which and what to change. At the first start that is the end of
// it, and nothing is written; later it goes on trying, and comes up once the port is free.
import { createSocket } from "node:dgram";
import { existsSync } from "node:fs";
import { type Server, createServer } from "node:net";
import { join } from "node:path";
import type { Journey } from "../lib/journey.ts";
import { Program } from "../lib/process.ts";
import { System } from "../lib/system.ts";
import { freePorts } from "../lib/ports.ts";
import { expect, expectEqual } from "../lib/wait.ts";

function takeTcp(port: number): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const server: Server = createServer();
    server.on("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(() => new Promise((done) => server.close(() => done()))));
  });
}
function takeUdp(port: number): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.on("error", reject);
    socket.bind(port, "127.0.0.1", () => resolve(() => new Promise((done) => socket.close(() => done()))));
  });
}

export const journey: Journey = {
  title: "a taken port is named by `up` with what to change: exit 2 at the first start, patience later",
  seconds: 180,
  async run(context) {
    const binary = join(context.root, "build", "release", "madoguchi");
    const base = await freePorts(8);
    const sound = await freePorts(100);
    const data = join(context.folder, "never-made");
    const args = [
      "up", "--json", "--data", data, "--sip-port", String(base), "--web-port", String(base + 2), "--glass-port", String(base + 3),
      "--browser-port", String(base + 4), "--first-sound-port", String(sound), "--last-sound-port", String(sound + 99),
    ];
    const cases: { take: (port: number) => Promise<() => Promise<void>>; port: number; option: string }[] = [
      { take: takeUdp, port: base, option: "--sip-port" },
      { take: takeTcp, port: base, option: "--sip-port" },
      { take: takeTcp, port: base + 2, option: "--web-port" },
      { take: takeTcp, port: base + 3, option: "--glass-port" },
      { take: takeUdp, port: base + 4, option: "--browser-port" },
    ];
    for (const { take, port, option } of cases) {
      const free = await take(port);
      const program = new Program("up", binary, args);
      expectEqual(await program.exits(30), 2, `exit code with ${port} taken (${program.output})`);
      expect(new RegExp(`127\\.0\\.0\\.1:${port} .* is taken by another program; .*${option}`).test(program.output), `with ${port} taken it says: ${program.output}`);
      expect(!existsSync(data), `with ${port} taken something was written`);
      await free();
    }

    const twice = new Program("up", binary, args.map((word) => (word === String(base + 3) ? String(base + 2) : word)));
    expectEqual(await twice.exits(30), 2, `exit code with one port twice (${twice.output})`);
    expect(/--web-port and --glass-port are both TCP/.test(twice.output) && !existsSync(data), `with one port twice it says: ${twice.output}`);

    const system = await System.start(context, { args: ["--empty"] });
    const second = new Program("up", system.binary, system.arguments);
    expectEqual(await second.exits(30), 2, `exit code of a second one in the folder (${second.output})`);
    expect(/another `madoguchi up` uses this folder/.test(second.output), `a second one says: ${second.output}`);
    const web = Number(new URL(system.url).port);
    await system.stop();
    const free = await takeTcp(web);
    const again = new Program("up", system.binary, system.arguments);
    await again.says(new RegExp(`127\\.0\\.0\\.1:${web} .* change web\\.port in .*centre\\.toml; trying until it is free`), 30);
    await again.says(/centre has not come up in 5 tries/, 60);
    await free();
    await again.says(/^\{"console_url".*\}$/m, 60);
    await again.stop(30);
  },
};
