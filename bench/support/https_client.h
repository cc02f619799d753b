// A blocking HTTPS/1.1 client for benchmarks on this machine: one connection that stays open, a
// session's cookie kept, requests signed as the glass's page signs them, the server's certificate
// not looked at. One thread at a time.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "vault/page_keys/software_page.h"

namespace madoguchi::bench {

struct HttpsAnswer {
  int status = 0;
  std::string body;
};

class HttpsClient {
 public:
  // `host` is what the Host and Origin headers say; the connection goes to 127.0.0.1:`port`.
  HttpsClient(std::uint16_t port, std::string host);
  ~HttpsClient();
  HttpsClient(HttpsClient&&) noexcept;
  HttpsClient(const HttpsClient&) = delete;

  // Connects where needed. kUnavailable: the connection broke; the next ask makes another.
  Result<HttpsAnswer> ask(const std::string& method, const std::string& path,
                          const std::string& json = {}, const std::string& ticket = {});

 private:
  struct Connection;
  Result<HttpsAnswer> ask_once(const std::string& method, const std::string& path,
                               const std::string& json, const std::string& ticket);
  Result<void> connect();
  Result<HttpsAnswer> read_answer();

  std::uint16_t port_;
  std::string authority_;
  std::string cookie_;
  std::string run_;  // as the last answer told it; mostly it tells none
  vault::SoftwarePage page_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace madoguchi::bench
