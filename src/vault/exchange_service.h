// VaultForExchange: the standing stream of an exchange. Its directory goes out first and whenever
// it changes; tokens are answered on the stream's own thread from memory; all else goes to the
// Keeper. Owned by the vault's process; gRPC's threads call it.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "vault.grpc.pb.h"
#include "vault/authority_desk.h"
#include "vault/keeper.h"
#include "vault/refusals.h"
#include "vault/registry.h"

namespace madoguchi::vault {

class ExchangeService final : public wire::VaultForExchange::CallbackService {
 public:
  ExchangeService(Registry& registry, Keeper& keeper, AuthorityDesk& authority, Refusals& refusals);
  ~ExchangeService() override;

  grpc::ServerBidiReactor<wire::ExchangeAsks, wire::VaultTells>* Attach(
      grpc::CallbackServerContext* context) override;

 private:
  class Stream;
  void push_directory();
  void take(const wire::ExchangeAsks& asks, const std::shared_ptr<Stream>& stream);
  void take_leases(const wire::ExchangeAsks& asks);
  void fill_directory(wire::Directory& directory);

  Registry& registry_;
  Keeper& keeper_;
  AuthorityDesk& authority_;
  Refusals& refusals_;
  std::mutex mutex_;  // guards streams_
  std::vector<std::weak_ptr<Stream>> streams_;
};

}  // namespace madoguchi::vault
