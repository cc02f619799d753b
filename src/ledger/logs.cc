#include "ledger/logs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/id.h"
#include "ledger/files.h"
#include "ledger/tile_nodes.h"

namespace madoguchi::ledger {
namespace {

constexpr std::string_view kCheckpoint = "checkpoint";

// Publishing forces tiles to the disk that commits wait for: where a round takes long it rests
// longer, up to this.
constexpr int kRestPerWork = 9;
constexpr std::chrono::milliseconds kLongestRest{5'000};

}  // namespace

Logs::Logs(LogStore& store, SignerSource& signers, LogsSettings settings)
    : store_(store), signers_(signers), settings_(std::move(settings)) {}
Logs::~Logs() = default;

std::filesystem::path Logs::folder_of(std::string_view id) const {
  return settings_.folder / std::filesystem::path(id);
}

Result<Log*> Logs::log_of(std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (const auto found = logs_.find(id); found != logs_.end()) return found->second.get();
  if (!is_valid_id(id) || id.starts_with('.'))
    return fail(ErrorCode::kInvalid, fmt::format("\"{}\" is no id of a log", id.substr(0, 80)));
  const std::string origin = fmt::format("{}/{}", settings_.origin_prefix, id);
  auto signer = signers_.signer_of(id, origin);
  if (!signer) return tl::unexpected<Error>(signer.error());
  ENSURE(signer->verifier().name == origin);
  auto log = std::make_unique<Log>(std::string(id), folder_of(id), std::move(*signer), store_);
  return logs_.emplace(std::string(id), std::move(log)).first->second.get();
}

Result<PublishedRound> Logs::publish(Time now) {
  const auto sizes = store_.sizes();
  if (!sizes) return tl::unexpected<Error>(sizes.error());
  const auto signed_heads = store_.signed_heads();
  if (!signed_heads) return tl::unexpected<Error>(signed_heads.error());
  std::map<std::string_view, const SignedHead*> kept;
  for (const SignedHead& head : *signed_heads) kept[head.log] = &head;
  // A log that was signed and has no entries any more is a trouble to be told, not one to forget.
  std::map<std::string_view, std::uint64_t> wanted;
  for (const auto& [log, head] : kept) wanted[log] = 0;
  for (const LogSize& one : *sizes) wanted[one.log] = one.size;

  PublishedRound round;
  std::uint64_t entries = 0;
  DurableFiles full;  // tiles of all logs, so that they are forced to disk together
  std::vector<std::pair<Log*, SignedHead>> staged;
  for (const auto& [id, size] : wanted) {
    auto log = log_of(id);
    if (!log) {
      round.troubles.push_back({std::string(id), log.error()});
      continue;
    }
    const auto before = kept.find(id);
    const bool known = before != kept.end();
    if (size != 0 && (*log)->shown() == size && known && before->second->size == size) continue;
    auto head = (*log)->stage(known ? std::optional(*before->second) : std::nullopt, size, full);
    if (!head) {
      round.troubles.push_back({std::string(id), head.error()});
      continue;
    }
    entries += head->size - (known ? before->second->size : 0);
    staged.emplace_back(*log, std::move(*head));
  }
  if (staged.empty()) {
    show_late(round);
    return round;
  }
  if (auto durable = full.commit(); !durable) {
    for (const auto& [log, head] : staged) {
      log->unstage();
      round.troubles.push_back({log->id(), durable.error()});
    }
    return round;
  }

  std::vector<SignedHead> heads;
  for (const auto& [log, head] : staged) heads.push_back(head);
  if (auto done = store_.keep_signed(heads); !done) return tl::unexpected<Error>(done.error());
  round.entries = entries;

  std::vector<SignedLog> notes;
  for (const auto& [log, head] : staged) notes.push_back({log, head, log->sign(head, now)});
  if (cosigning_ != nullptr) cosigning_->cosign(notes);
  for (std::size_t i = 0; i < staged.size(); ++i) {
    Log* log = staged[i].first;
    if (auto shown = log->show(notes[i].head, notes[i].note); !shown)
      round.troubles.push_back({log->id(), shown.error()});
    else
      ++round.logs;
  }
  show_late(round);
  return round;
}

// The same checkpoints again, with more signatures under them.
void Logs::show_late(PublishedRound& round) {
  if (cosigning_ == nullptr) return;
  for (const SignedLog& one : cosigning_->late()) {
    auto log = log_of(one.head.log);
    if (!log || (*log)->shown() != one.head.size) continue;
    if (auto shown = (*log)->show(one.head, one.note); !shown)
      round.troubles.push_back({one.head.log, shown.error()});
  }
}

std::optional<Resource> Logs::serve(std::string_view path) const {
  if (!path.starts_with(settings_.path_prefix)) return std::nullopt;
  path.remove_prefix(settings_.path_prefix.size());
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view id = path.substr(0, slash);
  const std::string_view name = path.substr(slash + 1);
  if (!is_valid_id(id) || id.starts_with('.')) return std::nullopt;
  const bool is_checkpoint = name == kCheckpoint;
  if (!is_checkpoint && !parse_tile_path(name)) return std::nullopt;
  auto bytes = read_whole(folder_of(id) / std::filesystem::path(name), kLargestBundle);
  if (!bytes) return std::nullopt;
  return Resource{std::move(*bytes),
                  is_checkpoint ? "text/plain; charset=utf-8" : "application/octet-stream",
                  !is_checkpoint};
}

Result<ProofFile> Logs::prove(std::string_view log, std::uint64_t index) const {
  auto proofs = prove_all(log, std::span(&index, 1));
  if (!proofs) return tl::unexpected<Error>(proofs.error());
  if (proofs->files.empty())
    return fail(ErrorCode::kNotFound, fmt::format("entry {} is not in the checkpoint yet (size {})",
                                                  index, proofs->size));
  return std::move(proofs->files.front());
}

Result<Logs::Proofs> Logs::prove_all(std::string_view log,
                                     std::span<const std::uint64_t> indexes) const {
  if (!is_valid_id(log) || log.starts_with('.'))
    return fail(ErrorCode::kNotFound, "there is no such log");
  FolderFetcher from(folder_of(log));
  const auto shown = from.fetch(kCheckpoint, kMostNoteBytes);
  if (!shown) return tl::unexpected<Error>(shown.error());
  const auto note = Note::parse(as_text(*shown));
  if (!note) return tl::unexpected<Error>(note.error());
  const auto checkpoint = Checkpoint::parse(note->text);
  if (!checkpoint) return tl::unexpected<Error>(checkpoint.error());
  Proofs proofs{checkpoint->size, {}};
  TileNodes nodes(from, checkpoint->size);
  std::optional<std::uint64_t> held;  // number of the bundle that is read
  Bytes bundle;
  for (const std::uint64_t index : indexes) {
    if (index >= checkpoint->size) continue;
    auto proof = inclusion_proof(index, checkpoint->size, nodes);
    if (!proof) return tl::unexpected<Error>(proof.error());
    const std::uint64_t number = index / kTileWidth;
    const std::uint64_t width = width_at(checkpoint->size, 0, number);
    if (held != number) {
      auto read = fetch_bundle(from, number, width);
      if (!read) return tl::unexpected<Error>(read.error());
      bundle = *std::move(read);
      held = number;
    }
    const auto entries = decode_bundle(bundle, width);
    if (!entries) return tl::unexpected<Error>(entries.error());
    const ByteView entry = (*entries)[index % kTileWidth];
    proofs.files.push_back({Bytes(entry.begin(), entry.end()), index, std::move(*proof),
                            std::string(as_text(*shown))});
  }
  return proofs;
}

Result<VerifierKey> Logs::verifier_of(std::string_view log) {
  auto found = log_of(log);
  if (!found) return tl::unexpected<Error>(found.error());
  return (*found)->signer().verifier();
}

Publisher::Publisher(Logs& logs, const Clock& clock, std::chrono::milliseconds every, Report report)
    : logs_(logs),
      clock_(clock),
      every_(every),
      report_(std::move(report)),
      rounds_("log publisher", Rounds::Rest(0), [this] { return round(); }) {}

Publisher::~Publisher() {
  rounds_.stop();
  round();
}

Rounds::Rest Publisher::round() {
  const MonoTime begun = clock_.mono();
  report_(logs_.publish(clock_.now()));
  const auto took = std::chrono::duration_cast<Rounds::Rest>(clock_.mono() - begun);
  return std::clamp(took * kRestPerWork, every_, std::max(every_, kLongestRest));
}

}  // namespace madoguchi::ledger
