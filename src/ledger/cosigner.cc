#include "ledger/cosigner.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/tile_nodes.h"
#include "ledger/witness.h"

namespace madoguchi::ledger {
namespace {

constexpr int kMostTries = 2;  // the first may learn from 409 where the witness stands
constexpr std::size_t kMostQuoted = 200;

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

// What a stranger wrote, for one line that people read.
std::string quoted(std::string_view body) {
  std::string words(body.substr(0, kMostQuoted));
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c < ' ' || c > '~'; }, ' ');
  return words;
}

tl::unexpected<Error> refusal(const Poster::Answer& answer, std::string_view body) {
  const std::string said = fmt::format("it answered {}: {}", answer.status, quoted(body));
  switch (answer.status) {
    case 404:
      return fail(ErrorCode::kDenied, said + "; it has to be told this log's key");
    case 403:
      return fail(ErrorCode::kDenied, said + "; it was told another key of this log");
    case 422:
      return fail(ErrorCode::kConflict, said + "; it has seen a history that this is not part of");
    default:
      return fail(answer.status >= 500 || answer.status == 429 ? ErrorCode::kUnavailable
                                                               : ErrorCode::kDenied,
                  said);
  }
}

}  // namespace

Result<NoteSignature> Cosigner::cosign(const Note& note, Fetcher& tiles) {
  const auto checkpoint = Checkpoint::parse(note.text);
  if (!checkpoint) return tl::unexpected<Error>(checkpoint.error());
  std::uint64_t& old_size = sizes_[checkpoint->origin];
  for (int tried = 0; tried < kMostTries; ++tried) {
    AddCheckpoint request{old_size, {}, note.bytes()};
    if (old_size != 0) {
      TileNodes nodes(tiles, checkpoint->size);
      auto proof = consistency_proof(old_size, checkpoint->size, nodes);
      if (!proof) return tl::unexpected<Error>(proof.error());
      request.proof = std::move(*proof);
    }
    const auto answer = poster_.post(witness_.prefix + "/add-checkpoint", request.text());
    if (!answer) return tl::unexpected<Error>(answer.error());
    if (answer->status == 200) {
      auto signature = cosignature_in(answer->body, note.text, witness_.key);
      if (signature) old_size = checkpoint->size;
      return signature;
    }
    std::string_view body = answer->body;
    while (body.ends_with('\n')) body.remove_suffix(1);
    const auto stands = parse_size(body);
    if (answer->status != 409 || !stands) return refusal(*answer, body);
    if (*stands > checkpoint->size)
      return fail(ErrorCode::kConflict,
                  fmt::format("it has seen {} entries, this checkpoint has {}: a history that this "
                              "is not part of",
                              *stands, checkpoint->size));
    if (*stands == old_size)
      return fail(
          ErrorCode::kConflict,
          fmt::format("it has seen other {} entries: a history that this is not part of", *stands));
    old_size = *stands;
  }
  return fail(ErrorCode::kUnavailable, "it changed its mind about the size it has seen");
}

}  // namespace madoguchi::ledger
