// Somebody signed in at the vault itself, speaking the glass's API as its page does (docs/openapi-glass.yaml).
import { request } from "node:http";

export interface Answer {
  status: number;
  body: Record<string, any>;
}
export interface Person {
  owner: { id: string };
  subject: string;
}

export class VaultSite {
  private cookie = "";

  private constructor(private readonly url: URL) {}

  static async signIn(url: string, name: string, password: string): Promise<VaultSite> {
    const glass = new VaultSite(new URL(url));
    const answer = await glass.ask("POST", "/session", { name, password });
    if (answer.status !== 200) throw new Error(`${name} cannot sign in to the vault: ${answer.status}`);
    return glass;
  }

  get(path: string, ticket = ""): Promise<Answer> {
    return this.ask("GET", path, undefined, ticket);
  }
  post(path: string, body: object, ticket = ""): Promise<Answer> {
    return this.ask("POST", path, body, ticket);
  }
  /** What the page does with one person. */
  open(person: Person, ticket: string): Promise<Answer> {
    return this.post("/open", { owner: person.owner.id, subject: person.subject }, ticket);
  }
  check(person: Person, field: string, typed: string, ticket: string): Promise<Answer> {
    return this.post("/check", { owner: person.owner.id, subject: person.subject, field, typed }, ticket);
  }

  // The name vault.localhost is the machine itself to browsers; not every resolver knows.
  ask(method: string, path: string, body?: object, ticket = "", headers: Record<string, string> = {}): Promise<Answer> {
    const text = body === undefined ? "" : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: "127.0.0.1",
          port: this.url.port,
          method,
          path: `/api${path}`,
          headers: {
            Host: this.url.host,
            ...(this.cookie ? { Cookie: this.cookie } : {}),
            ...(ticket ? { "Madoguchi-Ticket": ticket } : {}),
            ...(method === "GET" ? {} : { Origin: this.url.origin, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }),
            ...headers,
          },
        },
        (answer) => {
          const set = answer.headers["set-cookie"]?.[0];
          if (set) this.cookie = set.split(";")[0] ?? "";
          let got = "";
          answer.setEncoding("utf8");
          answer.on("data", (part: string) => (got += part));
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: got ? JSON.parse(got) : {} }));
        },
      );
      sent.on("error", reject);
      sent.end(method === "GET" ? undefined : text);
    });
  }
}
