// What a page of the glass sends with every request of its session, so that the session's cookie
// alone opens nothing: a signature over what is asked, by the key that the page can't give away.
// In the spirit of DPoP (RFC 9449): its method, address, time, single-use name, key and the
// server's nonce, and besides the body and the two headers that say for what. Pure; any thread.
//
//   Madoguchi-Proof: <run> <milliseconds since 1970> <name> <key> <signature>
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"

namespace madoguchi::vault {

inline constexpr std::string_view kProofHeader = "Madoguchi-Proof";
inline constexpr std::string_view kRunHeader = "Madoguchi-Run";

// A request as it came; the texts are only looked at.
struct AskedRequest {
  std::string_view method;
  std::string_view host;
  std::string_view target;  // path and query, as sent
  std::string_view ticket;
  std::string_view playback;
  std::string_view body;
};

struct RequestProof {
  std::string run;  // of the vault's process; whoever has just come has none yet: "-"
  Time made;        // whole milliseconds
  std::string name;
  std::string key;  // as page_key.h reads it
  Bytes signature;

  // Nothing unless it is as above, with nothing around it.
  static std::optional<RequestProof> parse(std::string_view header);
  [[nodiscard]] std::string header() const;
  // What is signed.
  [[nodiscard]] std::string message(const AskedRequest& request) const;
};

}  // namespace madoguchi::vault
