// The answering half of ICE (RFC 8445, lite): we have a public address and never send checks; the
// browser checks, we answer, and its nomination decides the path. One IceSession per browser leg;
// browser_port.h finds it by USERNAME. One thread; no allocation; time is passed in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/id.h"
#include "base/time.h"
#include "rtp/address.h"
#include "rtp/packet.h"
#include "rtp/stun.h"

namespace madoguchi::rtp {

struct IceCredentials {
  std::string ufrag;
  std::string password;

  // RFC 8445, 5.3: at least 24 and 128 random bits; here 8 characters (48 bits) and 24 (144 bits).
  static IceCredentials fresh(Entropy& entropy);
};

inline constexpr std::size_t kStunAnswerSize = 256;

class IceSession {
 public:
  // RFC 7675, 5.1: consent ends 30 s after the last check. The browser sends one every few seconds.
  static constexpr Micros kConsent = std::chrono::seconds(30);
  static constexpr std::size_t kPaths = 8;  // addresses proven by a check, at a time

  // The browser nominates (USE-CANDIDATE); without a nomination another checked address is followed
  // only when the path has seen no check for this long.
  static constexpr Micros kPathQuiet = std::chrono::seconds(6);

  struct Path {
    Address address;
    MonoTime last_check{};
    bool used = false;
  };

  enum class Checked {
    kAnswered,     // a good check; the path is as it was
    kPathChanged,  // a good check that gave us the first or another path: path()
    kRefused,      // an error answer was written
    kIgnored,      // nothing to say
  };

  struct Outcome {
    Checked checked = Checked::kIgnored;
    std::size_t answer_size = 0;  // bytes in `answer` to send back to where the check came from
    int error = 0;                // 400, 401, 420, 487, if refused
  };

  // Consent is counted from `now` too: a browser that never comes is a timeout as well. While the
  // browser's half is not known (we made the offer), any is taken.
  IceSession(IceCredentials local, std::string remote_ufrag, MonoTime now);

  // A STUN message whose USERNAME begins with our ufrag. `answer` holds at least kStunAnswerSize.
  Outcome receive(const StunView& message, const Address& from, MutableBytes answer, MonoTime now);

  void set_remote(std::string remote_ufrag) { remote_ufrag_ = std::move(remote_ufrag); }

  // New credentials on both sides (RFC 8839, 4.4.3.1: ICE restart). The old ones are answered too
  // until the first check with the new; the path stays until another is nominated.
  void restart(IceCredentials local, std::string remote_ufrag, MonoTime now);

  // Where to send, nothing before the first good check.
  [[nodiscard]] const std::optional<Address>& path() const { return path_; }
  [[nodiscard]] bool proven(const Address& from) const;
  [[nodiscard]] std::span<const Path> paths() const { return paths_; }
  [[nodiscard]] MonoTime consent_ends() const { return last_check_ + kConsent; }
  [[nodiscard]] const IceCredentials& local() const { return local_; }
  [[nodiscard]] const std::optional<IceCredentials>& previous() const { return previous_; }
  [[nodiscard]] std::uint64_t checks() const { return checks_; }

 private:
  [[nodiscard]] const IceCredentials* credentials_for(std::string_view username) const;
  void remember(const Address& from, MonoTime now);
  bool take_path(const Address& from, bool nominated, MonoTime now);

  IceCredentials local_;
  std::optional<IceCredentials> previous_;
  std::string remote_ufrag_;
  std::array<Path, kPaths> paths_{};
  std::optional<Address> path_;
  MonoTime last_check_;
  std::uint64_t checks_ = 0;
};

// The error answer for a check that names no session of ours (401), or is not even a proper one
// (400); 0 bytes where silence is right. Without MESSAGE-INTEGRITY: there is no password to use.
std::size_t refuse_stranger(const StunView& message, MutableBytes answer);

}  // namespace madoguchi::rtp
