#include "wire/credentials.h"

#include <absl/synchronization/mutex.h>
#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>

#include <fstream>
#include <sstream>

namespace madoguchi::wire {
namespace {

struct Pem {
  std::string authority, certificate, key;
};

Result<std::string> read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || text.str().find("-----BEGIN ") == std::string::npos)
    return fail(
        ErrorCode::kNotFound,
        fmt::format("{}: is not a readable PEM file; `madoguchi up` makes one, or set another",
                    file.string()));
  return text.str();
}

Result<Pem> read_all(const TlsFiles& files) {
  // Debian builds the library under gRPC such that every lock of it is entered in a graph of locks,
  // to find deadlocks: some per cent of what a message costs.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  auto authority = read(files.authority);
  if (!authority) return tl::unexpected<Error>(authority.error());
  auto certificate = read(files.certificate);
  if (!certificate) return tl::unexpected<Error>(certificate.error());
  auto key = read(files.key);
  if (!key) return tl::unexpected<Error>(key.error());
  return Pem{*authority, *certificate, *key};
}

constexpr int kWindowBytes = 4 << 20;

}  // namespace

Result<std::shared_ptr<grpc::ServerCredentials>> server_credentials(const TlsFiles& files) {
  auto pem = read_all(files);
  if (!pem) return tl::unexpected<Error>(pem.error());
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = pem->authority;
  options.pem_key_cert_pairs.push_back({pem->key, pem->certificate});
  return grpc::SslServerCredentials(options);
}

Result<std::shared_ptr<grpc::ChannelCredentials>> channel_credentials(const TlsFiles& files) {
  auto pem = read_all(files);
  if (!pem) return tl::unexpected<Error>(pem.error());
  return grpc::SslCredentials({pem->authority, pem->key, pem->certificate});
}

std::shared_ptr<grpc::Channel> open_channel(const std::string& address, std::string_view role,
                                            const std::shared_ptr<grpc::ChannelCredentials>& own) {
  grpc::ChannelArguments arguments;
  // Certificates name roles, not hosts: the name to verify is the role, wherever the process runs.
  arguments.SetSslTargetNameOverride(std::string(role));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // Despite its name this is how long one attempt may take, handshake and all: on a machine under
  // load that is far more than the pause between attempts.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kWindowBytes);
  return grpc::CreateCustomChannel(address, own, arguments);
}

void tune_streams(grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kWindowBytes);
}

std::string peer_role(const grpc::ServerContextBase& context) {
  const auto auth = context.auth_context();
  if (!auth || !auth->IsPeerAuthenticated()) return {};
  const auto names = auth->FindPropertyValues("x509_common_name");
  return names.empty() ? std::string() : std::string(names.front().data(), names.front().size());
}

}  // namespace madoguchi::wire
