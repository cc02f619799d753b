// Signing in to the vault itself. Nothing of it is kept in the page's storage: the session is a cookie that scripts
// can't read.
import { Refused, type Schemas, ask } from "./api.js";

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

export const readSession = (): Promise<Answer> => answer(ask("GET", "/session"));
export const signIn = (name: string, password: string): Promise<Answer> => answer(ask("POST", "/session", { body: { name, password } }));
export const signOut = (): Promise<Answer> => answer(ask("DELETE", "/session"));
