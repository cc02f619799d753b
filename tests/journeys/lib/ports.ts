// Ports for what a journey starts: neighbours that nobody uses, searched for upwards from a base of its own.
import { createSocket } from "node:dgram";
import { createServer } from "node:net";

const endBase = 60_000;

/** Where the search begins: MADOGUCHI_JOURNEY_PORTS, so that runs beside each other do not meet. */
export function firstPort(): number {
  return Number(process.env["MADOGUCHI_JOURNEY_PORTS"] ?? 24_000);
}

let nextBase = firstPort();

/** The first of `count` neighbouring ports that nobody uses, neither for TCP nor for UDP. */
export async function freePorts(count: number): Promise<number> {
  for (let turns = 0; turns < 2;) {
    if (nextBase + count > endBase) {
      nextBase = firstPort(); // earlier ports may be free again
      turns++;
    }
    const base = nextBase + (nextBase % 2); // sound ports come in even pairs
    nextBase = base + count;
    const free = await Promise.all(Array.from({ length: count }, (_, i) => [isFree(base + i), isFreeForUdp(base + i)]).flat());
    if (free.every(Boolean)) return base;
  }
  throw new Error("no free ports left");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

function isFreeForUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => resolve(false));
    socket.bind(port, "127.0.0.1", () => socket.close(() => resolve(true)));
  });
}
