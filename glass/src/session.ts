// What the page asks of the vault it came from. Nothing of it is kept in the page's storage: the
// session is a cookie that scripts can't read.

export interface Session {
  signed_in: boolean;
  display_name?: string;
  expires_at?: string;
}

export type Answer = { session: Session } | { trouble: "refused" | "busy" | "away" };

async function ask(method: "GET" | "POST" | "DELETE", body?: unknown): Promise<Answer> {
  try {
    const response = await fetch("api/session", {
      method,
      credentials: "same-origin",
      cache: "no-store",
      ...(method === "GET"
        ? {}
        : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) }),
    });
    if (response.ok) return { session: (await response.json()) as Session };
    if (response.status === 403 || response.status === 400) return { trouble: "refused" };
    const told = (await response.json()) as { code?: string };
    return { trouble: told.code === "busy" ? "busy" : "away" };
  } catch {
    return { trouble: "away" };
  }
}

export const readSession = (): Promise<Answer> => ask("GET");
export const signIn = (name: string, password: string): Promise<Answer> =>
  ask("POST", { name, password });
export const signOut = (): Promise<Answer> => ask("DELETE");

export async function readParents(): Promise<string[]> {
  try {
    const response = await fetch("api/parents", { cache: "no-store" });
    return ((await response.json()) as { parents: string[] }).parents;
  } catch {
    return [];
  }
}
