// Where operators' telephones are registered, as it is kept on disk: the exchange that starts after
// this one rings them without waiting for them to register again. Only those that came by UDP,
// whose way lasts longer than our process; a connection ends with it. A line of text each; pure,
// but for TelephoneFile, which blocks and is the worker's alone once that runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sip/flow.h"

namespace madoguchi::exchange {

struct KeptTelephone {
  std::string account;
  std::string contact;  // a SIP URI
  sip::Endpoint ours;   // the socket that it registered at, as the settings name it
  sip::Endpoint remote;
  int q = 1000;
  Time expires{};
  std::string call_id;
  std::uint32_t cseq = 0;

  friend bool operator==(const KeptTelephone&, const KeptTelephone&) = default;
};

std::string text_of(const KeptTelephone& telephone);
// Lines that are none are passed over.
std::vector<KeptTelephone> telephones_in(std::string_view text);

class TelephoneFile {
 public:
  // Of each account that changed all its lines; none when it is not registered any more.
  using Changes = std::map<std::string, std::string>;

  explicit TelephoneFile(std::filesystem::path file) : file_(std::move(file)) {}

  // What an earlier process left; empty when there is nothing.
  [[nodiscard]] std::string left() const;
  // The file is whole and on the disk when this returns without error. What was left is forgotten
  // with the first call.
  Result<void> put(Changes changes);

 private:
  const std::filesystem::path file_;
  Changes lines_;
};

}  // namespace madoguchi::exchange
