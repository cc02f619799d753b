// Digest authentication on both sides (RFC 3261, 22; RFC 7616; RFC 8760): MD5 and SHA-256,
// qop=auth. DigestAuthenticator challenges and checks; DigestClient answers challenges. Engines:
// the caller passes time and entropy. Owned by one loop thread. Secrets are kept as HA1, never as
// passwords, where we are the server.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "sip/message.h"

namespace madoguchi::sip {

enum class DigestAlgorithm : std::uint8_t { kMd5, kSha256 };
std::string_view name_of(DigestAlgorithm algorithm);  // "MD5", "SHA-256"
std::optional<DigestAlgorithm> digest_algorithm_from(std::string_view name);

// Lower-case hex of H(text). Empty when this machine's OpenSSL refuses the algorithm (MD5 under
// FIPS).
std::string digest_hex(DigestAlgorithm algorithm, std::string_view text);

// H(user:realm:password) in lower-case hex, for each algorithm; an empty one means that it cannot
// be used.
struct DigestSecret {
  std::string md5_ha1;
  std::string sha256_ha1;

  static DigestSecret of(std::string_view user, std::string_view realm, std::string_view password);
  [[nodiscard]] const std::string& ha1(DigestAlgorithm algorithm) const {
    return algorithm == DigestAlgorithm::kMd5 ? md5_ha1 : sha256_ha1;
  }
};

struct DigestServerOptions {
  std::string realm;
  bool offer_md5 = true;  // many phones know nothing else
  bool offer_sha256 = true;
  Micros nonce_life = std::chrono::minutes(5);
  // Nonces whose counts are remembered. Beyond it the oldest is forgotten and counts as stale from
  // then on.
  std::size_t max_nonces = 16384;
};

class DigestAuthenticator {
 public:
  enum class Verdict : std::uint8_t {
    kAccepted,
    kNoCredentials,  // none, or none for our realm, or of a scheme we do not know: challenge
    kStale,    // right, but the nonce is too old or was used so already: challenge with stale=true
    kRefused,  // wrong password or unknown user (not told apart): challenge, or 403 after some
               // tries
    kMalformed,  // 400
  };
  struct Outcome {
    Verdict verdict = Verdict::kNoCredentials;
    std::string user;  // as claimed; proven only when accepted
  };
  // The secret of a user, nullopt when there is no such user.
  using Lookup = std::function<std::optional<DigestSecret>(std::string_view user)>;

  // `entropy` is read once, here: nonces are signed with a key that lives as long as this object.
  DigestAuthenticator(DigestServerOptions options, Entropy& entropy);

  // Looks at Authorization, or at Proxy-Authorization when `header` says so. A nonce is good only
  // for the `audience` (an address) it was given to: who sends from an address that is not its own
  // has none, and is told kStale before anything is compared.
  [[nodiscard]] Outcome check(const Message& request, Header header, const Lookup& lookup,
                              MonoTime now, std::string_view audience = {});
  // A 401 (kAuthorization) or 407 (kProxyAuthorization) with one challenge per algorithm, MD5
  // first (docs/decisions/digest-order.md). For kStale pass stale = true.
  [[nodiscard]] Message challenge(const Message& request, Header header, bool stale, MonoTime now,
                                  std::string_view audience = {});

  [[nodiscard]] std::size_t nonces_remembered() const { return used_.size(); }

 private:
  struct Use {  // which nonce counts were seen: the highest, and the 64 below it as bits
    std::uint32_t highest = 0;
    std::uint64_t below = 0;
    MonoTime issued;
  };
  struct Nonce {
    std::uint64_t serial = 0;
    MonoTime issued;
  };
  [[nodiscard]] std::string sign(std::string_view text) const;
  std::string make_nonce(MonoTime now, std::string_view audience);
  [[nodiscard]] std::optional<Nonce> read_nonce(std::string_view text,
                                                std::string_view audience) const;
  [[nodiscard]] bool is_current(const Nonce& nonce, MonoTime now) const;
  bool note_use(const Nonce& nonce, std::uint32_t count, MonoTime now);
  void forget_old(MonoTime now);

  DigestServerOptions options_;
  Bytes key_;
  std::uint64_t next_serial_ = 1;
  std::uint64_t floor_ = 0;            // serials up to here are stale unless still in used_
  std::map<std::uint64_t, Use> used_;  // by serial, which is the order of issue
};

struct DigestCredentials {
  std::string user;
  std::string password;
};

class DigestClient {
 public:
  // `entropy` makes cnonces and must outlive this object.
  DigestClient(DigestCredentials credentials, Entropy& entropy);

  // Takes the challenges of a 401 or 407. True: authorize() and send again. False: nothing we can
  // answer, or our credentials were just refused.
  [[nodiscard]] bool take_challenge(const Message& response);
  // Adds Authorization or Proxy-Authorization for every challenge taken so far, in place of old
  // ones; nothing before the first challenge. Call it for each new request too: it saves a round
  // trip.
  void authorize(Message& request);
  // The request was accepted: a later challenge is a new one, not a refusal. Takes
  // Authentication-Info's nextnonce.
  void take_success(const Message& response);

 private:
  struct Session {
    Header answer_with = Header::kAuthorization;
    DigestAlgorithm algorithm = DigestAlgorithm::kMd5;
    std::string realm;
    std::string nonce;
    std::optional<std::string> opaque;
    bool qop_auth = false;
    std::string ha1;
    std::uint32_t count = 0;  // nc of the last use
    bool proven = false;      // a request with this password was accepted
    int stale_in_row = 0;     // a server that calls every nonce stale is given up
  };
  [[nodiscard]] std::optional<Session> read_challenge(std::string_view value,
                                                      Header answer_with) const;
  bool take(Session session, bool stale);
  std::string answer(Session& session, std::string_view method, std::string_view uri);

  DigestCredentials credentials_;
  Entropy& entropy_;
  std::vector<Session> sessions_;  // one per realm and header, at most 4
};

}  // namespace madoguchi::sip
