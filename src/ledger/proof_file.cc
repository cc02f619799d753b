#include "ledger/proof_file.h"

#include <fmt/format.h>

#include <algorithm>

namespace madoguchi::ledger {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

// Takes whole lines off a text and counts them.
struct Lines {
  std::string_view rest;
  int number = 0;

  std::optional<std::string_view> next() {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    ++number;
    return line;
  }
  [[nodiscard]] tl::unexpected<Error> bad(std::string_view why) const {
    return fail(ErrorCode::kInvalid, fmt::format("proof file line {}: {}", number, why));
  }
};

}  // namespace

std::string ProofFile::text() const {
  std::string all = fmt::format("{}\n", kFirstLine);
  if (extra) all += fmt::format("{}{}\n", kExtra, madoguchi::to_base64(*extra));
  all += fmt::format("{}{}\n", kIndex, index);
  for (const Hash& hash : proof) all += to_base64(hash) + '\n';
  return all + '\n' + checkpoint;
}

Result<ProofFile> ProofFile::parse(std::string_view text) {
  if (text.size() > kMostProofFile)
    return fail(ErrorCode::kInvalid,
                fmt::format("a proof file of {} bytes, at most {}", text.size(), kMostProofFile));
  Lines lines{text};
  ProofFile file;
  auto line = lines.next();
  if (line != kFirstLine) return lines.bad(fmt::format("must be \"{}\"", kFirstLine));
  line = lines.next();
  if (line && line->starts_with(kExtra)) {
    file.extra = from_base64(line->substr(kExtra.size()));
    if (!file.extra) return lines.bad("what follows \"extra\" is not base64");
    line = lines.next();
  }
  if (!line || !line->starts_with(kIndex)) return lines.bad("must be \"index <number>\"");
  const auto index = parse_size(line->substr(kIndex.size()));
  if (!index) return lines.bad("the index must be " + index.error().message);
  file.index = *index;
  for (line = lines.next(); line && !line->empty(); line = lines.next()) {
    const auto hash = hash_from_base64(*line);
    if (!hash) return lines.bad("must be a hash of 32 bytes in base64");
    if (file.proof.size() == kLongestProof)
      return lines.bad(fmt::format("a proof has at most {} hashes", kLongestProof));
    file.proof.push_back(*hash);
  }
  if (!line) return lines.bad("the file ends before its checkpoint");
  file.checkpoint = lines.rest;
  return file;
}

Result<ProvenEntry> verify_proof_file(const ProofFile& file, ByteView entry, const VerifierKey& log,
                                      std::span<const VerifierKey> witnesses) {
  auto opened = open_checkpoint(file.checkpoint, log, witnesses);
  if (!opened) return tl::unexpected<Error>(opened.error());
  for (const VerifierKey& witness : witnesses) {
    const bool signed_by =
        std::any_of(opened->cosignatures.begin(), opened->cosignatures.end(),
                    [&](const CheckedSignature& one) { return one.key.hash() == witness.hash(); });
    if (!signed_by)
      return fail(ErrorCode::kInvalid,
                  fmt::format("the checkpoint is not cosigned by {}", witness.name));
  }
  const auto included = verify_inclusion(file.index, opened->checkpoint.size, leaf_hash(entry),
                                         file.proof, opened->checkpoint.root);
  if (!included)
    return fail(ErrorCode::kInvalid,
                fmt::format("entry {}: {}", file.index, included.error().message));
  return ProvenEntry{file.index, std::move(*opened)};
}

}  // namespace madoguchi::ledger
