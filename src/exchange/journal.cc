#include "exchange/journal.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <utility>

#include "base/bytes.h"
#include "exchange/call_control.h"
#include "exchange/events.h"

namespace madoguchi::exchange {
namespace {

constexpr std::chrono::milliseconds kBetweenSyncs{20};
// More events than can have been told and not written when the exchange is killed.
constexpr std::uint64_t kLeftOut = 10'000'000;

struct FileDigest {
  std::string hex;
  std::uint64_t bytes = 0;
};

std::optional<FileDigest> digest_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) return std::nullopt;
  FileDigest digest;
  std::array<char, 64 * 1024> part{};
  while (in.read(part.data(), part.size()), in.gcount() > 0) {
    digest.bytes += static_cast<std::uint64_t>(in.gcount());
    EVP_DigestUpdate(context.get(), part.data(), static_cast<std::size_t>(in.gcount()));
  }
  std::array<std::uint8_t, 32> hash{};
  unsigned size = hash.size();
  if (EVP_DigestFinal_ex(context.get(), hash.data(), &size) != 1) return std::nullopt;
  digest.hex = to_hex(hash);
  return digest;
}

}  // namespace

Journal::Journal(const Clock& clock, std::filesystem::path recordings)
    : clock_(clock), recordings_(std::move(recordings)) {}

Result<std::unique_ptr<Journal>> Journal::open(std::unique_ptr<SpoolDisk> disk, const Clock& clock,
                                               std::function<void()> wake,
                                               std::filesystem::path recordings) {
  std::unique_ptr<Journal> journal(new Journal(clock, std::move(recordings)));
  SpoolOptions options;
  // The centre takes what is not greater than what it has for a repetition. It may have events that
  // the spool has not, after a kill or in the place of a spool that is gone: each run counts on
  // from a number beyond them, the microseconds of the clock, also where that was set back.
  options.left_out = kLeftOut;
  options.first_event = static_cast<std::uint64_t>(to_micros(clock.now()) / 1000) * 1000;
  auto spool = Spool::open(
      std::move(disk), options, clock, [&](const Record& record) { journal->ledger_.read(record); },
      std::move(wake));
  if (!spool) return tl::unexpected(spool.error());
  journal->spool_ = *std::move(spool);
  return journal;
}

std::size_t Journal::recover(const std::function<bool(const std::string& desk_id)>& announces) {
  spool_->start([this](Spool& to) {
    ledger_.checkpoint(
        [&](RecordKind kind, const std::string& payload) { to.append(kind, payload); });
  });
  // What may have troubled the last run is over until it is found again. And the centre, which
  // waits for the last number that a snapshot tells, always gets an event beyond those left out.
  tell_trouble(std::nullopt);
  const auto recordings = ledger_.open_recordings();
  for (const auto& [id, open] : recordings) close_recording(open);
  const auto calls = ledger_.calls();
  for (const auto& [id, call] : calls) {
    if (announces(call.desk_id())) ask_callback(call);
    wire::CallEnded ended;
    ended.set_call_id(id);
    ended.set_cause(wire::CUT_OFF);
    ended.set_detail("the exchange was cut off");
    ended.set_stage(call.stage());
    ended.set_line_token(call.line_token());
    event(event_of(std::move(ended)));
  }
  sync_ = true;
  commit();
  return calls.size();
}

// For a caller whom the crash cut off before an operator was there.
void Journal::ask_callback(const wire::LiveCall& call) {
  const bool waited = call.stage() == wire::ARRIVED || call.stage() == wire::WAITING ||
                      call.stage() == wire::RINGING;
  const std::string sealed = ledger_.sealed_line(call.call_id());
  if (!waited || call.outbound() || call.out_of_hours() || call.callback_asked() ||
      call.unringable() || sealed.empty())
    return;
  wire::Wish ask;
  // Made from the call's own id: a second crash just now must not make a second wish.
  ask.set_wish_id(call.call_id() + ".lost");
  ask.set_call_id(call.call_id());
  ask.set_organisation_id(call.organisation_id());
  ask.set_sealed_number(sealed);
  ask.set_asked_us(to_micros(clock_.now()));
  wish(ask);
  wire::CallbackAsked asked;
  asked.set_call_id(call.call_id());
  asked.set_wish_id(ask.wish_id());
  asked.set_basis(wire::BASIS_ANNOUNCED);
  event(event_of(std::move(asked)));
}

