// A PostgreSQL cluster of a journey's own, run as the user "postgres" on a loopback port.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Skipped } from "./journey.ts";
import { Program, runToEnd } from "./process.ts";
import { until } from "./wait.ts";

function binaries(): string {
  try {
    const version = readdirSync("/usr/lib/postgresql").sort((a, b) => Number(b) - Number(a))[0];
    if (version) return `/usr/lib/postgresql/${version}/bin`;
  } catch {
    // As if there were none.
  }
  throw new Skipped("PostgreSQL is not installed");
}

export class Postgres {
  private constructor(
    private readonly program: Program,
    private readonly folder: string,
    private readonly bin: string,
    readonly port: number,
  ) {}

  static async start(log: string, port: number): Promise<Postgres> {
    const bin = binaries();
    const folder = mkdtempSync(join(tmpdir(), "journey-postgres-"));
    execFileSync("chown", ["postgres", folder]);
    chmodSync(folder, 0o700);
    const data = join(folder, "data");
    await runToEnd("runuser", ["-u", "postgres", "--", `${bin}/initdb`, "-D", data, "-A", "trust", "-U", "postgres", "--no-sync"], { cwd: folder });
    const program = new Program(
      "postgres",
      "setpriv",
      ["--reuid=postgres", "--regid=postgres", "--clear-groups", `${bin}/postgres`, "-D", data, "-p", String(port),
        "-c", "listen_addresses=127.0.0.1", "-c", `unix_socket_directories=${folder}`],
      { log, cwd: folder },
    );
    const postgres = new Postgres(program, folder, bin, port);
    await until("PostgreSQL to answer", () => postgres.ask("postgres", "select 1").then((text) => text.trim() === "1"));
    return postgres;
  }

  url(base: string): string {
    return `postgresql://postgres@127.0.0.1:${this.port}/${base}`;
  }

  /** What psql prints, unaligned. */
  ask(base: string, sql: string): Promise<string> {
    return runToEnd(`${this.bin}/psql`, ["-X", "-A", "-t", "-q", "-c", sql, this.url(base)], { env: { PGCONNECT_TIMEOUT: "3" } });
  }

  /** kill -9 of every server process that serves a connection to `base`; how many there were. */
  async killBackends(base: string): Promise<number> {
    const pids = (await this.ask("postgres", `select pid from pg_stat_activity where datname = '${base}'`)).trim().split("\n").filter(Boolean);
    for (const pid of pids) process.kill(Number(pid), "SIGKILL");
    return pids.length;
  }

  async stop(): Promise<void> {
    this.program.kill("SIGQUIT");
    await this.program.exits(15);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
