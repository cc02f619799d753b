// Raw bytes on the wire, for what no honest program sends.
import { type Socket as UdpSocket, createSocket } from "node:dgram";
import { type Socket, connect } from "node:net";
import { until } from "./wait.ts";

/** A UDP socket of one's own at `address`, and all that it received. */
export class Udp {
  readonly received: string[] = [];
  port = 0;
  private constructor(
    private readonly socket: UdpSocket,
    private readonly toPort: number,
  ) {}

  static async open(toPort: number, address = "127.0.0.1"): Promise<Udp> {
    const socket = createSocket("udp4");
    const udp = new Udp(socket, toPort);
    socket.on("message", (data) => udp.received.push(data.toString("latin1")));
    socket.on("error", () => undefined);
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    udp.port = socket.address().port;
    return udp;
  }

  send(bytes: Buffer | string): Promise<void> {
    return new Promise((resolve) => this.socket.send(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, this.toPort, "127.0.0.1", () => resolve()));
  }

  /** Many datagrams, as fast as the kernel takes them. */
  async flood(count: number, make: (i: number) => Buffer): Promise<void> {
    for (let i = 0; i < count; i += 64) await Promise.all(Array.from({ length: Math.min(64, count - i) }, (_, k) => this.send(make(i + k))));
  }

  close(): void {
    this.socket.close();
  }
}

/** A TCP connection: sends `bytes`, resolves with all that came back once `done` is satisfied or the other side closed. */
export async function tell(port: number, bytes: Buffer | string, done: (answer: string) => boolean, seconds = 10): Promise<{ answer: string; closed: boolean }> {
  let answer = "";
  let closed = false;
  const socket = connect(port, "127.0.0.1");
  socket.on("data", (data) => (answer += data.toString("latin1")));
  socket.on("error", () => undefined);
  socket.on("close", () => (closed = true));
  socket.on("end", () => (closed = true));
  socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  try {
    await until(`an answer at port ${port}`, () => done(answer) || closed, { seconds });
    return { answer, closed };
  } finally {
    socket.destroy();
  }
}

/** Opens `count` connections that each say `bytes` and then nothing more. */
export async function dawdlers(port: number, count: number, bytes: Buffer | string, address = "127.0.0.1"): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect({ port, host: "127.0.0.1", localAddress: address });
    socket.on("error", () => undefined);
    socket.write(bytes);
    return socket;
  });
  await until("the connections to be made or refused", () => sockets.every((socket) => !socket.connecting));
  return sockets;
}

/** Pseudo-random bytes: the same in each run. */
export function noise(): (length: number) => Buffer {
  let state = 0x9e3779b9;
  return (length) => {
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      bytes[i] = state & 0xff;
    }
    return bytes;
  };
}