void Journal::close_recording(wire::RecordingDigest to_vault) {
  const auto digest = digest_file(recordings_ / (to_vault.recording_id() + ".mdgrec"));
  wire::RecordingClosed closed;
  closed.set_call_id(to_vault.call_id());
  closed.set_recording_id(to_vault.recording_id());
  closed.set_cut_off(true);
  if (digest) {
    closed.set_digest_hex(digest->hex);
    closed.set_bytes(digest->bytes);
  }
  if (digest && !to_vault.organisation_id().empty()) {
    to_vault.set_digest_hex(digest->hex);
    to_vault.set_bytes(digest->bytes);
    to_vault.set_cut_off(true);
    recording(to_vault);
  }
  event(event_of(std::move(closed)));
}

void Journal::event(wire::Event event) {
  event.set_sequence(spool_->next_event());
  event.set_time_us(to_micros(clock_.now()));
  ledger_.event(event);
  last_record_ = spool_->append_event(event.SerializeAsString());
}

void Journal::live_call(const wire::LiveCall& call) {
  ledger_.live_call(call);
  last_record_ = spool_->append(RecordKind::kLiveCall, call.SerializeAsString());
}

void Journal::tokenise(const wire::Tokenise& ask) {
  ledger_.tokenise(ask);
  fresh_.tokens.push_back(ask.call_id());
  last_record_ = spool_->append(RecordKind::kTokenise, ask.SerializeAsString());
}

void Journal::wish(const wire::Wish& ask) {
  ledger_.wish(ask);
  fresh_.wishes.push_back(ask.wish_id());
  last_record_ = spool_->append(RecordKind::kWish, ask.SerializeAsString());
}

void Journal::recording(const wire::RecordingDigest& digest) {
  ledger_.recording(digest);
  fresh_.recordings.push_back(digest.recording_id());
  last_record_ = spool_->append(RecordKind::kRecording, digest.SerializeAsString());
}

void Journal::recording_journalled(const std::string& recording_id) {
  ledger_.recording_journalled(recording_id);
  last_record_ = spool_->append(RecordKind::kRecordingJournalled, recording_id);
}

void Journal::store(const CallId& call) {
  waiting_.push_back({call, last_record_});
  sync_ = true;
}

void Journal::commit() {
  const MonoTime now = clock_.mono();
  const bool sync = sync_ && now - last_sync_ >= kBetweenSyncs;
  if (spool_->has_uncommitted() || sync) spool_->commit(sync ? Sync::kYes : Sync::kNo);
  if (!sync) return;
  sync_ = false;
  last_sync_ = now;
}

std::optional<MonoTime> Journal::next_deadline() const {
  if (!sync_) return std::nullopt;
  return last_sync_ + kBetweenSyncs;
}

void Journal::settle(CallControl& control) {
  while (auto written = spool_->poll()) {
    if (!written->error && !written->synced) continue;
    while (!waiting_.empty() && waiting_.front().record <= written->upto) {
      const CallId call = std::move(waiting_.front().call);
      waiting_.pop_front();
      control.stored(call, !written->error);
    }
    if (written->error.has_value() == told_trouble_) continue;
    told_trouble_ = written->error.has_value();
    tell_trouble(written->error);
  }
}

void Journal::tell_trouble(const std::optional<Error>& error) {
  wire::Trouble trouble;
  trouble.set_kind("spool");
  trouble.set_over(!error);
  trouble.set_text(error ? fmt::format("no new calls are taken: {}", error->message)
                         : "the spool takes calls again");
  event(event_of(std::move(trouble)));
}

}  // namespace madoguchi::exchange
