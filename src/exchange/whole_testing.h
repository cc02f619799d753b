// A whole exchange (process_testing.h) with telephones that speak to it over UDP. Tests only.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "exchange/datagrams.h"
#include "exchange/process_testing.h"
#include "sip/digest.h"
#include "sip/message.h"

namespace madoguchi::exchange {

// A telephone in a few lines: sends texts, hands out what comes.
class Telephone {
 public:
  explicit Telephone(const char* at)
      : own_(*sip::Endpoint::parse(at)), socket_(*Datagrams::bind(own_)) {}

  void send(const std::string& text) {
    socket_->queue({own_.address, 22060}, text, 0);
    socket_->flush([](std::uint64_t) {});
  }
  void invite(const std::string& number, const std::string& call_id,
              const std::string& more_headers = {}) {
    call_id_ = call_id;
    more_ = more_headers;
    send(request("INVITE", 1, "sip:" + number + "@" + host() + ":22060", "", sound(22080)));
  }
  // The next message that is a response of this status, or a request of this method.
  std::optional<sip::Message> expect(const std::string& what) {
    for (int tries = 0; tries < 100; ++tries) {
      std::optional<sip::Message> found;
      socket_->receive(1, [&](const sip::Endpoint&, std::string bytes) {
        auto parsed = sip::parse_message(std::move(bytes), sip::Framing::kDatagram);
        const std::string name = parsed.message.is_response()
                                     ? std::to_string(parsed.message.status())
                                     : std::string(parsed.message.method_name());
        if (name == what) found = std::move(parsed.message);
      });
      if (found) return found;
      pollfd waiting{socket_->descriptor(), POLLIN, 0};
      ::poll(&waiting, 1, 100);
    }
    return std::nullopt;
  }
  // Of the last invite(); refusals repeat until the exchange has heard the ACK, which comes next.
  std::optional<sip::Message> final_answer() {
    for (int tries = 0; tries < 100; ++tries) {
      std::optional<sip::Message> found;
      socket_->receive(1, [&](const sip::Endpoint&, std::string bytes) {
        auto parsed = sip::parse_message(std::move(bytes), sip::Framing::kDatagram);
        if (parsed.message.status() >= 200 && parsed.message.call_id() == call_id_)
          found = std::move(parsed.message);
      });
      if (found) return found;
      pollfd waiting{socket_->descriptor(), POLLIN, 0};
      ::poll(&waiting, 1, 100);
    }
    return std::nullopt;
  }
  void acknowledge(const sip::Message& ok) {
    to_ = std::string(*ok.first(sip::Header::kTo));
    send(request("ACK", 1, "sip:madoguchi@" + host() + ":22060", "a"));
  }
  void bye() { send(request("BYE", 2, "sip:madoguchi@" + host() + ":22060", "b")); }
  // What an INVITE of the exchange's is answered with, short of 200.
  void respond(const sip::Message& invite, int status) {
    send(sip::Message::response_to(invite, status, {}, "phone").to_bytes());
  }
  // 200 to an INVITE of the exchange's.
  void answer(const sip::Message& invite) {
    sip::Message ok = sip::Message::response_to(invite, 200, {}, "phone");
    ok.add(sip::Header::kContact, "<sip:phone@" + own_.text() + ">");
    ok.set_body("application/sdp", sound(22082));
    send(ok.to_bytes());
  }

