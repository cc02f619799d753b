// The API by another door: gRPC with mutual TLS for the administrator's command line, which holds
// the certificate of the role "admin" instead of a session. Owned by Core; gRPC's threads take the
// questions and wait, the loop answers them like a browser's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "web/routes.h"
#include "wire/credentials.h"

namespace madoguchi::centre {

class AdminDoor {
 public:
  // Called on gRPC's threads; `request.path` is below /api/v1.
  using Ask = std::function<void(web::Request request, web::Reply reply)>;

  // kInvalid or kNotFound: the certificate files; kUnavailable: the address is taken.
  static Result<std::unique_ptr<AdminDoor>> open(const std::string& listen,
                                                 const wire::TlsFiles& tls, Ask ask);
  ~AdminDoor();  // what is still asked is cancelled
  AdminDoor(const AdminDoor&) = delete;
  AdminDoor& operator=(const AdminDoor&) = delete;

 private:
  struct Inner;
  explicit AdminDoor(std::unique_ptr<Inner> inner);
  std::unique_ptr<Inner> inner_;
};

}  // namespace madoguchi::centre
