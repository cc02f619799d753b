// Somebody signed in at the vault itself, speaking the glass's API as its page does (docs/openapi-glass.yaml); and the
// beginning that most journeys of the vault share: an operator in a call, with a ticket for it.
import { request } from "node:http";
import type { Call, Staff } from "./api.ts";
import type { Baresip } from "./baresip.ts";
import { callers, leakDesk, telephones, withoutWords } from "./floor.ts";
import type { Context } from "./journey.ts";
import type { Program } from "./process.ts";
import { PageKey } from "./page_key.ts";
import { System, type SystemOptions } from "./system.ts";
import { expectEqual, until } from "./wait.ts";

export interface Answer {
  status: number;
  body: Record<string, any>;
}
export interface Person {
  owner: { id: string };
  subject: string;
}

export class VaultSite {
  cookie = "";
  key: PageKey | null = PageKey.make(); // null: somebody who has no key, whatever cookie it is

  private constructor(private readonly url: URL) {}

  /** Nobody, or whoever's cookie it is. */
  static visitor(url: string, cookie = ""): VaultSite {
    const glass = new VaultSite(new URL(url));
    glass.cookie = cookie;
    return glass;
  }

  /** Nobody yet. */
  static visit(url: string): VaultSite {
    return new VaultSite(new URL(url));
  }

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

  /** A file, as it comes. */
  async bytes(path: string, headers: Record<string, string> = {}): Promise<Buffer> {
    const { status, bytes } = await this.send("GET", path, "", headers);
    if (status !== 200) throw new Error(`${path}: ${status}`);
    return bytes;
  }

  async ask(method: string, path: string, body?: object, ticket = "", headers: Record<string, string> = {}): Promise<Answer> {
    const text = body === undefined || method === "GET" ? "" : JSON.stringify(body);
    const { status, type, bytes } = await this.send(method, path, text, { ...(ticket ? { "Madoguchi-Ticket": ticket } : {}), ...headers });
    const got = bytes.toString();
    return { status, body: type.startsWith("application/json") && got ? JSON.parse(got) : {} };
  }

  private async send(method: string, path: string, text: string, headers: Record<string, string>): Promise<Got> {
    const first = await this.sendOnce(method, path, text, headers);
    if (first.status !== 401 || !this.key?.learnt(first.run)) return first;
    return this.sendOnce(method, path, text, headers);
  }

  // The name vault.localhost is the machine itself to browsers; not every resolver knows.
  private sendOnce(method: string, path: string, text: string, headers: Record<string, string>): Promise<Got> {
    const asked = { method, host: this.url.host, target: `/api${path}`, ticket: headers["Madoguchi-Ticket"] ?? "", playback: headers["Madoguchi-Playback"] ?? "", body: text };
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: "127.0.0.1",
          port: this.url.port,
          method,
          path: asked.target,
          headers: {
            Host: this.url.host,
            ...(this.cookie ? { Cookie: this.cookie } : {}),
            ...(this.key ? { "Madoguchi-Proof": this.key.proof(asked) } : {}),
            ...(method === "GET" ? {} : { Origin: this.url.origin, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }),
            ...headers,
          },
        },
        (answer) => {
          const set = answer.headers["set-cookie"]?.[0];
          if (set) this.cookie = set.split(";")[0] ?? "";
          const parts: Buffer[] = [];
          answer.on("data", (part: Buffer) => parts.push(part));
          answer.on("error", reject);
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, type: answer.headers["content-type"] ?? "", run: answer.headers["madoguchi-run"], bytes: Buffer.concat(parts) }));
        },
      );
      sent.on("error", reject);
      sent.end(method === "GET" ? undefined : text);
    });
  }
}

interface Got {
  status: number;
  type: string;
  run: string | string[] | undefined;
  bytes: Buffer;
}

/** 架空 花子, of the demo's invented people. */
export const hanako = { number: "09000001001", kana: "カクウ ハナコ", name: "架空 花子", letter: "S-1001" };

export interface OpeningCall {
  system: System;
  hana: Staff;
  phone: Baresip;
  glass: VaultSite; // hana's session, her telephone registered
  call: Program; // the caller's SIPp
  talking: Call;
  ticket: string;
}

/** The demo with hana at a telephone, talking with a caller (hanako, unless told), a ticket in her session. */
export async function openingCall(context: Context, options: SystemOptions = {}, number = hanako.number): Promise<OpeningCall> {
  const system = await System.start(context, {
    ...options,
    settings: (process, toml) => {
      const quiet = process === "centre" ? withoutWords(toml) : toml;
      return options.settings?.(process, quiet) ?? quiet;
    },
  });
  const hana = await system.staff("hana");
  const phone = await telephones(system, context.folder, ["hana"], hana);
  const glass = await VaultSite.signIn(system.ready.glass_url, "hana", system.password("hana"));
  expectEqual((await glass.post("/leg", {})).status, 200, "registering the telephone");
  await hana.ready();
  const call = await callers(system, { folder: context.folder, numbers: [number], service: leakDesk.number });
  const talking = await hana.seesCall("the call connected", (one) => one.stage === "talking");
  const ticket = await until("a ticket for the call", () => hana.calls.get(talking.id)?.opening_ticket ?? undefined);
  return { system, hana, phone, glass, call, talking, ticket };
}

/** The caller's own record, checked by name, so that it may be opened. */
export async function checkedPerson({ glass, ticket }: OpeningCall, kana = hanako.kana): Promise<Person> {
  const person = (await glass.get("/candidates", ticket)).body["people"][0] as Person;
  expectEqual((await glass.check(person, "name_kana", kana, ticket)).body["outcome"], "match", "the right name");
  return person;
}

/** Begins a shift at the glass: the vault knows who dials. The returned function ends it. */
export async function signInAtGlass(system: System, name: string, password = system.password(name)): Promise<() => Promise<void>> {
  const site = await VaultSite.signIn(system.ready.glass_url, name, password);
  return async () => expectEqual((await site.ask("DELETE", "/session", {})).status, 200, `${name} signing out at the glass`);
}
