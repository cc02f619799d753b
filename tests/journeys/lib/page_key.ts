// The key of whoever speaks the glass's API without a browser: made at sign-in as the page makes its own, and signing
// every request of the session (docs/openapi-glass.yaml, "Proof").
import { type KeyObject, createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

export interface Asked {
  method: string;
  host: string;
  target: string; // path and query, as they are sent
  ticket?: string;
  playback?: string;
  body?: string;
}

export class PageKey {
  private run = "-";
  private aheadMs = 0;

  private constructor(
    private readonly secret: KeyObject,
    private readonly text: string, // the public part, as it stands in proofs
  ) {}

  static make(): PageKey {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x, y } = publicKey.export({ format: "jwk" });
    const point = Buffer.concat([Buffer.of(4), Buffer.from(x!, "base64url"), Buffer.from(y!, "base64url")]);
    return new PageKey(privateKey, point.toString("base64"));
  }

  /** The same key at another vault. */
  elsewhere(): PageKey {
    return new PageKey(this.secret, this.text);
  }

  /** The value of the header Madoguchi-Proof, for one request. */
  proof(asked: Asked, made = Date.now() + this.aheadMs): string {
    const name = randomBytes(16).toString("base64url");
    const body = createHash("sha256").update(asked.body ?? "").digest("hex");
    const lines = ["madoguchi.proof.1", this.run, made, name, asked.method, asked.host, asked.target, asked.ticket ?? "", asked.playback ?? "", body];
    const signature = sign("sha256", Buffer.from(lines.join("\n")), { key: this.secret, dsaEncoding: "ieee-p1363" });
    return [this.run, made, name, this.text, signature.toString("base64")].join(" ");
  }

  /** After a refusal that says the vault's run and time: ask once more. */
  learnt(run: string | string[] | undefined): boolean {
    const [now, milliseconds] = typeof run === "string" ? run.split(" ") : [];
    if (now === undefined || milliseconds === undefined) return false;
    this.run = now;
    this.aheadMs = Number(milliseconds) - Date.now();
    return true;
  }
}
