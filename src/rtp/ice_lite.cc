#include "rtp/ice_lite.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace madoguchi::rtp {
namespace {

// RFC 8839, 5.4: ice-char. 64 of them, so each byte of entropy gives six bits without bias.
constexpr std::string_view kIceCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kUfragSize = 8;
constexpr std::size_t kPasswordSize = 24;

std::string random_text(Entropy& entropy, std::size_t size) {
  std::string text(size, '\0');
  entropy.fill(text.data(), text.size());
  for (char& character : text)
    character = kIceCharacters[static_cast<std::uint8_t>(character) % kIceCharacters.size()];
  return text;
}

std::string_view reason_of(int error) {
  switch (error) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 420:
      return "Unknown Attribute";
    case 487:
      return "Role Conflict";
    default:
      return "";
  }
}

// With a password the answer is signed, as RFC 8489, 9.1.3 wants once the request has proven
// itself.
std::size_t write_error(const StunView& message, int error, std::string_view password,
                        MutableBytes answer) {
  StunWriter writer(answer, StunClass::kError, message.method, message.transaction);
  writer.error_code(error, reason_of(error));
  if (error == 420) writer.unknown_attributes(message.unknown.data(), message.unknown_count);
  if (!password.empty()) writer.integrity(password);
  writer.fingerprint();
  return writer.size();
}

}  // namespace

IceCredentials IceCredentials::fresh(Entropy& entropy) {
  return {random_text(entropy, kUfragSize), random_text(entropy, kPasswordSize)};
}

IceSession::IceSession(IceCredentials local, std::string remote_ufrag, MonoTime now)
    : local_(std::move(local)), remote_ufrag_(std::move(remote_ufrag)), last_check_(now) {}

void IceSession::restart(IceCredentials local, std::string remote_ufrag, MonoTime now) {
  previous_ = std::exchange(local_, std::move(local));
  remote_ufrag_ = std::move(remote_ufrag);
  last_check_ = now;
}

bool IceSession::proven(const Address& from) const {
  return std::any_of(paths_.begin(), paths_.end(),
                     [&](const Path& path) { return path.used && path.address == from; });
}

// USERNAME is ours, a colon, theirs (RFC 8445, 7.2.2).
const IceCredentials* IceSession::credentials_for(std::string_view username) const {
  const std::size_t colon = username.find(':');
  if (colon == std::string_view::npos) return nullptr;
  const std::string_view ours = username.substr(0, colon);
  const std::string_view theirs = username.substr(colon + 1);
  if (previous_ && ours == previous_->ufrag) return &*previous_;
  if (ours != local_.ufrag) return nullptr;
  return remote_ufrag_.empty() || theirs == remote_ufrag_ ? &local_ : nullptr;
}

void IceSession::remember(const Address& from, MonoTime now) {
  // Its own place, else an empty one, else that of the longest quiet, but never of the path in use.
  const auto rank = [&](const Path& path) {
    if (path.used && path.address == from) return MonoTime::min();
    if (!path.used) return MonoTime::min() + Micros(1);
    return path.address == path_ ? MonoTime::max() : path.last_check;
  };
  const auto place =
      std::min_element(paths_.begin(), paths_.end(),
                       [&](const Path& a, const Path& b) { return rank(a) < rank(b); });
  *place = Path{from, now, true};
}

bool IceSession::take_path(const Address& from, bool nominated, MonoTime now) {
  if (path_ == from) return false;
  if (!nominated && path_) {
    const auto current = std::find_if(paths_.begin(), paths_.end(), [&](const Path& path) {
      return path.used && path.address == *path_;
    });
    if (current != paths_.end() && now - current->last_check < kPathQuiet) return false;
  }
  path_ = from;
  return true;
}

IceSession::Outcome IceSession::receive(const StunView& message, const Address& from,
                                        MutableBytes answer, MonoTime now) {
  CHECK(answer.size() >= kStunAnswerSize);
  // A lite agent sends no requests, so responses are not for it; indications want no answer, and
  // only checks that prove themselves keep consent (RFC 7675, 5.1).
  if (message.message_class != StunClass::kRequest || message.method != kStunBinding) return {};
  const auto refuse = [&](int error, std::string_view password) {
    return Outcome{Checked::kRefused, write_error(message, error, password, answer), error};
  };
  // RFC 8489, 9.1.3: in this order.
  if (!message.username || !message.integrity_at) return refuse(400, {});
  const IceCredentials* credentials = credentials_for(*message.username);
  if (credentials == nullptr || !message.integrity_is(credentials->password))
    return refuse(401, {});
  if (message.unknown_count != 0) return refuse(420, credentials->password);
  // RFC 8445, 7.3: ICE checks carry a fingerprint and a priority.
  if (!message.has_fingerprint || !message.priority) return refuse(400, credentials->password);
  // RFC 8445, 7.3.1.1: a lite agent is controlled. Two controlled ones: the other has to take the
  // lead; our tie-breaker counts as the largest, since we cannot switch.
  if (message.controlled) return refuse(487, credentials->password);

  if (credentials == &local_) previous_.reset();
  ++checks_;
  last_check_ = now;
  remember(from, now);
  const bool changed = take_path(from, message.use_candidate, now);

  StunWriter writer(answer, StunClass::kSuccess, message.method, message.transaction);
  writer.xor_mapped_address(from);
  writer.integrity(credentials->password);
  writer.fingerprint();
  return {changed ? Checked::kPathChanged : Checked::kAnswered, writer.size(), 0};
}

std::size_t refuse_stranger(const StunView& message, MutableBytes answer) {
  if (message.message_class != StunClass::kRequest || message.method != kStunBinding) return 0;
  // Without a fingerprint it was no ICE check: other STUN is not served here, and gets silence.
  if (!message.has_fingerprint) return 0;
  return write_error(message, message.username && message.integrity_at ? 401 : 400, {}, answer);
}

}  // namespace madoguchi::rtp
