// Somebody at the vault's own site, as its page would do it: signed in there, the vault knows who dials.
import { request } from "node:http";
import type { System } from "./system.ts";

interface Answer {
  status: number;
  cookie: string;
  body: string;
}

// By address, with the site's own name as Host: not every machine's resolver knows names under localhost.
function ask(url: URL, method: string, body: string, cookie = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: "127.0.0.1",
        port: url.port,
        path: "/api/session",
        method,
        headers: { Host: url.host, Origin: url.origin, "Content-Type": "application/json", Connection: "close", ...(cookie ? { Cookie: cookie } : {}) },
      },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (part: string) => (text += part));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, cookie: (answer.headers["set-cookie"]?.[0] ?? "").split(";")[0] ?? "", body: text }));
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

/** Begins a shift at the glass; the returned function ends it. */
export async function signInAtGlass(system: System, name: string, password = system.password(name)): Promise<() => Promise<void>> {
  const url = new URL(system.ready.glass_url);
  const answer = await ask(url, "POST", JSON.stringify({ name, password }));
  if (answer.status !== 200) throw new Error(`${name} cannot sign in at the glass: ${answer.status} ${answer.body}`);
  return async () => {
    const ended = await ask(url, "DELETE", "{}", answer.cookie);
    if (ended.status !== 200) throw new Error(`${name} cannot sign out at the glass: ${ended.status} ${ended.body}`);
  };
}
