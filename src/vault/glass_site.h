// The vault's own web site: the glass: the page where staff sign in to the vault itself, to
// be held in a frame of the console. It answers to its own host name only, may be framed only by
// the consoles named in the settings, loads nothing from elsewhere, and takes changes only from its
// own pages (Origin checked, JSON only, cookie HttpOnly). Errors tell nobody what was wrong.
//
// It also shows the clients' logs as published, under /log/, to anyone: they hold no personal data.
//
// docs/openapi-glass.yaml says what is asked and answered.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "ledger/witness_desk.h"
#include "vault/authority_desk.h"
#include "vault/glass_cases.h"
#include "vault/glass_door.h"
#include "vault/glass_enquiries.h"
#include "vault/glass_exports.h"
#include "vault/glass_identity.h"
#include "vault/glass_mandates.h"
#include "vault/glass_owner.h"
#include "vault/glass_passkeys.h"
#include "vault/glass_people.h"
#include "vault/glass_playbacks.h"
#include "vault/glass_retention.h"
#include "vault/glass_watch.h"
#include "vault/registry.h"
#include "vault/settings.h"
#include "vault/staff.h"
#include "vault/worker.h"
#include "web/http.h"
#include "web/routes.h"
#include "web/server.h"

namespace madoguchi::vault {

class GlassSite {
 public:
  struct People {
    Records& records;
    Openings& openings;
    Entropy& entropy;
    CallerIdentity& identity;
    ledger::LogStore* log = nullptr;
    ledger::Logs* logs = nullptr;  // as published, for anyone to read
    Enquiries* enquiries = nullptr;
    Exports* exports = nullptr;  // null: none are asked for here
    WatchDesk* watch = nullptr;
    Playbacks* playbacks = nullptr;                  // null: no recordings are at hand
    const ledger::WitnessDesk* witnesses = nullptr;  // null: none is named
    Retention* retention = nullptr;
    LogChanges* changes = nullptr;
    CaseDesk* cases = nullptr;
  };
  // All outlive the site.
  struct Parts {
    Staff& staff;
    AuthorityDesk& authority;
    Registry& registry;
    std::optional<People> people{};  // absent: nothing about people is served
    Passkeys* passkeys = nullptr;    // absent: none are made or taken
    Refusals* refusals = nullptr;    // absent: what the door refuses is told nowhere
  };
  // kInvalid: the settings; kUnavailable: the port is taken.
  static Result<std::unique_ptr<GlassSite>> start(const GlassSettings& settings,
                                                  const Parts& parts);
  ~GlassSite();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] web::ServerCounters counters() const { return server_->counters(); }

  // Everything it serves, for the server and for the test that holds the document against it.
  web::Routes routes();

 private:
  GlassSite(const GlassSettings& settings, const Parts& parts);
  void show_session(const web::Request& request, const web::Reply& reply);
  void sign_in(const web::Request& request, const web::Reply& reply);
  void sign_out(const web::Request& request, const web::Reply& reply);
  void show_log(const web::Request& request, const web::Reply& reply);
  web::Response register_leg(const web::Request& request, const Visitor& visitor);
  [[nodiscard]] web::Response session_of(const Visitor& session) const;
  [[nodiscard]] web::Response begun(const SignedIn& session) const;
  [[nodiscard]] std::string cookie_of(std::string_view value, std::int64_t max_age_s) const;

  const GlassSettings settings_;
  const bool secure_;
  const Parts parts_;
  std::unique_ptr<GlassDoor> door_;  // its threads call the next two
  GlassOwner owner_;
  GlassMandates mandates_;
  std::optional<GlassPasskeys> passkeys_;
  std::optional<GlassPeople> people_;
  std::optional<GlassIdentity> identity_;
  std::optional<GlassEnquiries> enquiries_;
  std::optional<GlassExports> exports_;
  std::optional<GlassWatch> watch_;
  std::optional<GlassPlaybacks> playbacks_;
  std::optional<GlassRetention> retention_;
  std::optional<GlassCases> cases_;
  Worker readers_{256};     // what waits is small: a session's row
  Worker log_readers_{64};  // of its own: whoever reads logs keeps nobody from signing in
  Worker verifier_{64};     // one password at a time: each is meant to cost memory and time
  std::unique_ptr<web::Server> server_;  // last: stops calling the others first
};

}  // namespace madoguchi::vault
