#include "sip/session_timer.h"

#include <algorithm>
#include <string>

namespace madoguchi::sip {
namespace {

using std::chrono::seconds;

// A day: longer intervals serve nobody and would only overflow.
constexpr std::uint32_t kMostSeconds = 24 * 3600;

std::string with_refresher(seconds interval, std::string_view refresher) {
  std::string value = std::to_string(interval.count());
  if (!refresher.empty()) {
    value += ";refresher=";
    value += refresher;
  }
  return value;
}

}  // namespace

SessionTimer::SessionTimer(seconds wanted, seconds least)
    : wanted_(wanted), least_(std::max(least, kLeastSessionInterval)) {
  if (wanted_.count() > 0) wanted_ = std::max(wanted_, least_);
}

void SessionTimer::write_request(Message& request) const {
  if (wanted_.count() == 0) return;
  const bool within = agreed_.count() != 0;
  const seconds interval = within ? std::max(agreed_, least_) : wanted_;
  request.set(Header::kSessionExpires, with_refresher(interval, !within       ? ""
                                                                : we_refresh_ ? "uac"
                                                                              : "uas"));
  request.set(Header::kMinSe, std::to_string(least_.count()));
}

std::optional<std::uint32_t> SessionTimer::too_short(const Message& request) const {
  const auto asked = request.session_expires();
  if (wanted_.count() == 0 || !asked || asked->seconds >= least_.count()) return std::nullopt;
  // RFC 4028, 9: a caller who does not know the extension must not be refused for it.
  if (!request.lists(Header::kSupported, "timer")) return std::nullopt;
  return static_cast<std::uint32_t>(least_.count());
}

void SessionTimer::write_response(const Message& request, Message& response, MonoTime now) {
  const bool peer_supports =
      request.lists(Header::kSupported, "timer") || request.lists(Header::kRequire, "timer");
  if (wanted_.count() == 0 || !peer_supports) return stop();
  const auto asked = request.session_expires();
  const seconds floor =
      std::max(least_, seconds(std::min(request.min_se().value_or(0), kMostSeconds)));
  seconds interval = std::max(wanted_, floor);
  if (asked)
    interval = std::clamp(seconds(std::min(asked->seconds, kMostSeconds)), floor, interval);
  bool peer_refreshes = false;  // unsaid: we do, which also finds out a peer that is gone
  if (asked) peer_refreshes = asked->refresher == SessionExpires::Refresher::kUac;
  response.set(Header::kSessionExpires, with_refresher(interval, peer_refreshes ? "uac" : "uas"));
  if (peer_refreshes) response.add(Header::kRequire, "timer");
  agree(interval, !peer_refreshes, now);
}

void SessionTimer::take_response(const Message& response, MonoTime now) {
  if (wanted_.count() == 0) return;
  const auto granted = response.session_expires();
  // RFC 4028, 7.2: without the header the peer keeps no timer.
  if (!granted || granted->seconds == 0) return stop();
  const seconds interval =
      std::max(seconds(std::min(granted->seconds, kMostSeconds)), kLeastSessionInterval);
  agree(interval, granted->refresher != SessionExpires::Refresher::kUas, now);
}

bool SessionTimer::take_refusal(const Message& response) {
  const auto asked = response.min_se();
  if (!asked || *asked > kMostSeconds || seconds(*asked) <= least_) return false;
  least_ = seconds(*asked);
  if (wanted_.count() > 0) wanted_ = std::max(wanted_, least_);
  return true;
}

void SessionTimer::agree(seconds interval, bool we_refresh, MonoTime now) {
  agreed_ = interval;
  we_refresh_ = we_refresh;
  refresh_at_ = we_refresh ? now + interval / 2 : MonoTime::max();
  expires_at_ = now + interval - std::min(seconds(32), interval / 3);
}

void SessionTimer::stop() {
  agreed_ = seconds(0);
  we_refresh_ = false;
  refresh_at_ = expires_at_ = MonoTime::max();
}

}  // namespace madoguchi::sip
