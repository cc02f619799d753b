#include "vault/journal_intake.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "base/log.h"
#include "ledger/entry.h"
#include "ledger/json.h"

namespace madoguchi::vault {
namespace {

constexpr const char* kMark = "journal_taken_in";  // up to this line, or:
constexpr const char* kDone = "all";
constexpr std::size_t kLinesAtOnce = 500;
constexpr std::size_t kEntriesAtOnce = 256;
constexpr std::size_t kLongestLine = std::size_t{64} * 1024;

std::string text_in(const ledger::Json& object, std::string_view name) {
  const ledger::Json* found = object.find(name);
  return found == nullptr || found->as_text() == nullptr ? std::string() : *found->as_text();
}

class Intake {
 public:
  Intake(VaultStore& store, ledger::LogStore& log, Time now)
      : store_(store), log_(log), now_(now) {}

  Result<std::uint64_t> run();

 private:
  Result<void> find_beginnings(const VaultImage& image);
  Result<Time> beginning_of(const std::string& log, std::uint64_t size);
  Result<std::optional<ledger::Draft>> draft_of(const JournalLine& line);
  [[nodiscard]] std::string concerned(const ledger::Json& body);

  VaultStore& store_;
  ledger::LogStore& log_;
  const Time now_;
  std::map<std::string, Time> begins_;     // each organisation's log
  std::map<std::string, std::string> of_;  // wishes, tickets, recordings → organisation
};

// Of the first entry that was not taken in from here. A log that has no other begins now.
Result<Time> Intake::beginning_of(const std::string& log, std::uint64_t size) {
  for (std::uint64_t from = 0; from < size;) {
    const auto entries = log_.entries(log, from, kEntriesAtOnce);
    if (!entries) return tl::unexpected<Error>(entries.error());
    if (entries->empty()) break;
    for (const ledger::StoredEntry& one : *entries) {
      const auto entry = ledger::Entry::parse(one.entry);
      if (!entry) return tl::unexpected<Error>(entry.error());
      if (entry->kind != ledger::kind::kJournal) return entry->time;
    }
    from += entries->size();
  }
  return now_;
}

Result<void> Intake::find_beginnings(const VaultImage& image) {
  for (const OrganisationRow& one : image.organisations) begins_[one.id.text()] = now_;
  const auto sizes = log_.sizes();
  if (!sizes) return tl::unexpected<Error>(sizes.error());
  for (const ledger::LogSize& one : *sizes) {
    const auto begins = beginning_of(one.log, one.size);
    if (!begins) return tl::unexpected<Error>(begins.error());
    begins_[one.log] = *begins;
  }
  return {};
}

// Named by the line itself, or by an earlier line about the same wish, ticket or recording.
std::string Intake::concerned(const ledger::Json& body) {
  std::string organisation = text_in(body, "organisation");
  for (const char* thing : {"ticket", "wish", "recording"}) {
    const std::string id = text_in(body, thing);
    if (id.empty()) continue;
    const std::string key = fmt::format("{} {}", thing, id);
    if (organisation.empty())
      if (const auto known = of_.find(key); known != of_.end()) return known->second;
    if (!organisation.empty()) of_[key] = organisation;
  }
  return organisation;
}

Result<std::optional<ledger::Draft>> Intake::draft_of(const JournalLine& line) {
  const auto whole = ledger::parse_json(line.json, kLongestLine);
  const ledger::Json* body = whole ? whole->find("body") : nullptr;
  const auto time =
      whole ? parse_utc(text_in(*whole, "time")) : Result<Time>(fail(ErrorCode::kCorrupt, ""));
  if (body == nullptr || !time)
    return fail(ErrorCode::kCorrupt,
                fmt::format("journal: line {} cannot be read; restore a backup", line.sequence));
  const std::string organisation = concerned(*body);
  const auto begins = begins_.find(organisation);
  if (begins == begins_.end() || *time >= begins->second) return std::optional<ledger::Draft>();
  ledger::Entry entry;
  entry.time = now_;
  entry.kind = std::string(ledger::kind::kJournal);
  entry.outcome = text_in(*whole, "kind");
  entry.details = {{"line", static_cast<std::int64_t>(line.sequence)},
                   {"line_sha256", line.digest},
                   {"line_time", format_utc(*time)}};
  if (const std::string who = text_in(*body, "operator"); is_valid_id(who)) entry.operator_id = who;
  if (const std::string call = text_in(*body, "call"); is_valid_id(call)) entry.call = call;
  if (const std::string desk = text_in(*body, "desk"); is_valid_id(desk)) entry.desk = desk;
  auto text = entry.text();
  if (!text) return tl::unexpected<Error>(text.error());
  return std::optional(ledger::Draft{organisation, *std::move(text)});
}

Result<std::uint64_t> Intake::run() {
  const auto image = store_.load();
  if (!image) return tl::unexpected<Error>(image.error());
  const auto mark = image->meta.find(kMark);
  if (mark != image->meta.end() && mark->second == kDone) return std::uint64_t{0};
  std::uint64_t taken_to = 0;
  if (mark != image->meta.end())
    std::from_chars(mark->second.data(), mark->second.data() + mark->second.size(), taken_to);
  if (auto found = find_beginnings(*image); !found) return tl::unexpected<Error>(found.error());

  std::uint64_t count = 0;
  for (std::uint64_t after = 0;;) {
    const auto lines = store_.journal(after, kLinesAtOnce);
    if (!lines) return tl::unexpected<Error>(lines.error());
    Act act;
    for (const JournalLine& line : *lines) {
      after = line.sequence;
      auto draft = draft_of(line);  // also of what is in: for what it says about later lines
      if (!draft) return tl::unexpected<Error>(draft.error());
      if (*draft && line.sequence > taken_to) act.entries.push_back(**std::move(draft));
    }
    const bool done = lines->size() < kLinesAtOnce;
    if (!done && act.entries.empty()) continue;
    count += act.entries.size();
    act.changes.emplace_back(PutMeta{kMark, done ? kDone : std::to_string(after)});
    if (auto kept = store_.commit(now_, act); !kept) return tl::unexpected<Error>(kept.error());
    if (done) return count;
  }
}

}  // namespace

Result<std::uint64_t> take_in_journal(VaultStore& store, ledger::LogStore& log, Time now) {
  auto count = Intake(store, log, now).run();
  if (count && *count > 0)
    log_info("{} lines of the journal from before the clients' logs are entries there now", *count);
  return count;
}

}  // namespace madoguchi::vault
