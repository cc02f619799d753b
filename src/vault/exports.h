// Exports of many people's records: asked for by one person, approved by another one of the owner,
// written into a file that only the recipient opens, marked so that a found piece of it tells which
// export it is from. Each step is one commit of its row with its entry in the owner's log, and only
// then takes effect; refusals are entries too. docs/decisions/exports.md says why it is so.
//
// Any thread; acts follow one another. The file of an approved export is made on a thread of its
// own, and again after a crash, in the same words.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/personal.h"
#include "base/result.h"
#include "base/time.h"
#include "ledger/entry.h"
#include "vault/authority_desk.h"
#include "vault/export_json.h"
#include "vault/exports/export_mark.h"
#include "vault/exports/recipient.h"
#include "vault/invented_people.h"
#include "vault/records/records.h"
#include "vault/registry.h"
#include "vault/vault_store.h"
#include "vault/worker.h"

namespace madoguchi::vault {

struct ExportSelection {
  enum class By { kAll, kImport, kValues };
  By by = By::kAll;
  std::string import_id;  // everybody whom that import brought
  std::string field;      // everybody with one of these values
  std::vector<Personal<std::string>> values;
};

struct ExportAsk {
  OrganisationId owner;
  std::string purpose;
  std::vector<std::string> fields;  // empty: all that the purpose gives
  ExportSelection selection;
  std::string reason;
  RecipientKey recipient;
};

// What somebody may ask for.
struct ExportTerms {
  OrganisationId owner;
  std::string purpose;  // empty: a word of one's own
  std::string purpose_name;
  std::vector<std::string> fields;
  std::uint64_t people_per_day = 0;
};

struct ExportRules {
  std::uint64_t most_people = 50'000;          // in one export
  std::uint64_t owners_people_a_day = 50'000;  // asked for by the owner's own people
  std::size_t most_asks_a_day = 20;            // by one person
  std::size_t most_values = 10'000;
  Micros decided_within = std::chrono::hours(24 * 7);
  Micros kept_for = std::chrono::hours(24 * 14);
};

class Exports final : public InventedPeople {
 public:
  // All outlive it.
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    AuthorityDesk& authority;
    Registry& registry;
    Records& records;
    std::filesystem::path folder;  // for the sealed files
    ExportRules rules{};
  };
  static Result<std::unique_ptr<Exports>> open(const Parts& parts);
  ~Exports() override;

  // ---- whoever asks
  [[nodiscard]] std::vector<ExportTerms> terms_for(const OperatorId& who);
  // kDenied, kInvalid; kExhausted where a limit is reached.
  Result<Export> ask(const OperatorId& by, const ExportAsk& asked);
  // Everybody with all fields, whatever the limits, for a person of the owner: what a mandate that
  // says "returned" gives back. Another person of the owner approves it as any export.
  Result<Export> ask_return(const OperatorId& by, const OrganisationId& owner,
                            const MandateId& mandate, const RecipientKey& recipient);
  [[nodiscard]] std::vector<Export> asked_by(const OperatorId& who) const;  // newest first

  // ---- the owner's people
  [[nodiscard]] std::vector<Export> of_owner(const OrganisationId& owner) const;
  // kDenied also for whoever asked for it.
  Result<Export> approve(const ExportId& id, const OperatorId& by);
  Result<Export> refuse(const ExportId& id, const OperatorId& by, const std::string& reason);

  // The sealed file, for whoever asked for it and for the owner's people, as long as they might ask
  // for it now: kDenied once the mandate or a freeze says no. kConflict when somebody in it was
  // erased since: then it is made again without them, and can be fetched a little later.
  Result<std::string> fetch(const ExportId& id, const OperatorId& by);

  // ---- for tracing and for recognising who does not exist
  [[nodiscard]] std::vector<Export> made() const;
  [[nodiscard]] ExportMark mark_of(const ExportId& id) const;
  [[nodiscard]] Result<std::vector<SubjectId>> people_of(const Export& one);
  [[nodiscard]] std::optional<ExportId> invented_for(const SubjectId& subject) const override;

  // To be called every minute or so: what fell due, and files that could not be made.
  void minute();
  // For tests: everything that waits to be made is, when this returns.
  void settle();

 private:
  explicit Exports(const Parts& parts);
  Result<void> load();
  Result<Export> find(const ExportId& id);

  struct Allowed {
    OrganisationId actor;
    MandateId mandate;
    std::uint32_t version = 0;
    std::vector<std::string> fields;
    std::uint64_t people_per_day = 0;
  };
  [[nodiscard]] Result<Allowed> allowed(const OperatorId& who, const OrganisationId& owner,
                                        const std::string& purpose);
  // Whether they may still have all that the export was asked for; else the word of the refusal.
  Result<Allowed> still_allowed(const Export& one, const OperatorId& who);
  Result<void> check_day(const Export& one, std::uint64_t people_per_day) const;
  Result<std::vector<std::string>> chosen_fields(const ExportAsk& asked, const Allowed& may);
  Result<std::vector<SubjectId>> chosen(const ExportAsk& asked, std::uint64_t most_people);
  Result<Export> kept_ask(const OperatorId& by, const ExportAsk& asked, const Allowed& may,
                          std::vector<std::string> fields, const std::vector<SubjectId>& people);

  [[nodiscard]] ledger::Entry entry_of(const Export& one, std::string outcome,
                                       const OperatorId& by) const;
  // Moves it on with its entry; memory follows.
  Result<Export> move(Export one, ExportState to, const OperatorId& by, ledger::Entry entry);
  tl::unexpected<Error> refused(const OrganisationId& owner, const OperatorId& by,
                                std::string_view word, const Error& why);
  Result<Export> decidable(const ExportId& id, const OperatorId& by, std::string_view what);

  [[nodiscard]] Mac key_of(std::string_view purpose, const ExportId& id) const;
  [[nodiscard]] std::filesystem::path file_of(const ExportId& id) const;

  Result<std::string> hand_over(Export one, const OperatorId& by);

  // ---- export_making.cc
  // Whether somebody whom the file was written about is no more.
  Result<bool> holds_erased(const Export& one);
  Result<void> make_again(const Export& one, const OperatorId& by);
  void make_soon(const ExportId& id);
  Result<void> make(const ExportId& id);
  // An entry for each person, as the one who asked is about to have them.
  Result<void> log_people(const Export& one, const std::vector<SubjectId>& people);
  Result<std::vector<SubjectId>> with_invented(const Export& one, std::vector<SubjectId> people);
  Result<SubjectId> invent(const Export& one, std::uint64_t number,
                           const std::map<std::string, std::string>& shapes);
  struct Column {
    const FieldSpec* field;
    std::uint8_t number;
  };
  Result<std::vector<Column>> columns_of(const Export& one, const Schema& schema,
                                         const std::vector<SubjectId>& people);
  Result<void> write_file(Export& one, const std::vector<SubjectId>& people);

  const Parts parts_;
  std::mutex acts_;           // one act at a time
  mutable std::mutex mutex_;  // guards the next three
  std::map<ExportId, Export> exports_;
  std::map<SubjectId, InventedRow> invented_;
  bool stale_ = false;             // a commit failed: what is in memory may not be what is kept
  std::unique_ptr<Worker> maker_;  // last: it uses the others
};

}  // namespace madoguchi::vault
