// Mutual TLS between our processes. Each has a certificate whose common name is its role, under one
// private authority; a service says which roles it lets in. Certificates are made by `madoguchi up`
// at first start (wire/authority.h) or by the administrator.
#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_context.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace grpc {
class ServerBuilder;
}

namespace madoguchi::wire {

struct TlsFiles {
  std::filesystem::path authority;    // PEM of the private authority
  std::filesystem::path certificate;  // PEM, this process's own
  std::filesystem::path key;          // PEM
};

// kNotFound or kInvalid, naming the file.
Result<std::shared_ptr<grpc::ServerCredentials>> server_credentials(const TlsFiles& files);
Result<std::shared_ptr<grpc::ChannelCredentials>> channel_credentials(const TlsFiles& files);

// A channel to a process of `role` at `address` ("unix:/…" or "host:port"): the peer must present
// that role.
std::shared_ptr<grpc::Channel> open_channel(const std::string& address, std::string_view role,
                                            const std::shared_ptr<grpc::ChannelCredentials>& own);

// Flow control for long streams between our own processes: windows wide enough that they are
// seldom renewed, and no probing of the network's bandwidth, which costs a ping and a wake-up on
// both sides for each message.
void tune_streams(grpc::ServerBuilder& builder);

// The caller's role (its certificate's common name); empty when there is none.
std::string peer_role(const grpc::ServerContextBase& context);

}  // namespace madoguchi::wire
