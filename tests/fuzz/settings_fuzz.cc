// Settings files as anybody may write them, read as each process's own. A mistake is told in one
// line that begins with the file's name; what was taken held all its bounds on the way.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/config.h"
#include "centre/settings.h"
#include "exchange/settings.h"
#include "vault/settings.h"

namespace {

using namespace madoguchi;

void must(bool holds) {
  if (!holds) std::abort();
}

template <typename Settings>
void read_as(std::string_view text) {
  auto config = Config::from_text(text, "some.toml");
  const auto read = config ? Settings::from_config(std::move(*config))
                           : Result<Settings>(tl::unexpected<Error>(config.error()));
  if (read) return;
  const std::string& told = read.error().message;
  must(told.starts_with("some.toml: ") && told.size() > 12);
  for (const char c : told) must(static_cast<unsigned char>(c) >= ' ' && c != 0x7f);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_as<exchange::Settings>(text);
  read_as<centre::Settings>(text);
  read_as<vault::Settings>(text);
  return 0;
}
