#include "vault/recordings.h"

#include <fmt/format.h>

#include <set>

#include "ledger/entry.h"
#include "recording/reader.h"
#include "recording/wav.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostReason = 300;
constexpr int kDigitsOfANumber = 7;

// The name of a sealed file is the recording's id and an ending.
std::string without_ending(const std::string& name) {
  const auto dot = name.rfind(".mdgrec");
  return dot == std::string::npos ? name : name.substr(0, dot);
}

JournalEntry closed_entry(std::string kind, const RecordingRow& row) {
  return {std::move(kind),
          {{"recording", row.id.text()},
           {"call", row.call.text()},
           {"organisation", row.organisation.text()},
           {"sha256", row.digest_hex},
           {"bytes", static_cast<std::int64_t>(row.bytes)},
           {"cut_off", row.cut_off}}};
}

}  // namespace

Result<void> check_reason(std::string_view what, std::string_view text) {
  if (text.empty() || text.size() > kMostReason)
    return fail(ErrorCode::kDenied,
                fmt::format("{}: must be said, in 1 to {} bytes", what, kMostReason));
  int digits = 0;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20)
      return fail(ErrorCode::kDenied, fmt::format("{}: must be one line", what));
    if (c >= '0' && c <= '9') {
      if (++digits >= kDigitsOfANumber)
        return fail(
            ErrorCode::kDenied,
            fmt::format("{}: holds what looks like a telephone number; the journal takes no "
                        "personal data, name a case or a call instead",
                        what));
    } else if (c != '-' && c != ' ' && c != '(' && c != ')' && c != '.') {
      digits = 0;
    }
  }
  return {};
}

Result<void> Recordings::note(const std::vector<RecordingRow>& closed) {
  const std::lock_guard lock(mutex_);
  Act act;
  std::set<RecordingId> in_this_act;
  std::vector<RecordingId> ids;
  for (const RecordingRow& row : closed) ids.push_back(row.id);
  const auto all_known = store_.digests_of(ids);
  if (!all_known) return tl::unexpected<Error>(all_known.error());
  for (const RecordingRow& row : closed) {
    const auto known = all_known->find(row.id);
    const bool is_known = known != all_known->end();
    if (is_known && known->second != row.digest_hex)
      act.journal.push_back(closed_entry("recording_differs", row));
    if (is_known || !in_this_act.insert(row.id).second) continue;
    act.journal.push_back(closed_entry("recording_closed", row));
    act.changes.emplace_back(PutRecording{row});
  }
  if (act.journal.empty()) return {};
  return store_.commit(clock_.now(), act);
}

Result<Exported> Recordings::render(const ExportAsked& asked, ByteView sealed_file,
                                    const std::function<bool(ByteView)>& sink) {
  if (auto good = check_reason("asked_by", asked.asked_by); !good)
    return tl::unexpected<Error>(good.error());
  if (auto good = check_reason("purpose", asked.purpose); !good)
    return tl::unexpected<Error>(good.error());
  const auto header = recording::read_header(sealed_file);
  if (!header) return tl::unexpected<Error>(header.error());
  const auto directory = registry_.directory();
  const RecordingKey* key = directory->find_recording_key(header->organisation, header->key.text());
  if (key == nullptr)
    return fail(ErrorCode::kNotFound, "this vault holds no key for this recording");

  const std::string digest = to_hex(sha256(sealed_file));
  const RecordingId id(without_ending(asked.recording.text()));
  const auto known = store_.find_recording(id);
  if (!known) return tl::unexpected<Error>(known.error());
  const bool fits = *known && (*known)->digest_hex == digest;
  ledger::Entry told;
  told.time = clock_.now();
  told.kind = ledger::kind::kPlayback;
  told.call = header->call.text();
  told.outcome = "exported";
  told.details["recording"] = id.text();
  told.details["digest"] = !*known ? "unknown" : fits ? "fits" : "differs";
  // Free text stays in the journal; the log vouches for it.
  told.details["asked_sha256"] = to_hex(sha256(as_bytes(asked.asked_by + "\n" + asked.purpose)));
  auto text = told.text();
  if (!text) return tl::unexpected<Error>(text.error());
  const auto kept = store_.commit(told.time, {{},
                                              {{"recording_export",
                                                {{"recording", id.text()},
                                                 {"call", header->call.text()},
                                                 {"organisation", header->organisation.text()},
                                                 {"sha256", digest},
                                                 {"digest_known", known->has_value()},
                                                 {"digest_fits", fits},
                                                 {"asked_by", asked.asked_by},
                                                 {"purpose", asked.purpose}}}},
                                              {{header->organisation.text(), *std::move(text)}}});
  if (!kept) return tl::unexpected<Error>(kept.error());

  SealKeyPair pair;
  pair.public_key = key->keys.public_key;
  std::copy_n(key->keys.secret_key.reveal().data(), pair.secret_key.size(), pair.secret_key.data());
  const auto rendered = recording::to_wav(sealed_file, pair, sink);
  wipe(std::span(pair.secret_key));
  if (!rendered) return tl::unexpected<Error>(rendered.error());
  return Exported{rendered->ending != recording::Ending::kClean, rendered->length};
}

}  // namespace madoguchi::vault
