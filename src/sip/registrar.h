// The registrar of operators' telephones (RFC 3261, 10.3): who is reachable where, until when, over
// which flow. An engine beside the UserAgent: a RequestReceived for REGISTER goes to handle(), its
// Reply to UserAgent::respond(). The loop thread owns it. Accounts and contacts are bounded.
// Authentication is done here with the core's DigestAuthenticator: nobody registers without it.
// Whoever owns it keeps the bindings where they outlive the process (take_touched()) and gives them
// back at the next start (restore()).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "sip/digest.h"
#include "sip/flow.h"
#include "sip/guess_guard.h"
#include "sip/message.h"
#include "sip/session_events.h"

namespace madoguchi::sip {

struct RegistrarOptions {
  std::chrono::seconds default_expires{300};
  std::chrono::seconds min_expires{60};  // shorter: 423 (except 0)
  // More is granted to nobody (10.3 step 6): who is lost to us is back within this time.
  std::chrono::seconds max_expires{300};
  // Over a connection: it ends with either side's process, and only the telephone can open another.
  std::chrono::seconds max_stream_expires{120};
  std::size_t max_contacts = 8;       // per account: 403 beyond
  std::size_t max_accounts = 10'000;  // with bindings: 503 beyond
};

// Where an account can be called now.
struct Binding {
  Uri contact;   // the Request-URI to use
  Flow flow;     // send here: over the connection or NAT binding the telephone opened
  int q = 1000;  // thousandths; higher is tried first
  MonoTime expires{};
  std::string call_id;
  std::uint32_t cseq = 0;
};

class Registrar {
 public:
  struct Reply {
    int status = 200;
    std::vector<HeaderLine> headers;
  };
  // Registered, gone (removed or expired); what to tell the centre.
  struct Change {
    std::string account;
    bool reachable = false;
  };

  // `authenticator` and `lookup` (the digest secrets of accounts, by user name) outlive the
  // registrar.
  Registrar(RegistrarOptions options, DigestAuthenticator& authenticator,
            DigestAuthenticator::Lookup lookup);

  // One REGISTER. The account is the user of To and must be who authenticates.
  Reply handle(const Message& request, const Flow& flow, MonoTime now);

  // Best first (q, then the latest). Empty when not reachable.
  [[nodiscard]] std::vector<Binding> find(std::string_view account, MonoTime now) const;
  // A connection ended: what was registered over it cannot be reached any more.
  void connection_closed(ConnectionId connection);

  void advance(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;
  // An account became reachable, or ceased to be.
  std::optional<Change> poll();
  [[nodiscard]] std::size_t account_count() const { return accounts_.size(); }
  // Wrong passwords, and those that were not even looked at.
  [[nodiscard]] const GuessGuard& guesses() const { return guesses_; }
  // Over which telephones are reachable.
  [[nodiscard]] std::vector<Flow> flows() const;

  // Accounts whose bindings changed since the last call, refreshed ones included.
  std::set<std::string> take_touched() { return std::exchange(touched_, {}); }
  [[nodiscard]] bool has_touched() const { return !touched_.empty(); }
  // A binding that an earlier registrar had, before any request is handled; those of one account in
  // the order that they came in. Left out when it is over for so long that its telephone has given
  // up refreshing it. poll() tells nothing of it.
  void restore(const std::string& account, Binding binding, MonoTime now);

 private:
  struct Wanted {  // one Contact of a request
    Uri uri;
    int q = 1000;
    std::chrono::seconds expires{0};
  };
  struct Request {
    std::string account;
    std::string call_id;
    std::uint32_t cseq = 0;
    bool remove_all = false;
    std::vector<Wanted> contacts;
  };
  using Accounts = std::map<std::string, std::vector<Binding>, std::less<>>;

  std::optional<Reply> authenticate(const Message& request, const std::string& account,
                                    const IpAddress& from, MonoTime now);
  std::optional<Reply> read_contacts(const Message& request, Transport over, Request& wanted) const;
  std::optional<Reply> apply(const Request& request, const Flow& flow, MonoTime now);
  [[nodiscard]] Reply listing(const std::string& account, MonoTime now) const;
  void drop_if_empty(Accounts::iterator account);

  RegistrarOptions options_;
  DigestAuthenticator& authenticator_;
  DigestAuthenticator::Lookup lookup_;
  GuessGuard guesses_;
  Accounts accounts_;
  MonoTime next_expiry_ = MonoTime::max();  // no binding expires before it
  std::set<std::string> touched_;
  std::vector<Change> changes_;
  std::size_t next_change_ = 0;
};

}  // namespace madoguchi::sip
