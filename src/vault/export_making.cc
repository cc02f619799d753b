// How an approved export becomes a file. Everything in it follows from the export's row, its list
// and its key, so that making it again after a crash writes the same lines.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>

#include "base/log.h"
#include "recording/digest.h"
#include "vault/exports.h"
#include "vault/exports/invented.h"
#include "vault/exports/sealed_export.h"
#include "vault/exports/spelling.h"
#include "vault/openings.h"
#include "vault/records/row_splitter.h"

namespace madoguchi::vault {
namespace {

constexpr std::uint64_t kMostAttempts = 50;
constexpr std::size_t kEntriesAtOnce = 200;
const OperatorId kNobody;

// A file that is there whole or not at all, with what its bytes are as they are written.
class NewFile {
 public:
  explicit NewFile(std::filesystem::path to) : to_(std::move(to)), part_(to_) {
    part_ += ".part";
    fd_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  }
  ~NewFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  NewFile(const NewFile&) = delete;

  Result<void> add(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t written = fd_ < 0 ? -1 : ::write(fd_, bytes.data(), bytes.size());
      if (written <= 0) return no_room();
      digest_.add(bytes.first(static_cast<std::size_t>(written)));
      size_ += static_cast<std::uint64_t>(written);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }
  Result<void> finish() {
    const int folder = ::open(to_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool kept = fd_ >= 0 && ::fsync(fd_) == 0 && ::rename(part_.c_str(), to_.c_str()) == 0 &&
                      folder >= 0 && ::fsync(folder) == 0;
    if (folder >= 0) ::close(folder);
    return kept ? Result<void>() : no_room();
  }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::string sha256() const { return to_hex(digest_.value()); }

 private:
  [[nodiscard]] tl::unexpected<Error> no_room() const {
    return fail(ErrorCode::kExhausted,
                fmt::format("{}: cannot be written; is there room?", part_.string()));
  }

  const std::filesystem::path to_;
  std::filesystem::path part_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  recording::RunningDigest digest_;
};

}  // namespace

void Exports::make_soon(const ExportId& id) {
  const bool taken = maker_->push([this, id] {
    const auto done = make(id);
    if (!done) log_warn("export {} is not made yet: {}", id.text(), done.error().message);
  });
  if (!taken) log_warn("export {} waits: too many are being made", id.text());
}

void Exports::settle() {
  std::mutex mutex;
  std::condition_variable over;
  bool reached = false;
  const bool taken = maker_->push([&] {
    const std::lock_guard lock(mutex);
    reached = true;
    over.notify_one();
  });
  std::unique_lock lock(mutex);
  if (taken) over.wait(lock, [&] { return reached; });
}

Result<void> Exports::make(const ExportId& id) {
  auto one = find(id);
  if (!one) return tl::unexpected<Error>(one.error());
  if (one->state != ExportState::kApproved) return {};
  auto people = people_of(*one);
  if (!people) return tl::unexpected<Error>(people.error());
  const bool told = one->made != Time();  // made before, and somebody was erased since
  if (!told)
    if (auto logged = log_people(*one, *people); !logged) return logged;
  auto all = with_invented(*one, *std::move(people));
  if (!all) return tl::unexpected<Error>(all.error());
  const ExportMark mark = mark_of(id);
  std::vector<std::pair<std::uint64_t, SubjectId>> ranked;
  for (SubjectId& subject : *all) ranked.emplace_back(mark.rank(subject.text()), subject);
  std::sort(ranked.begin(), ranked.end());
  for (std::size_t i = 0; i < ranked.size(); ++i) (*all)[i] = std::move(ranked[i].second);
  if (auto written = write_file(*one, *all); !written) return written;
  ledger::Entry entry = entry_of(*one, "made", kNobody);
  entry.details["written"] = static_cast<std::int64_t>(one->written);
  entry.details["file_sha256"] = one->file_sha256;
  const auto moved = move(*one, ExportState::kMade, kNobody, std::move(entry));
  return moved ? Result<void>() : tl::unexpected<Error>(moved.error());
}

Result<bool> Exports::holds_erased(const Export& one) {
  const auto people = people_of(one);
  if (!people) return tl::unexpected<Error>(people.error());
  std::uint64_t living = 0;
  for (const SubjectId& subject : *people) {
    const auto stored = parts_.records.stored_fields(one.owner, subject);
    if (!stored && stored.error().code != ErrorCode::kNotFound)
      return tl::unexpected<Error>(stored.error());
    if (stored) ++living;
  }
  return living < one.written;  // who was gone before was left out
}

// The file goes first, so that no crash leaves it where it could be fetched.
Result<void> Exports::make_again(const Export& one, const OperatorId& by) {
  std::error_code gone;
  std::filesystem::remove(file_of(one.id), gone);
  if (gone)
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: cannot be removed", file_of(one.id).string()));
  const auto moved = move(one, ExportState::kApproved, by, entry_of(one, "erased_since", by));
  if (!moved) return tl::unexpected<Error>(moved.error());
  make_soon(one.id);
  return {};
}

// Whoever asks who looked at one person's data finds the export among the openings, and the
// person's file proves it. After a crash they may be told twice.
Result<void> Exports::log_people(const Export& one, const std::vector<SubjectId>& people) {
  Act act;
  const Time now = parts_.clock.now();
  const auto commit = [&]() -> Result<void> {
    if (act.entries.empty()) return {};
    auto kept = parts_.store.commit(now, act);
    act.entries.clear();
    return kept;
  };
  ledger::Entry entry = entry_of(one, "exported", one.asked_by);
  entry.details["approved_by"] = one.decided_by.text();
  for (const SubjectId& subject : people) {
    const auto key = subject_salt_key(parts_.records, {one.owner, subject});
    if (!key && key.error().code == ErrorCode::kNotFound) continue;  // erased meanwhile
    if (!key) return tl::unexpected<Error>(key.error());
    entry.subject = ledger::SubjectCommitment::make(key->reveal(), subject.text(), parts_.entropy);
    auto text = entry.text();
    if (!text) return tl::unexpected<Error>(text.error());
    act.entries.push_back({one.owner.text(), *std::move(text)});
    if (act.entries.size() == kEntriesAtOnce)
      if (auto kept = commit(); !kept) return kept;
  }
  return commit();
}

// ---- people who do not exist

Result<SubjectId> Exports::invent(const Export& one, std::uint64_t number,
                                  const std::map<std::string, std::string>& shapes) {
  const auto schema = parts_.records.schema(one.owner);
  if (!schema) return tl::unexpected<Error>(schema.error());
  const ExportMark mark = mark_of(one.id);
  for (std::uint64_t attempt = 0; attempt < kMostAttempts; ++attempt) {
    const auto values = invented_person(mark, number, shapes, attempt);
    // Added before a crash, and not known as invented yet: the same telephone, which is nobody's.
    const auto before =
        parts_.records.find(one.owner, {{"telephone", Personal(values.at("telephone"))}});
    if (!before) return tl::unexpected<Error>(before.error());
    if (!before->subjects.empty()) {
      if (invented_for(before->subjects.front())) continue;
      return before->subjects.front();
    }
    Subject person;
    person.provenance = {"export", "export", format_utc(one.asked).substr(0, 10), ""};
    for (const auto& [field, text] : values)
      if ((*schema)->find(field) != nullptr)
        person.values.push_back(
            {field, 1, Personal<std::string>(text), Standing::kSelfDeclared, {}});
    auto added = parts_.records.add(one.owner, person);
    if (added || added.error().code != ErrorCode::kConflict) return added;
  }
  return fail(ErrorCode::kConflict, "every number that could be invented is taken");
}

Result<std::vector<SubjectId>> Exports::with_invented(const Export& one,
                                                      std::vector<SubjectId> people) {
  const auto schema = parts_.records.schema(one.owner);
  if (!schema) return tl::unexpected<Error>(schema.error());
  std::map<std::string, std::string> shapes;
  std::vector<std::string> identifiers;
  for (const FieldSpec& field : (*schema)->fields())
    if (field.kind == FieldKind::kIdentifier) identifiers.push_back(field.name);
  for (const SubjectId& subject : people) {
    const auto example = parts_.records.read(one.owner, subject, identifiers);
    if (!example && example.error().code == ErrorCode::kNotFound) continue;
    if (!example) return tl::unexpected<Error>(example.error());
    for (const FieldValue& value : example->values) shapes[value.field] = value.text.reveal();
    break;
  }
  const std::size_t wanted = invented_among(people.size());
  std::size_t known = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [subject, row] : invented_)
      if (row.of == one.id) {
        people.push_back(subject);
        ++known;
      }
  }
  for (std::uint64_t number = known; number < wanted; ++number) {
    auto subject = invent(one, number, shapes);
    if (!subject) return tl::unexpected<Error>(subject.error());
    const InventedRow row{*subject, one.owner, one.id};
    Act act;
    act.changes.emplace_back(ExportChange(PutInvented{row}));
    if (auto kept = parts_.store.commit(parts_.clock.now(), act); !kept)
      return tl::unexpected<Error>(kept.error());
    const std::lock_guard lock(mutex_);
    invented_.emplace(row.subject, row);
    people.push_back(*std::move(subject));
  }
  return people;
}

