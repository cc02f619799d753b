#include "vault/access/session_legs.h"

#include <algorithm>

namespace madoguchi::vault {
namespace {

constexpr std::string_view kHash = "sha-256 ";
constexpr std::size_t kPairs = 32;
// A page that is loaded anew, or a network that comes back, is a leg more: many in a shift.
constexpr std::size_t kAnew = 32;

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

}  // namespace

Result<std::string> fingerprint_of(std::string_view text) {
  const auto bad = [] {
    return fail(ErrorCode::kInvalid, "a fingerprint is sha-256 and 32 pairs of hex digits with :");
  };
  if (text.size() != kHash.size() + 3 * kPairs - 1) return bad();
  for (std::size_t i = 0; i < kHash.size(); ++i)
    if (upper(text[i]) != upper(kHash[i])) return bad();
  std::string spelled(kHash);
  for (const char raw : text.substr(kHash.size())) {
    const char c = upper(raw);
    const bool colon = (spelled.size() - kHash.size()) % 3 == 2;
    if (colon ? c != ':' : !is_hex(c)) return bad();
    spelled += c;
  }
  return spelled;
}

Result<void> SessionLegs::may_put(const SessionLeg& leg, Time now) const {
  const auto found = legs_.find(leg.leg);
  if (found != legs_.end() && found->second.who != leg.who && now < found->second.expires)
    return fail(ErrorCode::kConflict, "this audio leg is another person's");
  const auto mine = std::count_if(legs_.begin(), legs_.end(), [&](const auto& entry) {
    return entry.second.session == leg.session && entry.first != leg.leg;
  });
  if (static_cast<std::size_t>(mine) >= kAnew * kMostOfASession)
    return fail(ErrorCode::kConflict, "too many audio legs in one session; sign in again");
  return {};
}

void SessionLegs::put(const SessionLeg& leg, Time now) {
  std::erase_if(legs_, [&](const auto& entry) { return entry.second.expires <= now; });
  legs_.insert_or_assign(leg.leg, leg);
}

void SessionLegs::end(const SessionKey& session) {
  std::erase_if(legs_, [&](const auto& entry) { return entry.second.session == session; });
}

std::vector<SessionLeg> SessionLegs::of(const OperatorId& who, Time now) const {
  std::vector<SessionLeg> found;
  for (const auto& [proof, leg] : legs_)
    if (leg.who == who && now < leg.expires) found.push_back(leg);
  return found;
}

bool SessionLegs::is_live(const SessionKey& session, Time now) const {
  return std::any_of(legs_.begin(), legs_.end(), [&](const auto& entry) {
    return entry.second.session == session && now < entry.second.expires;
  });
}

}  // namespace madoguchi::vault
