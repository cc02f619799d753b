// A client's own witness, as `madoguchi witness` runs it beside a journey's vault.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "./journey.ts";
import { freePorts } from "./ports.ts";
import { Program, runToEnd } from "./process.ts";

export class Witness {
  static readonly title = "witness.client.example";
  private program?: Program;

  private constructor(
    private readonly context: Context,
    private readonly port: number,
    readonly key: string,
  ) {}

  /** With a key and an address, and not yet started. */
  static async prepare(context: Context): Promise<Witness> {
    const port = await freePorts(1);
    writeConfig(context, port, []);
    const key = (await runToEnd(binaryOf(context), ["witness", "--config", configOf(context), "--print-key"])).trim();
    return new Witness(context, port, key);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  /** What a vault's settings say of it. */
  settings(organisation: string): string {
    return `\n[[witness]]\nurl = "${this.url}"\nkey = "${this.key}"\norganisations = ["${organisation}"]\n`;
  }

  /** (Again), for the logs with these keys. */
  async start(logs: string[]): Promise<void> {
    writeConfig(this.context, this.port, logs);
    this.program = new Program("witness", binaryOf(this.context), ["witness", "--config", configOf(this.context)], { log: join(this.context.folder, "witness.log") });
    await this.program.says(/listens on 127\.0\.0\.1:\d+/);
  }
  async kill(): Promise<void> {
    this.program!.kill("SIGKILL");
    await this.program!.exits();
  }
  says(pattern: RegExp): Promise<RegExpMatchArray> {
    return this.program!.says(pattern);
  }

  async post(body: string): Promise<{ status: number; body: string; type: string | null }> {
    const answer = await fetch(`${this.url}/add-checkpoint`, { method: "POST", body });
    return { status: answer.status, body: await answer.text(), type: answer.headers.get("content-type") };
  }
}

const binaryOf = (context: Context): string => join(context.root, "build/release/madoguchi");
const configOf = (context: Context): string => join(context.folder, "witness.toml");

function writeConfig(context: Context, port: number, logs: string[]): void {
  const data = join(context.folder, "witness");
  writeFileSync(configOf(context), `name = "${Witness.title}"\ndata = "${data}"\nport = ${port}\nlogs = ${JSON.stringify(logs)}\n`);
}
