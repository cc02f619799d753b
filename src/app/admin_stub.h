// A command's way to one of the services that a running process has for administrators, over mutual
// TLS with the certificate role "admin". Blocking calls, one thread. For .cc files: it pulls gRPC
// in.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "app/admin_client.h"

namespace madoguchi::app {

template <typename Service>
Result<std::unique_ptr<typename Service::Stub>> stub_of(const ProcessAccess& access,
                                                        const std::string& process = "vault") {
  const auto credentials = wire::channel_credentials(access.tls);
  if (!credentials) return tl::unexpected<Error>(credentials.error());
  return Service::NewStub(wire::open_channel(access.address, process, *credentials));
}

// Of the deployment that `madoguchi up` made in `data`.
template <typename Service>
Result<std::unique_ptr<typename Service::Stub>> stub_in(const std::filesystem::path& data,
                                                        const std::string& process = "vault") {
  const auto access = ProcessAccess::of_deployment(data, process);
  if (!access) return tl::unexpected<Error>(access.error());
  return stub_of<Service>(*access, process);
}

// kUnavailable: the vault is away; kDenied: it refused.
Result<void> answered(const grpc::Status& status);

}  // namespace madoguchi::app
