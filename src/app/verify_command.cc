#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/log_tools.h"
#include "app/month_report.h"
#include "app/url_fetcher.h"
#include "app/verify_memory.h"
#include "documents/pdf.h"
#include "ledger/certificate.h"
#include "ledger/disclosure.h"
#include "ledger/entry.h"
#include "ledger/files.h"
#include "ledger/month.h"
#include "ledger/proof_file.h"
#include "ledger/tile.h"
#include "ledger/verify.h"

namespace madoguchi::app {
namespace {

using ledger::KeyType;
using ledger::VerifierKey;

constexpr int kWell = 0;
constexpr int kWrong = 1;
constexpr int kMisused = 2;
constexpr int kUnchecked = 3;

bool is_url(const std::string& text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

struct Keys {
  VerifierKey log;
  std::vector<VerifierKey> witnesses;
};

Result<Keys> keys_of(const VerifyOptions& options) {
  auto log = VerifierKey::parse(options.key, KeyType::kEd25519);
  if (!log) return fail(ErrorCode::kInvalid, "--key: " + log.error().message);
  Keys keys{std::move(*log), {}};
  for (const std::string& text : options.witnesses) {
    auto witness = VerifierKey::parse(text, KeyType::kCosignature);
    if (!witness) return fail(ErrorCode::kInvalid, "--witness: " + witness.error().message);
    keys.witnesses.push_back(std::move(*witness));
  }
  return keys;
}

int complain(const VerifyOptions& options, const Error& error, int code) {
  if (options.json)
    fmt::print("{}\n", nlohmann::json{{"ok", false}, {"error", error.message}}.dump());
  else
    fmt::print(stderr, "madoguchi: {}\n", error.message);
  return code;
}

nlohmann::json cosigned_json(const ledger::SignedCheckpoint& checkpoint) {
  nlohmann::json all = nlohmann::json::array();
  for (const ledger::CheckedSignature& one : checkpoint.cosignatures)
    all.push_back({{"name", one.key.name}, {"seen_at", one.seen_at.value_or(0)}});
  return all;
}

void add_checkpoint(nlohmann::json& line, const ledger::SignedCheckpoint& checkpoint) {
  line["origin"] = checkpoint.checkpoint.origin;
  line["size"] = checkpoint.checkpoint.size;
  line["root"] = ledger::to_base64(checkpoint.checkpoint.root);
  line["witnesses"] = cosigned_json(checkpoint);
}

void tell_read(const ledger::VerifyReport& report) {
  fmt::print(", {} read now", report.checked);
  if (report.from > 0)
    fmt::print(", the others last time");
  else if (report.known > 0)
    fmt::print(", the {} of last time unchanged", report.known);
  fmt::print("\n");
  if (report.foreign > 0)
    fmt::print("       {} of them are of another form than this program's: in the tree, as JSON\n",
               report.foreign);
}

int tell(const VerifyOptions& options, const ledger::VerifyReport& report,
         const VerifyMemory& memory = {}) {
  if (options.json) {
    nlohmann::json line{{"ok", !report.finding.has_value()}, {"from", report.from},
                        {"checked", report.checked},         {"known", report.known},
                        {"foreign", report.foreign},         {"tree", report.tree_is_right}};
    line["state"] = memory.file.empty() ? nlohmann::json() : nlohmann::json(memory.file.string());
    if (report.unreadable > 0) line["unreadable"] = report.unreadable;
    if (report.checkpoint) add_checkpoint(line, *report.checkpoint);
    if (report.finding) {
      line["finding"] = {{"part", ledger::name_of(report.finding->part)},
                         {"where", report.finding->where},
                         {"what", report.finding->what}};
      if (report.finding->entry) line["finding"]["entry"] = *report.finding->entry;
    }
    fmt::print("{}\n", line.dump());
  } else if (report.finding) {
    fmt::print("WRONG  {}: {}\n", report.finding->where, report.finding->what);
    if (report.tree_is_right)
      fmt::print("       the tree is right: all {} entries are those that were signed\n",
                 report.checkpoint->checkpoint.size);
  } else {
    const ledger::Checkpoint& checkpoint = report.checkpoint->checkpoint;
    fmt::print("well   {}: {} entries", checkpoint.origin, checkpoint.size);
    tell_read(report);
    for (const ledger::CheckedSignature& one : report.checkpoint->cosignatures)
      fmt::print("       seen by {} at {}\n", one.key.name,
                 format_utc(Time(std::chrono::seconds(one.seen_at.value_or(0)))));
  }
  return report.finding ? kWrong : kWell;
}

int verify_proof(const VerifyOptions& options, const Keys& keys, std::string_view text) {
  if (!options.log.empty())
    return complain(options, {ErrorCode::kInvalid, "--log goes with a file about one person only"},
                    kMisused);
  const auto file = ledger::ProofFile::parse(text);
  if (!file) return complain(options, file.error(), kWrong);
  Bytes entry;
  if (!options.entry.empty()) {
    auto read = ledger::read_whole(options.entry, ledger::kLongestEntry);
    if (!read) return complain(options, read.error(), kUnchecked);
    entry = std::move(*read);
  } else if (file->extra) {
    entry = *file->extra;
  } else {
    return complain(options,
                    {ErrorCode::kInvalid, "the proof file carries no entry; name it with --entry"},
                    kMisused);
  }
  const auto proven = ledger::verify_proof_file(*file, entry, keys.log, keys.witnesses);
  if (!proven) return complain(options, proven.error(), kWrong);
  if (auto form = ledger::form_of(as_text(entry)); !form)
    return complain(options, {ErrorCode::kInvalid, "the entry " + form.error().message}, kWrong);
  if (options.json) {
    nlohmann::json line{{"ok", true}, {"index", proven->index}, {"entry", as_text(entry)}};
    add_checkpoint(line, proven->checkpoint);
    fmt::print("{}\n", line.dump());
  } else {
    fmt::print("well   {}: entry {} of {}\n       {}\n", proven->checkpoint.checkpoint.origin,
               proven->index, proven->checkpoint.checkpoint.size, as_text(entry));
  }
  return kWell;
}

// How far it is, where a person watches.
std::function<void(std::uint64_t)> progress_for(const VerifyOptions& options) {
  if (options.json || isatty(STDERR_FILENO) == 0) return {};
  return [](std::uint64_t checked) { fmt::print(stderr, "\r{} entries …", checked); };
}

std::unique_ptr<ledger::Fetcher> fetcher_for(const VerifyOptions& options) {
  if (is_url(options.log))
    return std::make_unique<UrlFetcher>(options.log, options.key.substr(0, options.key.find('+')),
                                        web::ClientSettings{.authorities = options.authorities});
  return std::make_unique<ledger::FolderFetcher>(options.log);
}

// ---- the file about one person

int tell_disclosed(const VerifyOptions& options, const ledger::Disclosure& file,
                   const ledger::ProvenDisclosure& proven) {
  const bool whole = !options.log.empty();
  if (options.json) {
    nlohmann::json line{{"ok", true},
                        {"subject", file.subject},
                        {"owner", file.owner},
                        {"size", file.size},
                        {"complete", whole},
                        {"person", "as_the_owner_says"},
                        {"entries", nlohmann::json::array()}};
    for (const auto& [index, entry] : proven.entries)
      line["entries"].push_back(
          {{"index", index}, {"entry", nlohmann::json::parse(entry, nullptr, false)}});
    fmt::print("{}\n", line.dump());
    return kWell;
  }
  fmt::print("well   {} entries of {} under the file's salt key{}\n", proven.entries.size(),
             file.owner,
             whole ? ", and the log has no other" : "; with --log also that none is missing");
  fmt::print("       that this key is the person's ({}) is the owner's word: a log names nobody\n",
             file.subject);
  for (const auto& [index, entry] : proven.entries) fmt::print("       {}: {}\n", index, entry);
  return kWell;
}

// The whole log, with the person's salt key: an entry about them that the file has not got is a
// file that hides something. Entries that came after it are no matter of its.
Result<std::optional<std::string>> missing_from(const VerifyOptions& options, const Keys& keys,
                                                const ledger::Disclosure& file,
                                                const ledger::ProvenDisclosure& proven) {
  std::map<std::uint64_t, std::string_view> listed;
  for (const auto& [index, entry] : proven.entries) listed.emplace(index, entry);
  std::optional<std::string> wrong;
  ledger::VerifyRequest request{keys.log, keys.witnesses, std::nullopt, progress_for(options)};
  request.seen = [&](std::uint64_t index, std::string_view entry) {
    if (index >= file.size || wrong) return;
    const auto known = listed.find(index);
    const auto about = ledger::subject_of(entry);
    const bool theirs = about && about->is_about(file.salt_key, file.subject);
    if (known == listed.end() ? theirs : known->second != entry)
      wrong = fmt::format("entry {} of the log {}", index,
                          known == listed.end() ? "is about this person and not in the file"
                                                : "is another one than the file has");
  };
  const auto report = ledger::verify_log(*fetcher_for(options), request);
  if (!report) return tl::unexpected<Error>(report.error());
  if (report->finding)
    return std::optional(fmt::format("{}: {}", report->finding->where, report->finding->what));
  if (report->checkpoint->checkpoint.size < file.size)
    wrong = fmt::format("the log has {} entries, the file is of {}",
                        report->checkpoint->checkpoint.size, file.size);
  return wrong;
}

int verify_disclosed(const VerifyOptions& options, const Keys& keys, std::string_view text) {
  const auto file = ledger::Disclosure::parse(text);
  if (!file) return complain(options, file.error(), kWrong);
  const auto proven = ledger::verify_disclosure(*file, keys.log, keys.witnesses);
  if (!proven) return complain(options, proven.error(), kWrong);
  if (!options.log.empty()) {
    const auto missing = missing_from(options, keys, *file, *proven);
    if (!missing) return complain(options, missing.error(), kUnchecked);
    if (*missing) return complain(options, {ErrorCode::kInvalid, **missing}, kWrong);
  }
  return tell_disclosed(options, *file, *proven);
}

// ---- the certificate of a destruction

int verify_certificate(const VerifyOptions& options, const Keys& keys, std::string_view text) {
  const auto file = ledger::Certificate::parse(text);
  if (!file) return complain(options, file.error(), kWrong);
  const auto proven = ledger::verify_certificate(*file, keys.log, keys.witnesses);
  if (!proven) return complain(options, proven.error(), kWrong);
  if (options.json) {
    nlohmann::json line{{"ok", true},
                        {"certificate", nlohmann::json::parse(file->body, nullptr, false)}};
    add_checkpoint(line, *proven);
    fmt::print("{}\n", line.dump());
  } else {
    fmt::print("well   {}: the certificate's digest stands in the log of {} entries\n       {}\n",
               proven->checkpoint.origin, proven->checkpoint.size, file->body);
  }
  return kWell;
}

int verify_file(const VerifyOptions& options, const Keys& keys) {
  const auto text = ledger::read_whole(options.proof, ledger::kMostDisclosure);
  if (!text) return complain(options, text.error(), kUnchecked);
  if (ledger::is_certificate(as_text(*text)))
    return verify_certificate(options, keys, as_text(*text));
  return ledger::is_disclosure(as_text(*text)) ? verify_disclosed(options, keys, as_text(*text))
                                               : verify_proof(options, keys, as_text(*text));
}

int verify_whole(const VerifyOptions& options, Keys keys) {
  const auto from = fetcher_for(options);
  const VerifyMemory memory =
      VerifyMemory::of(options.state, keys.log, [](const char* name) { return std::getenv(name); });
  auto remembered = memory.recall();
  if (!remembered) return complain(options, remembered.error(), kUnchecked);
  ledger::VerifyRequest request{std::move(keys.log), std::move(keys.witnesses),
                                *std::move(remembered), progress_for(options)};
  request.again = memory.reads_again();
  const auto report = ledger::verify_log(*from, request);
  if (request.progress) fmt::print(stderr, "\r");
  if (!report) return complain(options, memory.explained(report.error()), kUnchecked);
  if (report->finding) return tell(options, *report, memory);
  const auto kept = memory.keep(report->checkpoint->note.bytes());
  if (!kept && memory.was_asked_for()) return complain(options, kept.error(), kUnchecked);
  const VerifyMemory now = kept ? memory : VerifyMemory::none(kept.error().message);
  const int code = tell(options, *report, now);
  if (!options.json) fmt::print("       {}\n", now.said());
  return code;
}

// ---- a month of it

Result<ReportLanguage> language_of(const std::string& text) {
  if (text == "ja") return ReportLanguage::kJapanese;
  if (text == "en") return ReportLanguage::kEnglish;
  return fail(ErrorCode::kInvalid, fmt::format("--language: \"{}\" is neither ja nor en", text));
}

constexpr std::chrono::hours kJapan{9};

}  // namespace

int report_command(const ReportOptions& options) {
  const VerifyOptions& verify = options.verify;
  auto keys = keys_of(verify);
  if (!keys) return complain(verify, keys.error(), kMisused);
  const auto month = ledger::CalendarMonth::parse(options.month);
  if (!month)
    return complain(verify, {month.error().code, "--month: " + month.error().message}, kMisused);
  const auto language = language_of(options.language);
  if (!language) return complain(verify, language.error(), kMisused);
  ledger::MonthCount count(*month, kJapan);
  ledger::VerifyRequest request{std::move(keys->log), std::move(keys->witnesses), std::nullopt,
                                progress_for(verify)};
  request.seen = [&](std::uint64_t index, std::string_view entry) { count.add(index, entry); };
  const auto report = ledger::verify_log(*fetcher_for(verify), request);
  if (request.progress) fmt::print(stderr, "\r");
  if (!report) return complain(verify, report.error(), kUnchecked);
  if (report->finding) return tell(verify, *report);
  const auto pdf = documents::as_pdf(
      month_document(count, {verify.log, verify.key, *report->checkpoint}, *language));
  if (!pdf) return complain(verify, pdf.error(), kUnchecked);
  if (auto kept = ledger::write_durably(options.out, *pdf); !kept)
    return complain(verify, kept.error(), kUnchecked);
  fmt::print("{}: {} entries of {}, of {} in the log\n", options.out.string(), count.entries(),
             month->text(), report->checkpoint->checkpoint.size);
  return kWell;
}

int verify_log_command(const VerifyOptions& options) {
  auto keys = keys_of(options);
  if (!keys) return complain(options, keys.error(), kMisused);
  if (!options.proof.empty()) return verify_file(options, *keys);
  if (options.log.empty())
    return complain(options,
                    {ErrorCode::kInvalid, "verify: name a log (--log) or a proof (--proof)"},
                    kMisused);
  return verify_whole(options, std::move(*keys));
}

}  // namespace madoguchi::app
