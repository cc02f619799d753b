#include "web/settings.h"

#include <fmt/format.h>

#include "web/hosts.h"

namespace madoguchi::web {

void read_listening(Config& table, std::uint16_t usual_port, ServerSettings& into) {
  into.address = table.text_or("address", "127.0.0.1");
  into.port = static_cast<std::uint16_t>(table.integer_or("port", usual_port, 0, 65535));
  const auto certificate = table.path_or("certificate", {});
  const auto key = table.path_or("key", {});
  if (certificate.empty() != key.empty())
    table.refuse(certificate.empty() ? "certificate" : "key", "is missing beside the other one");
  if (!certificate.empty()) into.certificate = CertificateFiles{certificate, key};
  if (certificate.empty() && !is_loopback(into.address))
    table.refuse("address",
                 "without certificate and key only the machine itself may connect: "
                 "give them, or use 127.0.0.1");
}

void read_hosts(Config& table, ServerSettings& into) {
  into.hosts = table.texts_or("hosts", {});
  for (std::string& host : into.hosts)
    if (auto read = host_from(host))
      host = *std::move(read);
    else
      table.refuse("hosts", fmt::format("\"{}\" is none: a name or address without scheme, port "
                                        "and spaces, as desk.example.jp",
                                        host));
}

std::vector<std::filesystem::path> files_of(const ServerSettings& settings) {
  if (!settings.certificate) return {};
  return {settings.certificate->certificate, settings.certificate->key};
}

}  // namespace madoguchi::web
