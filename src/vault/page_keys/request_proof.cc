#include "vault/page_keys/request_proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/sealing.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kParts = 5;
constexpr std::size_t kMostName = 43;
constexpr std::size_t kLeastName = 16;  // as many letters as 96 bits take
constexpr std::size_t kMostKey = 100;
constexpr std::size_t kMostRun = 32;
constexpr std::size_t kMostDigits = 14;  // until the year 5138

std::int64_t milliseconds_of(Time time) {
  return to_micros(time) / 1000;
}

bool is_plain(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

std::optional<std::array<std::string_view, kParts>> parts_of(std::string_view header) {
  std::array<std::string_view, kParts> parts;
  for (std::size_t i = 0; i < kParts; ++i) {
    const std::size_t end = header.find(' ');
    if ((end == std::string_view::npos) != (i + 1 == kParts)) return std::nullopt;
    parts[i] = header.substr(0, end);
    header.remove_prefix(end == std::string_view::npos ? header.size() : end + 1);
  }
  return parts;
}

}  // namespace

std::optional<RequestProof> RequestProof::parse(std::string_view header) {
  const auto parts = parts_of(header);
  if (!parts) return std::nullopt;
  const auto& [run, made, name, key, signature] = *parts;
  std::int64_t milliseconds = 0;
  const auto [end, error] = std::from_chars(made.data(), made.data() + made.size(), milliseconds);
  if (error != std::errc() || end != made.data() + made.size() || made.size() > kMostDigits ||
      milliseconds < 0 || made != std::to_string(milliseconds))
    return std::nullopt;
  auto bytes = from_base64(signature);
  if (!is_plain(run, kMostRun) || !is_plain(name, kMostName) || name.size() < kLeastName ||
      key.empty() || key.size() > kMostKey || !bytes)
    return std::nullopt;
  return RequestProof{std::string(run), time_from_micros(milliseconds * 1000), std::string(name),
                      std::string(key), *std::move(bytes)};
}

std::string RequestProof::header() const {
  return fmt::format("{} {} {} {} {}", run, milliseconds_of(made), name, key, to_base64(signature));
}

// No part can hold a line's end: the server takes none in a request's line or its headers.
std::string RequestProof::message(const AskedRequest& request) const {
  return fmt::format("madoguchi.proof.1\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", run,
                     milliseconds_of(made), name, request.method, request.host, request.target,
                     request.ticket, request.playback, to_hex(sha256(as_bytes(request.body))));
}

}  // namespace madoguchi::vault
