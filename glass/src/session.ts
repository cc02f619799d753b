// Signing in to the vault itself. The session is a cookie that scripts can't read, and a key of this page's that nothing
// can read (page_key.ts).
import { Refused, type Schemas, ask } from "./api.js";
import { dropKey, holdKey, makeKey, takeOver } from "./page_key.js";

export type Session = Schemas["Session"];
export type Answer = { session: Session } | { trouble: "refused" | "busy" | "away" };

async function answer(asked: Promise<Session>): Promise<Answer> {
  try {
    return { session: await asked };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 403 || error.status === 400) return { trouble: "refused" };
    return { trouble: error.code === "busy" ? "busy" : "away" };
  }
}

export async function readSession(): Promise<Answer> {
  const read = (): Promise<Answer> => answer(ask("GET", "/session"));
  const first = await read();
  return "session" in first && !first.session.signed_in && (await takeOver()) ? read() : first;
}

/** Begins a session with a key of its own, which the page holds from then on. */
export async function beginSession(path: string, body: object): Promise<Session> {
  const key = await makeKey();
  const session = await ask<Session>("POST", path, { body, key });
  await holdKey(key);
  return session;
}

export const signIn = (name: string, password: string): Promise<Answer> => answer(beginSession("/session", { name, password }));

export async function signOut(): Promise<Answer> {
  const over = await answer(ask("DELETE", "/session"));
  if ("session" in over) await dropKey();
  return over;
}
