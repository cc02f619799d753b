// Messages of the kinds that RFC 4475 lists, with the answer that each should get.

export interface Rubbish {
  name: string;
  text: string;
  status: number | null; // null: silence
  header?: RegExp; // stands in the answer
}

interface Parts {
  start?: string;
  via?: string;
  from?: string;
  to?: string;
  callId?: string;
  cseq?: string;
  more?: string[];
  body?: string;
}

const number = "+81300000001";
let count = 0;

export function message(port: number, parts: Parts = {}): string {
  const n = `${process.pid}x${count++}`;
  const body = parts.body ?? "";
  const lines = [
    parts.start ?? `INVITE sip:${number}@127.0.0.1 SIP/2.0`,
    parts.via?.replace("PORT", String(port)) ?? `Via: SIP/2.0/UDP 127.0.0.1:${port};rport;branch=z9hG4bK-r${n}`,
    parts.from ?? "From: <sip:0300001234@127.0.0.1>;tag=r1",
    parts.to ?? `To: <sip:${number}@127.0.0.1>`,
    parts.callId ?? `Call-ID: rubbish-${n}`,
    parts.cseq ?? "CSeq: 7 INVITE",
    ...(parts.more ?? []),
  ].filter((line) => line !== "");
  if (!parts.more?.some((line) => /^(content-length|l) *:/i.test(line))) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  if (!parts.more?.some((line) => /^(contact|m) *:/i.test(line))) lines.push(`Contact: <sip:r@127.0.0.1:${port}>`);
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

const other = (method: string, more: string[] = [], to = ""): Parts => ({
  start: `${method} sip:${number}@127.0.0.1 SIP/2.0`,
  cseq: `CSeq: 7 ${method}`,
  more,
  ...(to ? { to: `To: <sip:${number}@127.0.0.1>;tag=${to}` } : {}),
});
const withMore = (...more: string[]): Parts => ({ more });
const starting = (start: string): Parts => ({ start });
const video = "v=0\r\no=r 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 9000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";
const g729 = "v=0\r\no=r 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9000 RTP/AVP 18\r\n";

const cases: [string, number | null, Parts, RegExp?][] = [
  ["separators in Via parameters", 400, { via: "Via: SIP/2.0/UDP 127.0.0.1:PORT;rport;;,;,," }],
  ["separators in Contact", 400, withMore('Contact: "Odd" <sip:r@127.0.0.1>;;;')],
  ["Content-Length beyond the datagram", 400, withMore("Content-Length: 9999")],
  ["a negative Content-Length", 400, withMore("Content-Length: -999")],
  ["a CSeq beyond 32 bits", 400, { cseq: "CSeq: 36893488147419103232 INVITE" }],
  ["a CSeq of another method", 400, { cseq: "CSeq: 7 OPTIONS" }],
  ["no CSeq", 400, { cseq: "" }],
  ["no Call-ID", 400, { callId: "" }],
  ["no From and no To", 400, { from: "", to: "" }],
  ["two Call-IDs", 400, withMore("Call-ID: another")],
  ["two Froms", 400, withMore("From: <sip:other@127.0.0.1>;tag=2")],
  ["Max-Forwards beyond 255", 400, withMore("Max-Forwards: 300")],
  ["an open quote in To", 400, { to: `To: "Mr. Desk <sip:${number}@127.0.0.1>` }],
  ["brackets round the target", 400, starting(`INVITE <sip:${number}@127.0.0.1> SIP/2.0`)],
  ["spaces in the target", 400, starting(`INVITE sip:${number}@127.0.0.1; lr SIP/2.0`)],
  ["two spaces in the start line", 400, starting(`INVITE  sip:${number}@127.0.0.1 SIP/2.0`)],
  ["a space after the version", 400, starting(`INVITE sip:${number}@127.0.0.1 SIP/2.0  `)],
  ["headers in the target", 400, starting(`INVITE sip:${number}@127.0.0.1?Route=%3Csip:x%3E SIP/2.0`)],
  ["a broken escape in the target", 400, starting("INVITE sip:%4@127.0.0.1 SIP/2.0")],
  ["a zone in Date", 400, withMore("Date: Fri, 01 Jan 2027 16:00:00 EST")],
  ["a comma in a bare display name", 400, { from: "From: Bell, Alexander <sip:a@127.0.0.1>;tag=1" }],
  ["a NUL in a header", 400, withMore("Subject: a\0b")],
  ["a header without colon", 400, withMore("Subject hello")],
  ["300 headers", 400, withMore(...Array.from({ length: 300 }, () => "X-More: yes"))],
  ["a body without Content-Type", 400, { body: "what is this" }],
  ["another method that we know", 405, other("MESSAGE"), /^Allow:.*INVITE/m],
  ["a subscription", 405, other("SUBSCRIBE", ["Event: presence"]), /^Allow:.*INVITE/m],
  ["only answers in text", 406, withMore("Accept: text/plain")],
  ["a body of another kind", 415, { more: ["Content-Type: text/plain"], body: "hello" }, /^Accept:.*application\/sdp/m],
  ["a compressed body", 415, { more: ["Content-Type: application/sdp", "Content-Encoding: gzip"], body: video }, /^Accept-Encoding:/m],
  ["a target of an unknown scheme", 416, starting("INVITE nobodyknows:totally-opaque SIP/2.0")],
  ["an extension that nobody has", 420, withMore("Require: nothing-has-this, nor-this"), /^Unsupported:.*nothing-has-this.*nor-this/m],
  ["BYE for no call", 481, other("BYE", [], "none")],
  ["UPDATE for no call", 481, other("UPDATE", [], "none")],
  ["PRACK for no call", 481, other("PRACK", ["RAck: 1 1 INVITE"], "none")],
  ["INFO for no call", 481, other("INFO", [], "none")],
  ["re-INVITE for no call", 481, other("INVITE", [], "none")],
  ["CANCEL for nothing", 481, other("CANCEL")],
  ["no hops left", 483, withMore("Max-Forwards: 0")],
  ["video only", 488, { more: ["Content-Type: application/sdp"], body: video }],
  ["a codec that we have not", 488, { more: ["Content-Type: application/sdp"], body: g729 }],
  ["an unknown method", 501, other("NEWMETHOD")],
  ["another version", 505, starting(`INVITE sip:${number}@127.0.0.1 SIP/7.0`)],
  ["a number that is nobody's", 404, starting("INVITE sip:+81399999999@127.0.0.1 SIP/2.0")],
  ["what may be asked", 200, other("OPTIONS"), /^Allow:.*INVITE/m],
  ["an ACK for nothing", null, other("ACK")],
  ["an answer to nothing", null, starting("SIP/2.0 200 OK")],
  ["an answer of another version", null, starting("SIP/7.0 200 OK")],
  ["an answer with an endless status", null, starting("SIP/2.0 4294967301 better not break the receiver")],
  ["no Via", null, { via: "" }],
];

export function rubbish(port: number): Rubbish[] {
  return cases.map(([name, status, parts, header]) => ({ name, status, text: message(port, parts), ...(header ? { header } : {}) }));
}