  std::string request(const std::string& method, int cseq, const std::string& target,
                      const std::string& branch, const std::string& body = {}) {
    return method + " " + target + " SIP/2.0\r\nVia: SIP/2.0/UDP " + own_.text() +
           ";branch=z9hG4bK" + call_id_ + branch + "\r\nFrom: <sip:09011112222@" + host() +
           ">;tag=t" + "\r\nTo: " + (to_.empty() ? "<" + target + ">" : to_) +
           "\r\nCall-ID: " + call_id_ + "\r\nCSeq: " + std::to_string(cseq) + " " + method +
           "\r\nMax-Forwards: 70\r\nContact: <sip:caller@" + own_.text() + ">\r\n" +
           (body.empty() ? "" : more_) + (body.empty() ? "" : "Content-Type: application/sdp\r\n") +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  [[nodiscard]] std::string address() const { return own_.text(); }
  [[nodiscard]] std::string host() const { return own_.address.uri_host(); }

 private:
  std::string sound(int port) const {
    const std::string at = (own_.address.is_v4() ? "IP4 " : "IP6 ") + own_.address.text();
    return "v=0\r\no=- 1 1 IN " + at + "\r\ns=-\r\nc=IN " + at + "\r\nt=0 0\r\nm=audio " +
           std::to_string(port) + " RTP/AVP 0\r\n";
  }

  const sip::Endpoint own_;
  std::unique_ptr<Datagrams> socket_;
  std::string call_id_;
  std::string to_;
  std::string more_;  // headers of the INVITE
};

class Whole : public RunningExchange {
 protected:
  void set_desk(const std::function<void(wire::DeskPlan&)>& change = [](auto&) {}) {
    wire::Command command;
    wire::DeskPlan& plan = *command.mutable_set_desks()->add_desks();
    plan.set_desk_id("sakura");
    plan.set_organisation_id("org");
    plan.add_numbers_called("+81312345678");
    plan.set_open(true);
    plan.set_recorded(true);
    plan.set_shown_number("+81312345678");
    change(plan);
    centre->send(command);
  }
  // The desk plan and the directory have been taken in when a call gets further than 503 and 480.
  sip::Message call_until_answered(Telephone& phone, const std::string& id) {
    for (int i = 0; i < 100; ++i) {
      phone.invite("0312345678", id + std::to_string(i));
      if (auto answer = phone.final_answer(); answer && answer->status() == 200) return *answer;
    }
    ADD_FAILURE() << "never answered";
    return {};
  }
  // A caller who waits; the call's id.
  std::string waiting_call(Telephone& caller) {
    caller.acknowledge(call_until_answered(caller, "call"));
    const std::string call = centre->wait_for("arrived sakura").call_arrived().call_id();
    centre->wait_for("waiting sakura");
    return call;
  }
  void ring(const std::string& call, const std::string& ticket = {}) {
    wire::Command command;
    wire::RingOperator& ring = *command.mutable_ring_operator();
    ring.set_call_id(call);
    ring.set_attempt_id("a1");
    ring.set_operator_id("hana");
    ring.set_by_phone(ticket.empty());
    ring.set_ticket_id(ticket);
    ring.set_display("窓口 さくら");
    centre->send(command);
  }
  // A phone registers as the operator "hana".
  void register_phone(Telephone& phone) {
    wire::Command command;
    auto* entry = command.mutable_set_phones()->add_phones();
    entry->set_operator_id("hana");
    entry->set_user("hana");
    const auto secret = sip::DigestSecret::of("hana", "madoguchi", "secret");
    entry->set_ha1_md5(secret.md5_ha1);
    entry->set_ha1_sha256(secret.sha256_ha1);
    centre->send(command);
    SystemEntropy entropy;
    sip::DigestClient client({"hana", "secret"}, entropy);
    for (int cseq = 1; cseq < 50; ++cseq) {
      const std::string text =
          "REGISTER sip:" + phone.host() + ":22060 SIP/2.0\r\nVia: SIP/2.0/UDP " + phone.address() +
          ";branch=z9hG4bKreg" + std::to_string(cseq) + "\r\nFrom: <sip:hana@" + phone.host() +
          ">;tag=r\r\nTo: <sip:hana@" + phone.host() + ">\r\nCall-ID: reg" + phone.address() +
          "\r\nCSeq: " + std::to_string(cseq) +
          " REGISTER\r\nMax-Forwards: 70\r\nExpires: 300\r\n"
          "Contact: <sip:hana@" +
          phone.address() + ">\r\nContent-Length: 0\r\n\r\n";
      auto message = sip::parse_message(text, sip::Framing::kDatagram).message;
      client.authorize(message);
      phone.send(message.to_bytes());
      if (const auto challenge = phone.expect("401")) {
        (void)client.take_challenge(*challenge);
        auto again = sip::parse_message(text, sip::Framing::kDatagram).message;
        again.set(sip::Header::kCSeq, std::to_string(cseq + 100) + " REGISTER");
        again.set(sip::Header::kVia,
                  "SIP/2.0/UDP " + phone.address() + ";branch=z9hG4bKagain" + std::to_string(cseq));
        client.authorize(again);
        phone.send(again.to_bytes());
        if (phone.expect("200")) return;
      }
    }
    ADD_FAILURE() << "not registered";
  }
};

}  // namespace madoguchi::exchange
