#include "ledger/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace madoguchi::ledger {
namespace {

tl::unexpected<Error> bad_line(int line, std::string_view why) {
  return fail(ErrorCode::kInvalid, fmt::format("checkpoint line {}: {}", line, why));
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  std::int64_t size = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), size);
  if (text.empty() || text[0] == '-' || read.ec != std::errc() ||
      read.ptr != text.data() + text.size() || (text.size() > 1 && text[0] == '0'))
    return fail(ErrorCode::kInvalid, "a decimal number without leading zeros, below 2^63");
  return static_cast<std::uint64_t>(size);
}

std::string Checkpoint::text() const {
  return fmt::format("{}\n{}\n{}\n", origin, size, to_base64(root));
}

Result<Checkpoint> Checkpoint::parse(std::string_view text) {
  std::string_view lines[3];
  for (int i = 0; i < 3; ++i) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return bad_line(i + 1, "is missing or not whole");
    lines[i] = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  if (!text.empty()) return bad_line(4, "extension lines are not taken here");
  if (!is_key_name(lines[0])) return bad_line(1, "not an origin");
  const auto size = parse_size(lines[1]);
  if (!size) return bad_line(2, "the size must be " + size.error().message);
  const auto root = hash_from_base64(lines[2]);
  if (!root) return bad_line(3, "the root must be 32 bytes in base64");
  return Checkpoint{std::string(lines[0]), *size, *root};
}

Result<SignedCheckpoint> open_checkpoint(std::string_view bytes, const VerifierKey& log,
                                         std::span<const VerifierKey> witnesses) {
  auto note = Note::parse(bytes);
  if (!note) return tl::unexpected<Error>(note.error());
  auto checkpoint = Checkpoint::parse(note->text);
  if (!checkpoint) return tl::unexpected<Error>(checkpoint.error());
  if (checkpoint->origin != log.name)
    return bad_line(1, fmt::format("this is the log \"{}\", the key is that of \"{}\"",
                                   checkpoint->origin, log.name));
  std::vector<VerifierKey> known{log};
  known.insert(known.end(), witnesses.begin(), witnesses.end());
  auto checked = check_signatures(*note, known);
  if (!checked) return tl::unexpected<Error>(checked.error());
  const auto by_log =
      std::find_if(checked->begin(), checked->end(), [&](const CheckedSignature& one) {
        return one.key.name == log.name && one.key.hash() == log.hash();
      });
  if (by_log == checked->end())
    return fail(ErrorCode::kInvalid,
                fmt::format("the checkpoint is not signed by {} with the given key", log.name));
  checked->erase(by_log);
  return SignedCheckpoint{std::move(*checkpoint), std::move(*note), std::move(*checked)};
}

Note sign_checkpoint(const Checkpoint& checkpoint, const NoteSigner& log, Time at) {
  Note note{checkpoint.text(), {}};
  note.signatures.push_back(log.sign(note.text, at));
  return note;
}

}  // namespace madoguchi::ledger
