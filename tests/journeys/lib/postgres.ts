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
    private program: Program,
    private readonly folder: string,
    private readonly bin: string,
    private readonly log: string,
    readonly port: number,
  ) {}

  static async start(log: string, port: number): Promise<Postgres> {
    const bin = binaries();
    const folder = mkdtempSync(join(tmpdir(), "journey-postgres-"));
    execFileSync("chown", ["postgres", folder]);
    chmodSync(folder, 0o700);
    const data = join(folder, "data");
    await runToEnd("runuser", ["-u", "postgres", "--", `${bin}/initdb`, "-D", data, "-A", "trust", "-U", "postgres", "--no-sync"], { cwd: folder });
    const postgres = new Postgres(Postgres.serve(bin, folder, port, log), folder, bin, log, port);
    await postgres.answers();
    return postgres;
  }

  private static serve(bin: string, folder: string, port: number, log: string): Program {
    return new Program(
      "postgres",
      "setpriv",
      ["--reuid=postgres", "--regid=postgres", "--clear-groups", `${bin}/postgres`, "-D", join(folder, "data"), "-p", String(port),
        "-c", "listen_addresses=127.0.0.1", "-c", `unix_socket_directories=${folder}`],
      { log, cwd: folder },
    );
  }

  /** Until it takes connections. */
  answers(): Promise<true> {
    return until("PostgreSQL to answer", async () => (await this.ask("postgres", "select 1")).trim() === "1" || undefined);
  }

  /** Where its files are. */
  get files(): string {
    return join(this.folder, "data");
  }

  /** Stops the server, at once; go() starts it again with what it has. */
  async halt(): Promise<void> {
    this.program.kill("SIGINT");
    await this.program.exits(15);
  }
  async go(): Promise<void> {
    this.program = Postgres.serve(this.bin, this.folder, this.port, this.log);
    await this.answers();
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
