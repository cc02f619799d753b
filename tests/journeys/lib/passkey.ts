// An authenticator in software (Web Authentication Level 2), for what no honest browser would send.
import { type KeyObject, createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const sha256 = (bytes: Buffer | string): Buffer => createHash("sha256").update(bytes).digest();
const cborBytes = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0x59, bytes.length >> 8, bytes.length & 255]), bytes]);
const cborText = (text: string): Buffer => Buffer.concat([Buffer.from([0x60 + text.length]), Buffer.from(text)]);

export class SoftwareAuthenticator {
  readonly credential = randomBytes(16);
  origin: string;
  site: string;
  flags = 0x05; // present, verified
  private readonly key: KeyObject;
  private readonly cose: Buffer;

  constructor(glassUrl: string) {
    const url = new URL(glassUrl);
    this.origin = url.origin;
    this.site = url.hostname;
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.key = pair.privateKey;
    const { x, y } = pair.publicKey.export({ format: "jwk" });
    const coordinate = (text: string): Buffer => Buffer.concat([Buffer.from([0x58, 0x20]), Buffer.from(text, "base64url")]);
    this.cose = Buffer.concat([Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]), coordinate(x!), Buffer.from([0x22]), coordinate(y!)]);
  }

  private client(type: string, challenge: string): Buffer {
    return Buffer.from(JSON.stringify({ type: `webauthn.${type}`, challenge, origin: this.origin, crossOrigin: false }));
  }
  private header(flags: number): Buffer {
    return Buffer.concat([sha256(this.site), Buffer.from([flags, 0, 0, 0, 0])]);
  }

  /** The body of POST /passkeys. */
  made(challenge: string): { client_data: string; attestation_object: string } {
    const id = Buffer.concat([Buffer.alloc(16), Buffer.from([0, this.credential.length]), this.credential]);
    const data = Buffer.concat([this.header(this.flags | 0x40), id, this.cose]);
    const object = Buffer.concat([Buffer.from([0xa3]), cborText("fmt"), cborText("none"), cborText("attStmt"), Buffer.from([0xa0]), cborText("authData"), cborBytes(data)]);
    return { client_data: this.client("create", challenge).toString("base64url"), attestation_object: object.toString("base64url") };
  }

  /** The body of POST /passkeys/session. */
  assertion(challenge: string): { credential: string; client_data: string; authenticator_data: string; signature: string } {
    const client = this.client("get", challenge);
    const data = this.header(this.flags);
    return {
      credential: this.credential.toString("base64url"),
      client_data: client.toString("base64url"),
      authenticator_data: data.toString("base64url"),
      signature: sign("sha256", Buffer.concat([data, sha256(client)]), this.key).toString("base64url"),
    };
  }
}