// ---- the file

Result<std::vector<Exports::Column>> Exports::columns_of(const Export& one, const Schema& schema,
                                                         const std::vector<SubjectId>& people) {
  std::map<std::string, std::uint8_t> most;  // of each field, how many values anybody has
  for (const SubjectId& subject : people) {
    const auto stored = parts_.records.stored_fields(one.owner, subject);
    if (!stored && stored.error().code == ErrorCode::kNotFound) continue;
    if (!stored) return tl::unexpected<Error>(stored.error());
    for (const std::string& name : *stored) {
      const auto dot = name.find('.');
      const int number = dot == std::string::npos ? 1 : std::atoi(name.c_str() + dot + 1);
      auto& so_far = most[name.substr(0, dot)];
      so_far = std::max(so_far, static_cast<std::uint8_t>(std::clamp(number, 1, 255)));
    }
  }
  std::vector<Column> columns;
  for (const FieldSpec& field : schema.fields()) {
    if (std::find(one.fields.begin(), one.fields.end(), field.name) == one.fields.end()) continue;
    const int count = std::max<int>(most[field.name], 1);
    for (int number = 1; number <= count; ++number)
      columns.push_back({&field, static_cast<std::uint8_t>(number)});
  }
  if (columns.empty()) return fail(ErrorCode::kInvalid, "no field of the export is in the schema");
  return columns;
}

