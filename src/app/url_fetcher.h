// A log's resources from a web server, for the client's own tools. The caller's thread, which it
// blocks; what it says of a failure is for people.
#pragma once

#include <string>
#include <string_view>

#include "ledger/fetch.h"
#include "web/client.h"

namespace madoguchi::app {

class UrlFetcher final : public ledger::Fetcher {
 public:
  // `origin`: the log's, "vault.example.jp/log/sakura"; a vault answers by that host's name alone.
  UrlFetcher(std::string prefix, std::string_view origin, web::ClientSettings settings);
  Result<Bytes> fetch(std::string_view path, std::size_t most) override;

 private:
  std::string prefix_;
  const std::string host_;
  web::Client client_;
};

}  // namespace madoguchi::app
