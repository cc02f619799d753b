// Headless Chromium against src/rtp's browser leg over one UDP port: both directions must carry sound.
//   node run.mjs PATH/TO/browser_leg [PORT] [passive|active]
// "active" makes our side say the DTLS hello. Needs Debian's Chromium, and playwright-core where the journeys have it.
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

// The journeys' packages serve here too (npm ci in tests/journeys).
const { chromium } = createRequire(new URL('../journeys/package.json', import.meta.url))('playwright-core');

const [tool, port = '21400', role = 'passive'] = process.argv.slice(2);
const seconds = 8;

function writeTone(path) {
  const rate = 48000;
  const samples = rate * 2;
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let i = 0; i < samples; i++) {
    wav.writeInt16LE(Math.round(9000 * Math.sin((2 * Math.PI * 1000 * i) / rate)), 44 + i * 2);
  }
  writeFileSync(path, wav);
}

const folder = mkdtempSync(join(tmpdir(), 'browser-leg-'));
const wav = join(folder, 'tone.wav');
writeTone(wav);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
    '--allow-loopback-in-peer-connection', `--use-file-for-fake-audio-capture=${wav}`,
    '--autoplay-policy=no-user-gesture-required'],
});
const leg = spawn(tool, [port, String(seconds)], { stdio: ['pipe', 'pipe', 'inherit'] });
let failed = false;
try {
  const lines = createInterface({ input: leg.stdout })[Symbol.asyncIterator]();
  const page = await browser.newPage();
  await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '<p>leg' }));
  await page.goto('http://localhost/');
  const offer = await page.evaluate(async () => {
    const pc = new RTCPeerConnection();
    window.pc = pc;
    pc.ontrack = (event) => {
      const audio = new Audio();
      audio.srcObject = event.streams[0] ?? new MediaStream([event.track]);
      audio.play();
      window.audio = audio;
    };
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
    pc.addTrack(stream.getTracks()[0], stream);
    await pc.setLocalDescription(await pc.createOffer());
    return pc.localDescription.sdp;
  });
  const answer = async (sdp) => {
    const attribute = (name) => sdp.match(new RegExp(`^a=${name}:(.*)$`, 'm'))[1].trim();
    leg.stdin.write([attribute('ice-ufrag'), attribute('ice-pwd'),
      attribute('fingerprint').replace(/^sha-256 /, ''),
      role === 'active' ? 'passive' : attribute('setup')].join(' ') + '\n');
    const [ufrag, password, fingerprint, setup, ip, udp] = (await lines.next()).value.split(' ');
    const text = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=ice-lite', 'a=group:BUNDLE 0',
      `m=audio ${udp} UDP/TLS/RTP/SAVPF 0`, `c=IN IP4 ${ip}`, 'a=mid:0', 'a=sendrecv', 'a=rtcp-mux',
      `a=ice-ufrag:${ufrag}`, `a=ice-pwd:${password}`, `a=fingerprint:sha-256 ${fingerprint}`,
      `a=setup:${setup}`, 'a=rtpmap:0 PCMU/8000',
      `a=candidate:1 1 udp 2130706431 ${ip} ${udp} typ host`, 'a=end-of-candidates', ''].join('\r\n');
    await page.evaluate((sdp) => window.pc.setRemoteDescription({ type: 'answer', sdp }), text);
  };
  await answer(offer);
  await page.waitForTimeout((seconds / 2 - 1) * 1000);
  // As after a change of network: new credentials, the same keys.
  await answer(await page.evaluate(async () => {
    window.pc.restartIce();
    await window.pc.setLocalDescription(await window.pc.createOffer());
    return window.pc.localDescription.sdp;
  }));
  await page.waitForTimeout((seconds / 2 - 1) * 1000);
  const heard = await page.evaluate(async () => {
    const result = { state: window.pc.connectionState };
    for (const report of (await window.pc.getStats()).values()) {
      if (report.type === 'inbound-rtp') {
        Object.assign(result, { packetsReceived: report.packetsReceived, packetsLost: report.packetsLost,
          energy: report.totalAudioEnergy, concealed: report.concealedSamples });
      }
      if (report.type === 'outbound-rtp') result.packetsSent = report.packetsSent;
      if (report.type === 'remote-inbound-rtp') result.roundTrip = report.roundTripTime;
      if (report.type === 'transport') result.srtp = report.srtpCipher;
      if (report.type === 'transport') result.dtls = report.tlsVersion + ' ' + report.dtlsCipher;
    }
    return result;
  });
  const ours = JSON.parse((await lines.next()).value);
  console.log(JSON.stringify({ role, browser: heard, ours }));
  failed = !(heard.state === 'connected' && heard.packetsReceived > (seconds - 4) * 50 && heard.energy > 0.01 &&
    heard.packetsLost === 0 && ours.packets_in > (seconds - 4) * 50 && ours.lost_in === 0 &&
    ours.tone_share > 0.9 && ours.reports_in > 0);
} finally {
  leg.kill();
  await browser.close();
  rmSync(folder, { recursive: true });
}
if (failed) console.error('browser_leg: sound did not flow both ways; see the line above');
process.exit(failed ? 1 : 0);
