// Costs of a message: reading a carrier's INVITE, looking at what every request is asked for,
// writing it, and taking one through the transaction layer (INVITE, 180, 200, ACK). One thread, CPU
// time.
#include <fmt/format.h>
#include <time.h>

#include <cstdint>
#include <string>

#include "sip/message.h"
#include "sip/transaction.h"
#include "sip/transaction_testing.h"

using namespace madoguchi;
using namespace madoguchi::sip;

namespace {

constexpr std::string_view kInvite =
    "INVITE sip:0120000111@192.0.2.10:5060;user=phone SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK74bf9.00000001;rport\r\n"
    "Max-Forwards: 67\r\n"
    "Record-Route: <sip:198.51.100.9;lr;ftag=9fxced76sl>\r\n"
    "From: <sip:+81312345678@carrier.example;user=phone>;tag=9fxced76sl\r\n"
    "To: <sip:0120000111@192.0.2.10;user=phone>\r\n"
    "Call-ID: 3848276298220188511-00000001@carrier.example\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:+81312345678@198.51.100.7:5060;transport=udp>\r\n"
    "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE\r\n"
    "Supported: 100rel, timer\r\n"
    "Session-Expires: 300;refresher=uac\r\n"
    "Min-SE: 300\r\n"
    "P-Asserted-Identity: <tel:+81312345678>, <sip:+81312345678@carrier.example>\r\n"
    "Privacy: none\r\n"
    "User-Agent: Carrier-SBC\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: 215\r\n"
    "\r\n"
    "v=0\r\no=- 1630911 1630911 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
    "m=audio 20000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\na=ptime:20\r\n";

double cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

template <typename Work>
double us_each(int times, Work work) {
  for (int i = 0; i < times / 10; ++i) work(i);
  const double start = cpu_us();
  for (int i = 0; i < times; ++i) work(i);
  return (cpu_us() - start) / times;
}

void drain(TransactionLayer& layer, MonoTime now, std::size_t& sink) {
  while (auto event = layer.poll_event()) {
    if (const auto* arrived = std::get_if<RequestArrived>(&*event)) {
      layer.respond(arrived->transaction, Message::response_to(arrived->message, 180), now);
      layer.respond(arrived->transaction, Message::response_to(arrived->message, 200), now);
    }
  }
  while (auto outgoing = layer.poll_output()) sink += outgoing->bytes.size();
}

// Each call has its own branch and Call-ID; 200 calls in a simulated second.
double transaction_us(int calls, std::size_t& sink) {
  SeededEntropy entropy(1);
  TransactionLayer layer({}, entropy);
  const Flow flow{Transport::kUdp, 0, *Endpoint::parse("198.51.100.7:5060"), 0};
  MonoTime now{};
  return us_each(calls, [&](int call) {
    const std::string number = fmt::format("{:08}", call + 1);
    std::string invite(kInvite);
    for (std::size_t at = invite.find("00000001"); at != std::string::npos;
         at = invite.find("00000001", at + 8))
      invite.replace(at, 8, number);
    std::string ack = invite.substr(0, invite.find("Contact"));
    ack.replace(0, 6, "ACK").replace(ack.find("INVITE"), 6, "ACK");
    ack.replace(ack.find("74bf9"), 5, "74bfa");
    ack += "Content-Length: 0\r\n\r\n";
    layer.receive(std::move(invite), flow, now);
    drain(layer, now, sink);
    layer.receive(std::move(ack), flow, now);
    now += std::chrono::milliseconds(5);
    layer.advance(now);
    drain(layer, now, sink);
  });
}

}  // namespace

int main() {
  constexpr int kTimes = 200000;
  std::size_t sink = 0;
  const double parse = us_each(kTimes, [&](int) {
    const Parsed parsed = parse_message(std::string(kInvite), Framing::kDatagram);
    if (!parsed.ok()) std::abort();
    sink += parsed.message.field_count();
  });
  const Message invite = parse_message(std::string(kInvite), Framing::kDatagram).message;
  const double look = us_each(kTimes, [&](int) {
    sink += invite.via()->branch().size() + invite.from_tag().size() + invite.to_tag().size() +
            invite.cseq()->number + invite.contact()->uri.size() + invite.call_id().size();
  });
  const double write = us_each(kTimes, [&](int) { sink += invite.to_bytes().size(); });
  const double respond = us_each(
      kTimes, [&](int) { sink += Message::response_to(invite, 200, {}, "tag").to_bytes().size(); });
  const double call = transaction_us(kTimes / 4, sink);
  fmt::print(
      "{{\"parse_us\":{:.2f},\"look_us\":{:.2f},\"write_us\":{:.2f},\"respond_us\":{:.2f},"
      "\"server_call_us\":{:.2f},\"calls_per_second\":{:.0f},\"checksum\":{}}}\n",
      parse, look, write, respond, call, 1e6 / call, sink % 1000);
  return 0;
}
