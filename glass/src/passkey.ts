// Passkeys (Web Authentication Level 2) with the vault: signing in, and making one with the administrator's code or in
// a session. Nothing is kept here; the browser and its authenticator hold the keys.
import { Refused, type Schemas, ask } from "./api.js";
import { fromBase64Url, toBase64Url } from "./base64.js";
import { type Session, beginSession } from "./session.js";

export type PasskeyTrouble = "passkeyRefused" | "passkeyCancelled" | "passkeyUnsupported" | "passkeyThere" | "away";
export type PasskeyAnswer = { session: Session } | { made: true } | { trouble: PasskeyTrouble };

const minute = 60_000;

/** A page in a frame may sign in where its holder lets it, but makes no passkeys: no holder shall pass off its own page. */
export const maySignIn = (): boolean => "PublicKeyCredential" in window;
export const mayMake = (): boolean => maySignIn() && window.parent === window;

async function answered(run: () => Promise<PasskeyAnswer>): Promise<PasskeyAnswer> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Refused) return { trouble: error.isAway ? "away" : error.status === 409 ? "passkeyThere" : "passkeyRefused" };
    if (!(error instanceof DOMException)) throw error;
    if (error.name === "InvalidStateError") return { trouble: "passkeyThere" };
    return { trouble: error.name === "NotSupportedError" || error.name === "SecurityError" ? "passkeyUnsupported" : "passkeyCancelled" };
  }
}

export function signInWithPasskey(): Promise<PasskeyAnswer> {
  return answered(async () => {
    const { challenge, relying_party } = await ask<Schemas["PasskeyChallenge"]>("POST", "/passkeys/challenge");
    const given = (await navigator.credentials.get({
      publicKey: { challenge: fromBase64Url(challenge), rpId: relying_party, userVerification: "required", timeout: minute },
    })) as PublicKeyCredential | null;
    if (given === null) return { trouble: "passkeyCancelled" };
    const response = given.response as AuthenticatorAssertionResponse;
    const body: Schemas["PasskeyAssertion"] = {
      credential: toBase64Url(given.rawId),
      client_data: toBase64Url(response.clientDataJSON),
      authenticator_data: toBase64Url(response.authenticatorData),
      signature: toBase64Url(response.signature),
    };
    return { session: await beginSession("/passkeys/session", body) };
  });
}

/** With a code one is signed in afterwards; without, one was before. */
export function makePasskey(code: string | null): Promise<PasskeyAnswer> {
  const by = code === null ? {} : { code };
  return answered(async () => {
    const wanted = await ask<Schemas["PasskeyWanted"]>("POST", "/passkeys/wanted", { body: by });
    const made = (await navigator.credentials.create({
      publicKey: {
        challenge: fromBase64Url(wanted.challenge),
        rp: { id: wanted.relying_party, name: "Madoguchi" },
        user: { id: fromBase64Url(wanted.user), name: wanted.name, displayName: wanted.display_name },
        pubKeyCredParams: wanted.algorithms.map((alg) => ({ type: "public-key", alg })),
        excludeCredentials: wanted.known.map((id) => ({ type: "public-key", id: fromBase64Url(id) })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        attestation: "none",
        timeout: 2 * minute,
      },
    })) as PublicKeyCredential | null;
    if (made === null) return { trouble: "passkeyCancelled" };
    const response = made.response as AuthenticatorAttestationResponse;
    const body: Schemas["PasskeyMade"] = { ...by, client_data: toBase64Url(response.clientDataJSON), attestation_object: toBase64Url(response.attestationObject) };
    if (code !== null) return { session: await beginSession("/passkeys", body) };
    await ask("POST", "/passkeys", { body });
    return { made: true };
  });
}
