// A PKCS#11 token in software (SoftHSM2), in a folder of a journey's own.
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Skipped } from "./journey.ts";
import { runToEnd } from "./process.ts";

const module = "/usr/lib/softhsm/libsofthsm2.so";

export class SoftToken {
  private constructor(private readonly folder: string) {}

  /** A fresh token; every program started from now on sees it. */
  static async make(folder: string): Promise<SoftToken> {
    if (!existsSync(module)) throw new Skipped("softhsm2 is not installed");
    const token = new SoftToken(folder);
    mkdirSync(token.tokens, { recursive: true });
    const config = join(folder, "softhsm2.conf");
    writeFileSync(config, `directories.tokendir = ${token.tokens}\nlog.level = ERROR\n`);
    process.env["SOFTHSM2_CONF"] = config;
    await runToEnd("softhsm2-util", ["--init-token", "--free", "--label", "madoguchi", "--so-pin", "87654321", "--pin", "13579"]);
    token.pin("13579");
    return token;
  }

  private get tokens(): string {
    return join(this.folder, "tokens");
  }
  get pinFile(): string {
    return join(this.folder, "pin");
  }

  /** What the settings of a vault that hangs on it say. */
  settings(key = "madoguchi-master"): string {
    return `\n[token]\nmodule = "${module}"\nlabel = "madoguchi"\npin_file = "${this.pinFile}"\nkey = "${key}"\n`;
  }

  pin(pin: string): void {
    writeFileSync(this.pinFile, `${pin}\n`, { mode: 0o600 });
  }

  /** How many objects it holds. */
  objects(): number {
    return readdirSync(this.tokens, { recursive: true }).filter((name) => String(name).endsWith(".object")).length;
  }

  /** As if somebody pulled it out; the returned function puts it back. */
  away(): () => void {
    const elsewhere = join(this.folder, "elsewhere");
    renameSync(this.tokens, elsewhere);
    mkdirSync(this.tokens);
    return () => {
      renameSync(this.tokens, join(this.folder, `empty-${Date.now()}`));
      renameSync(elsewhere, this.tokens);
    };
  }
}
