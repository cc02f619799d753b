// A stage for the console: serves its built files and plays the centre's part over real HTTP and WebSocket, with the
// answers of one scene. What is said is typed from docs/openapi.yaml, so a scene that lies does not compile.
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { existsSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { type WebSocket, WebSocketServer } from "ws";
import type { components } from "../../../consoles/operator/src/api/schema.d.ts";

export type Schemas = components["schemas"];

export interface Snapshot {
  session: Schemas["Session"];
  desks: Schemas["Desk"][];
  groups: Schemas["Group"][];
  operators: Schemas["Operator"][];
  calls: Schemas["Call"][];
  promises: Schemas["Promise"][];
  balance: Schemas["Balance"];
  status: Schemas["Status"];
}

export interface Play {
  session: Schemas["Session"] | null;
  snapshot: Snapshot | null; // null: the event stream never says anything
  history: Schemas["Call"][];
  prompts: Schemas["Prompt"][];
  choices: Schemas["Choices"];
  refuse: Record<string, { status: number; code: string; message: string }>; // by "METHOD /path", * ends a prefix
  now: string;
  glass: { session: object; status?: number; code?: string };
}

const types: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json" };

async function listening(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function file(folder: string, path: string, response: ServerResponse): void {
  const found = join(folder, path === "" || path === "/" ? "index.html" : path);
  if (path.includes("..") || !existsSync(found)) return void response.writeHead(404).end();
  response.writeHead(200, { "Content-Type": types[extname(found)] ?? "application/octet-stream" }).end(readFileSync(found));
}

export class Stage {
  play!: Play;
  url = "";
  glassUrl = "";
  asked: string[] = []; // "METHOD /path", as they came
  private sockets = new Set<WebSocket>();
  private seq = 0;
  private readonly events = new WebSocketServer({ noServer: true });
  private readonly centre: Server;
  private readonly glass: Server;
  private deaf = false;

  constructor(consoleFolder: string, glassFolder: string) {
    this.centre = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://x").pathname;
      if (path.startsWith("/api/v1/")) this.answer(request, path.slice(7), response);
      else if (path.startsWith("/operator/")) file(consoleFolder, path.slice(10), response);
      else response.writeHead(404).end();
    });
    this.centre.on("upgrade", (request, socket, head) => {
      if (this.deaf || !this.play.session) return void socket.destroy();
      this.events.handleUpgrade(request, socket, head, (client) => this.join(client));
    });
    this.glass = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://x").pathname;
      if (path === "/api/parents") return json(response, 200, { parents: [this.url] });
      if (path !== "/api/session") return file(glassFolder, path, response);
      const { session, status, code } = this.play.glass;
      json(response, request.method === "GET" && code !== "away" ? 200 : (status ?? 200), code && request.method !== "GET" ? { code } : session);
    });
  }

  async start(port: number): Promise<void> {
    this.url = `http://127.0.0.1:${await listening(this.centre, port)}`;
    this.glassUrl = `http://localhost:${await listening(this.glass, port === 0 ? 0 : port + 1)}`;
  }

  set(play: Play): void {
    this.deaf = false;
    this.asked = [];
    this.play = play;
  }

  /** Cuts every event connection and takes no new one: the centre is away for the stream. */
  cut(): void {
    this.deaf = true;
    for (const socket of this.sockets) socket.terminate();
  }

  tell(change: object): void {
    this.seq++;
    for (const socket of this.sockets) socket.send(JSON.stringify({ seq: this.seq, ...change }));
  }

  async stop(): Promise<void> {
    this.cut();
    for (const server of [this.centre, this.glass]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  private join(client: WebSocket): void {
    this.sockets.add(client);
    client.on("close", () => this.sockets.delete(client));
    this.seq = 0;
    if (this.play.snapshot) client.send(JSON.stringify({ type: "snapshot", seq: 0, now: this.play.now, ...this.play.snapshot }));
  }

  private answer(request: IncomingMessage, path: string, response: ServerResponse): void {
    const line = `${request.method} ${path}`;
    this.asked.push(line);
    const refusal = Object.entries(this.play.refuse).find(([rule]) => (rule.endsWith("*") ? line.startsWith(rule.slice(0, -1)) : line === rule))?.[1];
    if (refusal) return json(response, refusal.status, { code: refusal.code, message: refusal.message });
    if (line === "GET /session" && !this.play.session) return json(response, 401, { code: "signed_out", message: "sign in first" });
    const answers: Record<string, [number, unknown]> = {
      "GET /session": [200, this.play.session],
      "GET /choices": [200, this.play.choices],
      "GET /calls": [200, { items: this.play.history, next: this.play.history.length >= 20 ? "more" : null }],
      "GET /prompts": [200, { items: this.play.prompts, next: null }],
      "GET /seat": [200, { operator_id: "hana", connected: false, leg_id: null, phone_registered: false, ice_servers: [] }],
      "POST /seat": [200, { leg_id: "l", sdp_answer: "v=0" }],
      "POST /session/password": [204, null],
      "DELETE /session": [204, null],
      "DELETE /seat": [204, null],
    };
    const [status, body] = answers[line] ?? (request.method === "GET" ? [404, { code: "not_found", message: "" }] : [202, { accepted: true }]);
    json(response, status, body);
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(body === null ? undefined : JSON.stringify(body));
}
