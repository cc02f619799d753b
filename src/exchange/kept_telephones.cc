#include "exchange/kept_telephones.h"

#include <fmt/format.h>

#include <optional>
#include <sstream>
#include <utility>

#include "base/bytes.h"
#include "exchange/tables.h"

namespace madoguchi::exchange {
namespace {

// What a telephone chose itself may hold anything; in hex it holds no space and no line's end.
std::string spelled(std::string_view text) {
  return to_hex(as_bytes(text));
}

std::optional<std::string> read_spelled(std::istream& from) {
  std::string hex;
  from >> hex;
  const auto bytes = from_hex(hex);
  if (!bytes || bytes->empty()) return std::nullopt;
  return std::string(as_text(*bytes));
}

std::optional<sip::Endpoint> read_endpoint(std::istream& from) {
  std::string text;
  from >> text;
  return sip::Endpoint::parse(text);
}

std::optional<KeptTelephone> telephone_of(const std::string& line) {
  std::istringstream in(line);
  KeptTelephone telephone;
  std::int64_t expires = 0;
  in >> expires >> telephone.q >> telephone.cseq;
  const auto ours = read_endpoint(in);
  const auto remote = read_endpoint(in);
  auto account = read_spelled(in);
  auto call_id = read_spelled(in);
  auto contact = read_spelled(in);
  if (!in || !ours || !remote || !account || !call_id || !contact) return std::nullopt;
  telephone.expires = time_from_micros(expires);
  telephone.ours = *ours;
  telephone.remote = *remote;
  telephone.account = *std::move(account);
  telephone.call_id = *std::move(call_id);
  telephone.contact = *std::move(contact);
  return telephone;
}

}  // namespace

std::string text_of(const KeptTelephone& telephone) {
  return fmt::format("{} {} {} {} {} {} {} {}\n", to_micros(telephone.expires), telephone.q,
                     telephone.cseq, telephone.ours.text(), telephone.remote.text(),
                     spelled(telephone.account), spelled(telephone.call_id),
                     spelled(telephone.contact));
}

std::vector<KeptTelephone> telephones_in(std::string_view text) {
  std::vector<KeptTelephone> telephones;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);)
    if (auto telephone = telephone_of(line)) telephones.push_back(*std::move(telephone));
  return telephones;
}

std::string TelephoneFile::left() const {
  return kept_file(file_).value_or("");
}

Result<void> TelephoneFile::put(Changes changes) {
  for (auto& [account, lines] : changes) {
    if (lines.empty())
      lines_.erase(account);
    else
      lines_[account] = std::move(lines);
  }
  std::string all;
  for (const auto& [account, lines] : lines_) all += lines;
  return keep_file(file_, all);
}

}  // namespace madoguchi::exchange
