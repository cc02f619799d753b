#include "sip/registrar.h"

#include <algorithm>

namespace madoguchi::sip {
namespace {

using std::chrono::seconds;

// Timer F (RFC 3261, 17.1.2.2): a telephone that wanted to refresh while nobody was there repeats
// its request for this long.
constexpr seconds kRefreshRepeats{32};

std::string contact_line(const Binding& binding, MonoTime now) {
  const auto left = std::chrono::ceil<seconds>(binding.expires - now);
  std::string line = "<" + binding.contact.text() + ">;expires=" + std::to_string(left.count());
  if (binding.q != 1000) {
    std::string fraction = std::to_string(1000 + binding.q).substr(1);
    line += ";q=0." + fraction;
  }
  return line;
}

}  // namespace

Registrar::Registrar(RegistrarOptions options, DigestAuthenticator& authenticator,
                     DigestAuthenticator::Lookup lookup)
    : options_(options), authenticator_(authenticator), lookup_(std::move(lookup)) {}

std::optional<Registrar::Reply> Registrar::authenticate(const Message& request,
                                                        const std::string& account,
                                                        const IpAddress& from, MonoTime now) {
  using Verdict = DigestAuthenticator::Verdict;
  if (request.has(Header::kAuthorization)) {
    if (const auto wait = guesses_.wait(account, from, now)) {
      guesses_.count_slowed();
      return Reply{503, {{"Retry-After", std::to_string(wait->count())}}};
    }
  }
  const std::string audience = from.text();
  const auto outcome =
      authenticator_.check(request, Header::kAuthorization, lookup_, now, audience);
  // RFC 3261, 10.3 step 4: only one's own address of record; and nobody learns of a password under
  // another account's name.
  const bool compared =
      outcome.verdict == Verdict::kAccepted || outcome.verdict == Verdict::kRefused;
  if (compared && outcome.user != account) return Reply{403, {}};
  switch (outcome.verdict) {
    case Verdict::kAccepted:
      guesses_.right(account, from);
      return std::nullopt;
    case Verdict::kMalformed:
      return Reply{400, {}};
    case Verdict::kRefused:
      guesses_.wrong(account, from, now);
      break;
    case Verdict::kNoCredentials:
    case Verdict::kStale:
      break;
  }
  const Message challenge = authenticator_.challenge(
      request, Header::kAuthorization, outcome.verdict == Verdict::kStale, now, audience);
  Reply reply{challenge.status(), {}};
  for (std::size_t i = 0; i < challenge.field_count(); ++i)
    if (const auto field = challenge.field(i); field.id == Header::kWwwAuthenticate)
      reply.headers.push_back({"WWW-Authenticate", std::string(field.value)});
  return reply;
}

std::optional<Registrar::Reply> Registrar::read_contacts(const Message& request, Transport over,
                                                         Request& wanted) const {
  const seconds most = is_reliable(over) ? options_.max_stream_expires : options_.max_expires;
  const auto contacts = request.name_addrs(Header::kContact);
  if (!contacts) {
    if (request.has(Header::kContact)) return Reply{400, {}};
    return std::nullopt;
  }
  const auto general = request.expires();
  for (const NameAddr& contact : *contacts) {
    if (contact.is_star) {
      if (contacts->size() != 1 || general != 0U) return Reply{400, {}};
      wanted.remove_all = true;
      return std::nullopt;
    }
    auto uri = contact.parse_uri();
    if (!uri || !uri->is_sip_or_sips()) return Reply{400, {}};
    uri->remove_headers();
    const auto asked = contact.expires() ? contact.expires() : general;
    seconds expires = asked ? seconds(*asked) : options_.default_expires;
    if (expires.count() != 0 && expires < options_.min_expires)
      return Reply{423, {{"Min-Expires", std::to_string(options_.min_expires.count())}}};
    expires = std::min(expires, most);
    if (wanted.contacts.size() >= 2 * options_.max_contacts) return Reply{403, {}};
    wanted.contacts.push_back({*std::move(uri), contact.q_thousandths(), expires});
  }
  return std::nullopt;
}

Registrar::Reply Registrar::handle(const Message& request, const Flow& flow, MonoTime now) {
  advance(now);
  const auto to = request.to();
  const auto aor = to ? to->parse_uri() : std::nullopt;
  const auto cseq = request.cseq();
  if (!aor || !aor->is_sip_or_sips() || !cseq) return {400, {}};  // RFC 4475, 3.3.4
  if (aor->user().empty()) return {404, {}};
  Request wanted;
  wanted.account = aor->user_decoded();
  wanted.call_id = request.call_id();
  wanted.cseq = cseq->number;
  if (auto refused = authenticate(request, wanted.account, flow.remote.address, now))
    return *std::move(refused);
  if (auto refused = read_contacts(request, flow.transport, wanted)) return *std::move(refused);
  if (auto refused = apply(wanted, flow, now)) return *std::move(refused);
  return listing(wanted.account, now);
}

std::optional<Registrar::Reply> Registrar::apply(const Request& request, const Flow& flow,
                                                 MonoTime now) {
  auto account = accounts_.find(request.account);
  std::vector<Binding> bindings;
  if (account != accounts_.end()) bindings = account->second;
  // RFC 3261, 10.3 steps 6 and 7: all or nothing, and nothing out of order.
  const auto out_of_order = [&](const Binding& binding) {
    return binding.call_id == request.call_id && request.cseq <= binding.cseq;
  };
  if (request.remove_all) {
    if (std::any_of(bindings.begin(), bindings.end(), out_of_order)) return Reply{500, {}};
    bindings.clear();
  }
  for (const Wanted& contact : request.contacts) {
    const auto old = std::find_if(bindings.begin(), bindings.end(), [&](const Binding& binding) {
      return binding.contact.equivalent(contact.uri);
    });
    if (old != bindings.end()) {
      if (out_of_order(*old)) return Reply{500, {}};
      bindings.erase(old);
    }
    if (contact.expires.count() == 0) continue;
    // The same telephone after a restart or behind a new NAT port: its last binding over this very
    // flow gives way rather than ring twice.
    std::erase_if(bindings, [&](const Binding& binding) {
      return binding.flow == flow && binding.call_id != request.call_id &&
             binding.contact.user() == contact.uri.user();
    });
    if (bindings.size() >= options_.max_contacts) return Reply{403, {}};
    bindings.push_back(
        {contact.uri, flow, contact.q, now + contact.expires, request.call_id, request.cseq});
    next_expiry_ = std::min(next_expiry_, now + contact.expires);
  }
  if (account == accounts_.end()) {
    if (bindings.empty()) return std::nullopt;
    if (accounts_.size() >= options_.max_accounts) return Reply{503, {{"Retry-After", "60"}}};
    touched_.insert(request.account);
    accounts_.emplace(request.account, std::move(bindings));
    changes_.push_back({request.account, true});
    return std::nullopt;
  }
  if (request.remove_all || !request.contacts.empty()) touched_.insert(request.account);
  account->second = std::move(bindings);
  drop_if_empty(account);
  return std::nullopt;
}

void Registrar::drop_if_empty(Accounts::iterator account) {
  if (!account->second.empty()) return;
  touched_.insert(account->first);
  changes_.push_back({account->first, false});
  accounts_.erase(account);
}

Registrar::Reply Registrar::listing(const std::string& account, MonoTime now) const {
  Reply reply;
  for (const Binding& binding : find(account, now))
    reply.headers.push_back({"Contact", contact_line(binding, now)});
  return reply;
}

std::vector<Binding> Registrar::find(std::string_view account, MonoTime now) const {
  const auto found = accounts_.find(account);
  if (found == accounts_.end()) return {};
  std::vector<Binding> bindings(found->second.rbegin(), found->second.rend());
  std::erase_if(bindings, [&](const Binding& binding) { return binding.expires <= now; });
  std::stable_sort(bindings.begin(), bindings.end(),
                   [](const Binding& a, const Binding& b) { return a.q > b.q; });
  return bindings;
}

std::vector<Flow> Registrar::flows() const {
  std::vector<Flow> flows;
  for (const auto& [account, bindings] : accounts_)
    for (const Binding& binding : bindings) flows.push_back(binding.flow);
  return flows;
}

void Registrar::restore(const std::string& account, Binding binding, MonoTime now) {
  const MonoTime waits_until = now + kRefreshRepeats;
  if (binding.expires + kRefreshRepeats <= now) return;
  if (accounts_.size() >= options_.max_accounts && !accounts_.contains(account)) return;
  auto& bindings = accounts_[account];
  if (bindings.size() >= options_.max_contacts) return;
  // Whatever was set on the clock meanwhile, nobody was granted more.
  binding.expires = std::clamp(binding.expires, waits_until, now + options_.max_expires);
  next_expiry_ = std::min(next_expiry_, binding.expires);
  bindings.push_back(std::move(binding));
  touched_.insert(account);
}

void Registrar::connection_closed(ConnectionId connection) {
  for (auto account = accounts_.begin(); account != accounts_.end();) {
    const auto here = account++;
    std::erase_if(here->second, [&](const Binding& binding) {
      return binding.flow.connection == connection && connection != 0;
    });
    drop_if_empty(here);
  }
}

void Registrar::advance(MonoTime now) {
  if (next_expiry_ > now) return;
  next_expiry_ = MonoTime::max();
  for (auto account = accounts_.begin(); account != accounts_.end();) {
    const auto here = account++;
    std::erase_if(here->second, [&](const Binding& binding) { return binding.expires <= now; });
    for (const Binding& binding : here->second)
      next_expiry_ = std::min(next_expiry_, binding.expires);
    drop_if_empty(here);
  }
}

std::optional<MonoTime> Registrar::next_deadline() const {
  if (accounts_.empty() || next_expiry_ == MonoTime::max()) return std::nullopt;
  return next_expiry_;
}

std::optional<Registrar::Change> Registrar::poll() {
  if (next_change_ == changes_.size()) {
    changes_.clear();
    next_change_ = 0;
    return std::nullopt;
  }
  return std::move(changes_[next_change_++]);
}

}  // namespace madoguchi::sip
