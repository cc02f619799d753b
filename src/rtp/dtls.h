// DTLS-SRTP (RFC 5763, 5764) as an engine over OpenSSL: datagrams and time in, datagrams, keys and
// a verdict out. The peer is whoever holds the certificate whose fingerprint came in its SDP; no
// authority is asked. An endpoint belongs to one leg and one thread. Garbage is ignored, as DTLS
// wants it; retransmission runs by advance(), never by the machine's clock. There is no cookie
// exchange: feed only datagrams from an address that an ICE check has proven.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "rtp/srtp.h"

namespace madoguchi::rtp {

// SHA-256 of a certificate, as SDP's a=fingerprint says it (RFC 8122).
struct Fingerprint {
  std::array<std::uint8_t, 32> sha256{};

  // "AB:CD:…", 32 pairs of hex digits in either case, without the hash's name.
  static std::optional<Fingerprint> parse(std::string_view text);
  [[nodiscard]] std::string text() const;  // upper case
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

enum class DtlsRole {
  kPassive,  // a=setup:passive: waits for the peer's hello (server)
  kActive,   // a=setup:active: says hello (client)
};

enum class DtlsState { kWaiting, kHandshaking, kConnected, kClosed, kFailed };

// Our certificate and key and the settings that all endpoints share: one per process, made at
// start, outlives them. The key is ECDSA P-256 and never leaves memory. Threads may share it for
// making endpoints.
class DtlsIdentity {
 public:
  // A fresh self-signed certificate, valid from a day before `now` for a year.
  static Result<DtlsIdentity> create(Time now);
  ~DtlsIdentity();
  DtlsIdentity(DtlsIdentity&&) noexcept;
  DtlsIdentity& operator=(DtlsIdentity&&) noexcept;

  [[nodiscard]] const Fingerprint& fingerprint() const { return fingerprint_; }

 private:
  friend class DtlsEndpoint;
  struct State;
  explicit DtlsIdentity(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
  Fingerprint fingerprint_;
};

class DtlsEndpoint {
 public:
  struct Settings {
    DtlsRole role = DtlsRole::kPassive;
    Fingerprint peer;
    std::size_t mtu = 1200;                                        // of a datagram we send
    Micros first_retransmission = std::chrono::milliseconds(200);  // doubled each time, up to 3 s
    Micros give_up = std::chrono::seconds(30);                     // after start()
  };

  static Result<DtlsEndpoint> create(const DtlsIdentity& identity, const Settings& settings);
  ~DtlsEndpoint();
  DtlsEndpoint(DtlsEndpoint&&) noexcept;
  DtlsEndpoint& operator=(DtlsEndpoint&&) noexcept;

  // The path works: the active side says hello now, the passive one begins to count the time.
  void start(MonoTime now);
  void receive(ByteView datagram, MonoTime now);
  void advance(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;
  void close();  // says close_notify; the peer sees a closed leg

  // Datagrams to send, in order; drain after each call.
  std::optional<Bytes> poll_transmit();

  [[nodiscard]] DtlsState state() const;
  [[nodiscard]] const std::string& failure() const;  // one line, if kFailed

  // Once kConnected.
  struct SrtpKeys {
    SrtpProfile profile = SrtpProfile::kAes128CmSha1_80;
    SrtpMasterKey sending;
    SrtpMasterKey receiving;
  };
  [[nodiscard]] const std::optional<SrtpKeys>& srtp_keys() const;

 private:
  struct State;
  explicit DtlsEndpoint(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace madoguchi::rtp
