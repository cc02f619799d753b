// The vault's own web site: the glass: the page where staff sign in to the vault itself, to
// be held in a frame of the console. It answers to its own host name only, may be framed only by
// the consoles named in the settings, loads nothing from elsewhere, and takes changes only from its
// own pages (Origin checked, JSON only, cookie HttpOnly). Errors tell nobody what was wrong.
//
//   GET    /api/session   {"signed_in":…,"display_name":…,"expires_at":…}
//   POST   /api/session   {"name":…,"password":…}: 200 as GET, 403 wrong or wait, 503 away or busy
//   DELETE /api/session   signs out
//   GET    /api/parents   {"parents":["https://…"]}: whom the page may tell that somebody signed in
#pragma once

#include <memory>

#include "base/result.h"
#include "vault/settings.h"
#include "vault/staff.h"
#include "vault/worker.h"
#include "web/http.h"
#include "web/routes.h"
#include "web/server.h"

namespace madoguchi::vault {

class GlassSite {
 public:
  // `staff` outlives it. kInvalid: the settings; kUnavailable: the port is taken.
  static Result<std::unique_ptr<GlassSite>> start(const GlassSettings& settings, Staff& staff);
  ~GlassSite();

  [[nodiscard]] std::uint16_t port() const;

 private:
  GlassSite(const GlassSettings& settings, Staff& staff);
  web::Routes routes();
  void show_session(const web::Request& request, const web::Reply& reply);
  void sign_in(const web::Request& request, const web::Reply& reply);
  void sign_out(const web::Request& request, const web::Reply& reply);
  // Sends the refusal itself; false then.
  bool is_ours(const web::Request& request, const web::Reply& reply) const;
  bool may_change(const web::Request& request, const web::Reply& reply) const;
  [[nodiscard]] std::string cookie_of(std::string_view value, std::int64_t max_age_s) const;

  const GlassSettings settings_;
  const bool secure_;
  Staff& staff_;
  Worker readers_{256};  // what waits is small: a session's row
  Worker verifier_{64};  // one password at a time: each is meant to cost memory and time
  std::unique_ptr<web::Server> server_;  // last: stops calling the others first
};

}  // namespace madoguchi::vault
