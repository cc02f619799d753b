#include "web/server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include "web/engine.h"
#include "web/hosts.h"

namespace madoguchi::web {
namespace {

bool is_address(const std::string& text) {
  in_addr v4{};
  in6_addr v6{};
  return inet_pton(AF_INET, text.c_str(), &v4) == 1 || inet_pton(AF_INET6, text.c_str(), &v6) == 1;
}

Result<void> check(const ServerSettings& settings) {
  if (!is_address(settings.address))
    return fail(ErrorCode::kInvalid,
                fmt::format("address: \"{}\" is not an IP address", settings.address));
  if (!settings.certificate) {
    if (!is_loopback(settings.address))
      return fail(ErrorCode::kInvalid,
                  fmt::format("address: without a certificate only the machine itself may connect: "
                              "give certificate and key, or listen on 127.0.0.1 instead of {}",
                              settings.address));
    return {};
  }
  for (const auto& file : {settings.certificate->certificate, settings.certificate->key})
    if (access(file.c_str(), R_OK) != 0)
      return fail(ErrorCode::kInvalid,
                  fmt::format("certificate: {} cannot be read", file.string()));
  return {};
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const ServerSettings& settings, Routes routes) {
  if (auto good = check(settings); !good) return tl::unexpected<Error>(good.error());
  auto engine = settings.certificate ? make_tls_engine(settings, std::move(routes))
                                     : make_plain_engine(settings, std::move(routes));
  if (auto started = engine->start(); !started) return tl::unexpected<Error>(started.error());
  return std::unique_ptr<Server>(new Server(std::move(engine)));
}

Server::Server(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
Server::~Server() = default;

std::uint16_t Server::port() const {
  return engine_->port();
}

ServerCounters Server::counters() const {
  return engine_->counters();
}

}  // namespace madoguchi::web
