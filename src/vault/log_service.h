// VaultLogsForAdmin: the keys that clients' logs are verified with, and how their witnesses stand.
// gRPC's threads call it.
#pragma once

#include "ledger/log_store.h"
#include "logs.grpc.pb.h"
#include "vault/client_logs.h"

namespace madoguchi::vault {

class LogService final : public wire::VaultLogsForAdmin::Service {
 public:
  // Both outlive it.
  LogService(ledger::LogStore& store, ClientLogs& logs) : store_(store), logs_(logs) {}

  grpc::Status List(grpc::ServerContext* context, const wire::ListLogsAsk* ask,
                    wire::ListLogsTold* told) override;

 private:
  Result<void> list(const std::string& organisation, wire::ListLogsTold& told);

  ledger::LogStore& store_;
  ClientLogs& logs_;
};

}  // namespace madoguchi::vault
