// The centre's API, typed from docs/openapi.yaml. Errors become ApiError with the server's code.
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Session = Schemas["Session"];
export type Call = Schemas["Call"];
export type Desk = Schemas["Desk"];
export type Group = Schemas["Group"];
export type Operator = Schemas["Operator"];
export type Promised = Schemas["Promise"];
export type Balance = Schemas["Balance"];
export type Status = Schemas["Status"];
export type Choices = Schemas["Choices"];

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

let csrfToken = "";
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

let sessionEnded: () => void = () => undefined;
/** Called when the centre says of somebody who was signed in that they no longer are. */
export function onSessionEnd(callback: () => void): void {
  sessionEnded = callback;
}

const guard: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("X-Csrf-Token", csrfToken);
    return request;
  },
  onResponse({ response }) {
    if (response.status === 401 && csrfToken !== "") sessionEnded();
    return undefined;
  },
};

export const api = createClient<paths>({ baseUrl: "/api/v1" });
api.use(guard);

/** The data of an answer, or an ApiError. A network failure is code "offline". */
export async function ok<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let got: { data?: T; error?: unknown; response: Response };
  try {
    got = await answer;
  } catch {
    throw new ApiError(0, "offline", "the centre cannot be reached");
  }
  if (got.response.ok) return got.data as T;
  const error = got.error as Partial<Schemas["Error"]> | undefined;
  throw new ApiError(got.response.status, error?.code ?? "unknown", error?.message ?? got.response.statusText);
}
