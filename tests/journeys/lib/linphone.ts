// linphone as an operator's telephone: another SIP stack than ours and baresip's. It speaks a WAV and records
// what it hears ("files" instead of a sound card).
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Program } from "./process.ts";

export interface LinphoneOptions {
  folder: string;
  sipPort: number;
  rtpPort: number;
  user: string;
  password: string;
  registrar: string; // "127.0.0.1:5060"
  sound: string; // WAV that it speaks
  record: string; // WAV of what it hears
}

export class Linphone {
  private constructor(readonly program: Program) {}

  /** Starts it, registers, and answers whatever rings. */
  static async start(name: string, options: LinphoneOptions): Promise<Linphone> {
    mkdirSync(join(options.folder, ".local/share/linphone"), { recursive: true });
    const config = join(options.folder, "linphonerc");
    writeFileSync(
      config,
      [
        "[sip]",
        `sip_port=${options.sipPort}`,
        "sip_tcp_port=0",
        "sip_tls_port=0",
        "media_encryption=none",
        "use_rfc2833=1",
        "auto_net_state_mon=0", // else it waits for a route to the world before it opens its sockets
        "register_only_when_network_is_up=0",
        "default_proxy=0",
        "[proxy_0]",
        `reg_proxy=<sip:${options.registrar};transport=udp>`,
        `reg_identity=sip:${options.user}@${options.registrar}`,
        "reg_expires=60",
        "reg_sendregister=1",
        "publish=0",
        "[auth_info_0]",
        `username=${options.user}`,
        `userid=${options.user}`,
        `passwd=${options.password}`,
        "realm=madoguchi",
        "[rtp]",
        `audio_rtp_port=${options.rtpPort}`,
        "[sound]",
        "echocancellation=0",
        "agc=0",
        "[net]",
        "mtu=1300",
        "[misc]",
        "prefer_ipv6=0",
        "",
      ].join("\n"),
    );
    const program = new Program(name, "linphonec", ["-c", config, "-a", "-d", "0"], {
      log: join(options.folder, "log"),
      input: true,
      env: { HOME: options.folder },
    });
    await program.says(/linphonec>/);
    program.write("soundcard use files\n");
    program.write(`play ${options.sound}\n`);
    program.write(`record ${options.record}\n`);
    return new Linphone(program);
  }

  async stop(): Promise<void> {
    this.program.write("terminate\nquit\n");
    await this.program.stop();
  }
}
