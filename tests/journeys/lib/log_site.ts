// A log's folder as any web server would show it, with one resource changed for whoever looks.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";

/** What to show instead of a file; null for "not there". */
export type Tampering = (path: string, bytes: Buffer) => Buffer | null;

export class LogSite {
  folder: string;
  tampering: Tampering = (_path, bytes) => bytes;
  readonly asked: string[] = [];
  private constructor(folder: string, private readonly server: Server) {
    this.folder = folder;
  }

  static async open(folder: string): Promise<LogSite> {
    const server = createServer();
    const site = new LogSite(folder, server);
    server.on("request", (request, response) => {
      const path = normalize(request.url ?? "/").replace(/^\/+/, "");
      site.asked.push(path);
      readFile(join(site.folder, path)).then(
        (bytes) => {
          const shown = site.tampering(path, bytes);
          response.writeHead(shown === null ? 404 : 200).end(shown ?? "");
        },
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

export function entriesOf(bundle: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bundle.length; ) {
    const length = bundle.readUInt16BE(at);
    entries.push(bundle.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return entries;
}

export function bundleOf(entries: Buffer[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }),
  );
}

export function leafHash(entry: Buffer): Buffer {
  return createHash("sha256").update(Buffer.from([0])).update(entry).digest();
}

export function withByteChanged(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ 0x20;
  return changed;
}
