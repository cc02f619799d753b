#include "vault/journal.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/sealing.h"

namespace madoguchi::vault {
namespace {

// RFC 8259, section 7: what must be escaped; everything else stands as it is.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out + '"';
}

std::string text_of(const JournalEntry::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return quoted(*text);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  return std::get<bool>(value) ? "true" : "false";
}

std::string digest_of(std::string_view json) {
  return to_hex(sha256(as_bytes(json)));
}

}  // namespace

JournalLine next_line(const JournalHead& head, Time time, const JournalEntry& entry) {
  std::string body;
  for (const auto& [key, value] : entry.body)
    body += fmt::format("{}{}:{}", body.empty() ? "" : ",", quoted(key), text_of(value));
  JournalLine line;
  line.sequence = head.sequence + 1;
  line.json =
      fmt::format(R"({{"body":{{{}}},"kind":{},"previous":"{}","sequence":{},"time":"{}"}})", body,
                  quoted(entry.kind), head.digest, line.sequence, format_utc(time));
  line.digest = digest_of(line.json);
  return line;
}

Result<JournalHead> verify_line(const JournalHead& head, const JournalLine& line) {
  // The two members stand where next_line() puts them; text of a body can't imitate them because
  // its quotes are escaped.
  const std::string link =
      fmt::format(R"(,"previous":"{}","sequence":{},"time":")", head.digest, head.sequence + 1);
  if (line.sequence != head.sequence + 1 || line.digest != digest_of(line.json) ||
      line.json.find(link) == std::string::npos)
    return fail(ErrorCode::kCorrupt,
                fmt::format("journal: line {} does not follow line {}: it was changed, or one "
                            "before it taken out",
                            line.sequence, head.sequence));
  return JournalHead{line.sequence, line.digest};
}

}  // namespace madoguchi::vault
