#include "ledger/cosigner.h"

#include <fmt/format.h>

#include "ledger/tile_nodes.h"
#include "ledger/witness.h"

namespace madoguchi::ledger {
namespace {

constexpr int kMostTries = 2;  // the first may learn from 409 where the witness stands

// The cosignature of this witness among the lines of its answer.
Result<NoteSignature> cosignature_in(std::string_view body, const std::string& text,
                                     const VerifierKey& key) {
  auto answered = Note::parse(text + "\n" + std::string(body));
  if (!answered) return tl::unexpected<Error>(answered.error());
  const auto checked = check_signatures(*answered, {&key, 1});
  if (!checked) return tl::unexpected<Error>(checked.error());
  for (const NoteSignature& signature : answered->signatures)
    if (!checked->empty() && signature.name == key.name && signature.key == key.hash())
      return signature;
  return fail(ErrorCode::kInvalid, "its answer holds no signature by its key");
}

}  // namespace

Result<NoteSignature> Cosigner::ask(std::size_t which, const Checkpoint& checkpoint,
                                    const Note& note, Fetcher& tiles) {
  const WitnessAddress& witness = witnesses_[which];
  std::uint64_t& old_size = sizes_[{which, checkpoint.origin}];
  for (int tried = 0; tried < kMostTries; ++tried) {
    AddCheckpoint request{old_size, {}, note.bytes()};
    if (old_size != 0) {
      TileNodes nodes(tiles, checkpoint.size);
      auto proof = consistency_proof(old_size, checkpoint.size, nodes);
      if (!proof) return tl::unexpected<Error>(proof.error());
      request.proof = std::move(*proof);
    }
    const auto answer = poster_.post(witness.prefix + "/add-checkpoint", request.text());
    if (!answer) return tl::unexpected<Error>(answer.error());
    if (answer->status == 200) {
      auto signature = cosignature_in(answer->body, note.text, witness.key);
      if (signature) old_size = checkpoint.size;
      return signature;
    }
    std::string_view body = answer->body;
    while (body.ends_with('\n')) body.remove_suffix(1);
    const auto stands = answer->status == 409 ? parse_size(body) : Result<std::uint64_t>(0);
    if (answer->status != 409 || !stands || *stands == old_size)
      return fail(ErrorCode::kDenied,
                  fmt::format("it answered {}: {}", answer->status, body.substr(0, 200)));
    if (*stands > checkpoint.size)
      return fail(
          ErrorCode::kConflict,
          fmt::format("it has seen {} entries, this checkpoint has {}", *stands, checkpoint.size));
    old_size = *stands;
  }
  return fail(ErrorCode::kConflict, "it changed its mind about the size it has seen");
}

std::optional<Note> Cosigner::cosign(const Note& note, Fetcher& tiles) {
  troubles_.clear();
  const auto checkpoint = Checkpoint::parse(note.text);
  if (!checkpoint) return std::nullopt;
  Note cosigned = note;
  for (std::size_t which = 0; which < witnesses_.size(); ++which) {
    auto signature = ask(which, *checkpoint, note, tiles);
    if (signature)
      cosigned.signatures.push_back(std::move(*signature));
    else
      troubles_.push_back(fmt::format("{}: witness {} did not cosign: {}", checkpoint->origin,
                                      witnesses_[which].key.name, signature.error().message));
  }
  if (cosigned.signatures.size() == note.signatures.size()) return std::nullopt;
  return cosigned;
}

}  // namespace madoguchi::ledger
