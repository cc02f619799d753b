// Inside of DtlsIdentity, shared by the two files that need OpenSSL's types; include it nowhere
// else.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

#include "rtp/dtls.h"

namespace madoguchi::rtp {

struct FreeOpenSsl {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* connection) const { SSL_free(connection); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

// What the verification of a peer's certificate finds behind its SSL's application data.
struct DtlsExpectation {
  Fingerprint peer;
  bool met = false;
  bool refused = false;
};

struct DtlsIdentity::State {
  std::unique_ptr<SSL_CTX, FreeOpenSsl> context;
};

// "what: OpenSSL's reason", and empties its error queue.
std::string openssl_error(std::string_view what);

}  // namespace madoguchi::rtp
