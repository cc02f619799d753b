// What somebody with the certificate of one role can say to a process: any message of proto/, and bytes that are none.
import { closeSync, constants, openSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { PackageDefinition } from "@grpc/proto-loader";

export type RoleName = "exchange" | "centre" | "vault" | "admin";
export type Message = Record<string, any>;

export interface Reply {
  code: string; // "OK" or gRPC's word
  says: string; // of a failed call
  body: Message;
}

interface Method {
  path: string;
  requestSerialize(message: object): Buffer;
  responseDeserialize(bytes: Buffer): object;
}

const words = Object.fromEntries(Object.entries(grpc.status).map(([word, number]) => [number, word])) as Record<string, string>;
const options = { keepCase: true, longs: Number, bytes: Buffer, defaults: true, arrays: true };

let known: PackageDefinition | undefined;
function methodOf(root: string, name: string): Method {
  known ??= loadSync(readdirSync(join(root, "proto")), { ...options, includeDirs: [join(root, "proto")] });
  const [service, method] = name.split(".") as [string, string];
  const found = (known[`madoguchi.wire.${service}`] as Record<string, unknown> | undefined)?.[method];
  if (!found) throw new Error(`proto/ has no ${name}`);
  return found as Method;
}

/** A standing stream to the vault, as an exchange has it. */
export interface Attached {
  say(asks: Message): void;
  told: Message[]; // what the vault told, in order
  over?: Reply;
  onTold: (listener: () => void) => () => void;
  end(): void;
}

export class Role {
  private constructor(
    private readonly root: string,
    private readonly client: grpc.Client,
    private readonly run: number,
  ) {}

  /** Speaks to `process` of the deployment in `data` with the certificate of `role`. */
  static of(root: string, data: string, role: RoleName, process: "exchange" | "vault" | "centre" = "vault"): Role {
    const pem = (name: string): Buffer => readFileSync(join(data, "tls", name));
    // By the folder's descriptor: the path of a socket is short by law of the kernel.
    const run = openSync(join(data, "run"), constants.O_RDONLY | constants.O_DIRECTORY);
    const client = new grpc.Client(`unix:/proc/self/fd/${run}/${process}.sock`, grpc.credentials.createSsl(pem("authority.pem"), pem(`${role}.key`), pem(`${role}.pem`)), {
      "grpc.ssl_target_name_override": process,
      "grpc.default_authority": process,
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_send_message_length": -1,
    });
    return new Role(root, client, run);
  }

  /** `name` as "VaultForCentre.PutStaff". A Buffer is sent as it is. */
  ask(name: string, message: Message | Buffer, seconds = 20): Promise<Reply> {
    const method = methodOf(this.root, name);
    return new Promise((resolve) => {
      this.client.makeUnaryRequest<Message | Buffer, Message>(
        method.path,
        (sent) => (Buffer.isBuffer(sent) ? sent : method.requestSerialize(sent)),
        (bytes) => method.responseDeserialize(bytes),
        message,
        new grpc.Metadata({ waitForReady: true }),
        { deadline: Date.now() + seconds * 1000 },
        (error, body) => resolve(error ? { code: words[error.code] ?? String(error.code), says: error.details, body: {} } : { code: "OK", says: "", body: body ?? {} }),
      );
    });
  }

  /** The bytes of one message, to be spoilt. */
  bytesOf(name: string, message: Message): Buffer {
    return methodOf(this.root, name).requestSerialize(message);
  }

  attach(name = "VaultForExchange.Attach"): Attached {
    const method = methodOf(this.root, name);
    const stream = this.client.makeBidiStreamRequest<Message, Message>(
      method.path,
      (sent) => (Buffer.isBuffer(sent) ? sent : method.requestSerialize(sent)),
      (bytes) => method.responseDeserialize(bytes),
      new grpc.Metadata({ waitForReady: true }),
    );
    const listeners = new Set<() => void>();
    const changed = (): void => [...listeners].forEach((listener) => listener());
    const attached: Attached = {
      say: (asks) => void stream.write(asks),
      told: [],
      onTold: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      end: () => stream.cancel(),
    };
    stream.on("data", (tells: Message) => {
      attached.told.push(tells);
      changed();
    });
    stream.on("error", () => undefined); // said by the status
    stream.on("status", (status) => {
      attached.over = { code: words[status.code] ?? String(status.code), says: status.details, body: {} };
      changed();
    });
    return attached;
  }

  close(): void {
    this.client.close();
    closeSync(this.run);
  }
}