Result<void> Exports::write_file(Export& one, const std::vector<SubjectId>& people) {
  const auto schema = parts_.records.schema(one.owner);
  if (!schema) return tl::unexpected<Error>(schema.error());
  const auto columns = columns_of(one, **schema, people);
  if (!columns) return tl::unexpected<Error>(columns.error());
  const auto recipient = RecipientKey::parse(one.recipient);
  if (!recipient) return tl::unexpected<Error>(recipient.error());
  const Normaliser& normaliser = Normaliser::japanese();
  const ExportMark mark = mark_of(one.id);
  one.made = parts_.clock.now();
  NewFile file(file_of(one.id));
  auto writer = SealedExportWriter::begin(
      {one.id.text(), one.owner.text(), one.purpose, one.recipient, people.size(), one.made},
      *recipient, parts_.entropy, [&](ByteView bytes) { return file.add(bytes); });
  if (!writer) return tl::unexpected<Error>(writer.error());
  std::string line;
  for (const Column& column : *columns) {
    line += line.empty() ? "" : ",";
    add_cell(line, column.field->label_ja.empty() ? column.field->name : column.field->label_ja);
    if (column.number > 1) line += std::to_string(column.number);
  }
  if (auto added = writer->add(line + "\r\n"); !added) return added;
  one.lines = one.written = 0;
  for (const SubjectId& subject : people) {
    const auto record = parts_.records.read(one.owner, subject, one.fields);
    if (!record && record.error().code == ErrorCode::kNotFound) continue;  // erased meanwhile
    if (!record) return tl::unexpected<Error>(record.error());
    line.clear();
    for (const Column& column : *columns) {
      if (&column != &columns->front()) line += ',';
      for (const FieldValue& value : record->values)
        if (value.field == column.field->name && value.number == column.number)
          add_cell(line,
                   mark.spelled({subject.text(), column.field->number, value.number},
                                Spelling(column.field->kind, value.text.reveal(), normaliser)));
    }
    line += "\r\n";
    ++one.lines;
    if (!invented_for(subject)) ++one.written;
    if (auto added = writer->add(line); !added) return added;
  }
  wipe(line);
  if (auto finished = writer->finish(); !finished) return finished;
  if (auto finished = file.finish(); !finished) return finished;
  one.file_sha256 = file.sha256();
  one.file_bytes = file.size();
  return {};
}

}  // namespace madoguchi::vault
