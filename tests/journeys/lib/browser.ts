// A real browser as the operator's: Debian's Chromium, headless, whose microphone is a WAV file.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { type BrowserContext, type Page, chromium } from "playwright-core";

export interface BrowserOptions {
  microphone?: string; // WAV; without one there is no microphone at all
  language?: "ja" | "en";
  /** Frames of other sites keep what they store, as most browsers let them; Debian's Chromium refuses unless its user allows it. */
  framesMayStore?: boolean;
}

/** What the browser has received of a call, and how loud it is now (0 to 1). */
export interface Inbound {
  packetsReceived: number;
  packetsLost: number;
  audioLevel: number;
}

export class Console {
  private constructor(
    private readonly browser: BrowserContext,
    private readonly profile: string,
    readonly page: Page,
  ) {}

  static async open(url: string, options: BrowserOptions = {}): Promise<Console> {
    const fake = options.microphone
      ? ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-audio-capture=${options.microphone}`]
      : [];
    const profile = mkdtempSync(join(tmpdir(), "journey-browser-"));
    if (options.framesMayStore) {
      mkdirSync(join(profile, "Default"));
      writeFileSync(join(profile, "Default", "Preferences"), JSON.stringify({ profile: { cookie_controls_mode: 0, block_third_party_cookies: false } }));
    }
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: "/usr/bin/chromium",
      headless: true,
      locale: options.language === "en" ? "en-GB" : "ja-JP",
      viewport: { width: 1440, height: 900 },
      args: [
        ...fake, "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--allow-loopback-in-peer-connection",
        "--autoplay-policy=no-user-gesture-required",
      ],
    });
    const page = context.pages()[0] ?? (await context.newPage());
    // So that a journey can read the statistics of the connections the page makes.
    await page.addInitScript(() => {
      const peers: RTCPeerConnection[] = [];
      (window as unknown as { journeyPeers: RTCPeerConnection[] }).journeyPeers = peers;
      // A steady tone is what noise suppression takes away: the measuring signal goes in as it is.
      const media = navigator.mediaDevices;
      const real = media?.getUserMedia.bind(media);
      if (media && real)
        media.getUserMedia = () => real({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
      const Real = window.RTCPeerConnection;
      window.RTCPeerConnection = class extends Real {
        constructor(settings?: RTCConfiguration) {
          super(settings);
          peers.push(this);
        }
      };
    });
    await page.goto(`${url}/operator/?lang=${options.language ?? "ja"}`);
    return new Console(context, profile, page);
  }

  async signIn(name: string, password: string): Promise<void> {
    await this.page.locator("input[name=name]").fill(name);
    await this.page.locator("input[name=password]").fill(password);
    await this.page.locator("button[type=submit]").click();
    await this.page.locator(".workplace").waitFor();
  }

  /** A passkey's authenticator for this page and its frames, whose person is always there and says yes. */
  async addAuthenticator(): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    await session.send("WebAuthn.enable");
    await session.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
  }

  press(name: string | RegExp): Promise<void> {
    return this.page.getByRole("button", { name, exact: typeof name === "string" }).first().click();
  }

  async screenshot(file: string): Promise<void> {
    await this.page.screenshot({ path: file, fullPage: true });
  }

  /** Faults of accessibility that axe calls serious or critical, of the page or of what a frame in it holds. A watermark is faint on purpose. */
  async seriousFaults(frame?: string): Promise<string[]> {
    const builder = new AxeBuilder({ page: this.page });
    const found = await (frame === undefined ? builder.exclude("iframe") : builder.include([frame, "body"]).exclude([frame, ".watermark"])).analyze();
    return found.violations
      .filter((fault) => fault.impact === "serious" || fault.impact === "critical")
      .map((fault) => `${fault.id}: ${fault.help} (${fault.nodes.map((node) => node.target.join(" ")).slice(0, 3).join("; ")})`);
  }

  /** Of the newest connection that the page made. */
  inbound(): Promise<Inbound> {
    return this.page.evaluate(async () => {
      const peers = (window as unknown as { journeyPeers: RTCPeerConnection[] }).journeyPeers;
      const found = { packetsReceived: 0, packetsLost: 0, audioLevel: 0 };
      for (const report of ((await peers[peers.length - 1]!.getStats()) as unknown as Map<string, RTCInboundRtpStreamStats & { audioLevel: number }>).values())
        if (report.type === "inbound-rtp") {
          found.packetsReceived = report.packetsReceived ?? 0;
          found.packetsLost = report.packetsLost ?? 0;
          found.audioLevel = report.audioLevel;
        }
      return found;
    });
  }

  async close(): Promise<void> {
    await this.browser.close();
    rmSync(this.profile, { recursive: true, force: true });
  }
}
