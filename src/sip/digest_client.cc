// Answering challenges.
#include <algorithm>
#include <array>

#include "sip/digest.h"

namespace madoguchi::sip {
namespace {

constexpr std::size_t kMaxSessions = 4;
constexpr int kMaxStaleInRow = 3;

std::string hex8(std::uint32_t number) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out(8, '0');
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = kHex[(number >> (28 - 4 * i)) & 15];
  return out;
}

bool offers_auth(std::string_view qop) {
  std::string_view rest = qop;
  std::string_view element;
  while (next_element(rest, element))
    if (iequals(element, "auth")) return true;
  return false;
}

}  // namespace

DigestClient::DigestClient(DigestCredentials credentials, Entropy& entropy)
    : credentials_(std::move(credentials)), entropy_(entropy) {}

std::optional<DigestClient::Session> DigestClient::read_challenge(std::string_view value,
                                                                  Header answer_with) const {
  const auto challenge = AuthValue::parse(value);
  if (!challenge || !challenge->is_digest()) return std::nullopt;
  const auto algorithm = digest_algorithm_from(challenge->param("algorithm").value_or("MD5"));
  const auto realm = challenge->param("realm");
  const auto nonce = challenge->param("nonce");
  const auto qop = challenge->param("qop");
  if (!algorithm || !realm || !nonce) return std::nullopt;
  if (qop && !offers_auth(*qop)) return std::nullopt;  // auth-int alone
  Session session;
  session.answer_with = answer_with;
  session.algorithm = *algorithm;
  session.realm = *realm;
  session.nonce = *nonce;
  session.opaque = challenge->param("opaque");
  session.qop_auth = qop.has_value();
  return session;
}

bool DigestClient::take(Session session, bool stale) {
  const auto known = std::find_if(sessions_.begin(), sessions_.end(), [&](const Session& old) {
    return old.answer_with == session.answer_with && old.realm == session.realm;
  });
  if (known != sessions_.end()) {
    // Challenged again although we had answered, never with success, and the nonce was no excuse.
    if (known->count > 0 && !known->proven && !stale) return false;
    session.stale_in_row = stale ? known->stale_in_row + 1 : 0;
    if (session.stale_in_row > kMaxStaleInRow) return false;
    // Success in between speaks for the password; but twice in a row refused is refused.
    session.proven = false;
  } else if (sessions_.size() >= kMaxSessions) {
    return false;
  }
  const DigestSecret secret =
      DigestSecret::of(credentials_.user, session.realm, credentials_.password);
  session.ha1 = secret.ha1(session.algorithm);
  if (session.ha1.empty()) return false;
  if (known != sessions_.end())
    *known = std::move(session);
  else
    sessions_.push_back(std::move(session));
  return true;
}

bool DigestClient::take_challenge(const Message& response) {
  const bool proxy = response.status() == 407;
  const Header answer_with = proxy ? Header::kProxyAuthorization : Header::kAuthorization;
  std::vector<std::string> realms;
  bool any = false;
  for (const std::string_view value :
       response.values(proxy ? Header::kProxyAuthenticate : Header::kWwwAuthenticate)) {
    auto session = read_challenge(value, answer_with);
    if (!session) continue;
    // RFC 8760, 2.4: of each realm the topmost challenge that we can answer. A server that lists
    // MD5 first and SHA-256 after it is still answered with the stronger one.
    const auto seen = std::find(realms.begin(), realms.end(), session->realm);
    if (seen != realms.end() && session->algorithm == DigestAlgorithm::kMd5) continue;
    const auto parsed = AuthValue::parse(value);
    const bool stale = iequals(parsed->param("stale").value_or(""), "true");
    if (seen == realms.end()) {
      realms.push_back(session->realm);
      if (!take(std::move(*session), stale)) return false;
      any = true;
    } else {
      take(std::move(*session), stale);
    }
  }
  return any;
}

std::string DigestClient::answer(Session& session, std::string_view method, std::string_view uri) {
  ++session.count;
  const std::string ha2 =
      digest_hex(session.algorithm, std::string(method).append(":").append(uri));
  std::string text = session.ha1 + ":" + session.nonce + ":";
  std::string cnonce;
  const std::string nc = hex8(session.count);
  if (session.qop_auth) {
    std::array<std::uint8_t, 8> random{};
    entropy_.fill(random.data(), random.size());
    cnonce = to_hex(random);
    text.append(nc).append(":").append(cnonce).append(":auth:");
  }
  text.append(ha2);

  std::string value = "Digest username=" + quote(credentials_.user);
  value.append(", realm=").append(quote(session.realm));
  value.append(", nonce=").append(quote(session.nonce));
  value.append(", uri=").append(quote(uri));
  value.append(", response=\"").append(digest_hex(session.algorithm, text)).append("\"");
  value.append(", algorithm=").append(name_of(session.algorithm));
  if (session.opaque) value.append(", opaque=").append(quote(*session.opaque));
  if (session.qop_auth)
    value.append(", qop=auth, nc=").append(nc).append(", cnonce=\"").append(cnonce).append("\"");
  return value;
}

void DigestClient::authorize(Message& request) {
  if (sessions_.empty()) return;
  request.remove(Header::kAuthorization);
  request.remove(Header::kProxyAuthorization);
  for (Session& session : sessions_)
    request.add(session.answer_with,
                answer(session, request.method_name(), request.target().text()));
}

void DigestClient::take_success(const Message& response) {
  for (Session& session : sessions_) {
    if (session.count == 0) continue;
    session.proven = true;
    session.stale_in_row = 0;
  }
  const auto field = response.first(Header::kAuthenticationInfo);
  if (!field || sessions_.size() != 1) return;
  // The value is bare parameters: a scheme in front lets the same reader take it.
  const std::string with_scheme = "Digest " + std::string(*field);
  const auto info = AuthValue::parse(with_scheme);
  const auto next = info ? info->param("nextnonce") : std::nullopt;
  if (!next || next->empty() || *next == sessions_[0].nonce) return;
  sessions_[0].nonce = *next;
  sessions_[0].count = 0;
}

}  // namespace madoguchi::sip
