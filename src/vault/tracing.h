// Where a found file came from. Whose each line is, is found as the glass finds people, by exact
// values; how it is spelled and ordered is then weighed against every export that was made
// (exports/evidence.h). Says "cannot say" where the evidence is thin. A trace is an entry in the
// log of each client whose people are in the file, before anything is answered. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "vault/exports.h"
#include "vault/exports/evidence.h"
#include "vault/exports/found_lines.h"

namespace madoguchi::vault {

enum class Verdict {
  kNamed,
  kCannotSay,
  kAsInTheRecords,  // spelled as the records themselves: from no export, it seems
};
std::string_view name_of(Verdict verdict);

struct TracedLine {
  std::uint64_t line = 0;
  OrganisationId owner;
  SubjectId subject;
  std::size_t cells = 0;                 // that are this person's
  std::optional<ExportId> invented_for;  // of people who do not exist
};
struct TracedExport {
  Export about;
  Score score;
};
struct Traced {
  Verdict verdict = Verdict::kCannotSay;
  std::optional<ExportId> named;
  std::vector<TracedExport> exports;  // likeliest first
  std::vector<TracedLine> lines;      // of which it is known whose they are
  std::uint64_t lines_read = 0;
  std::uint64_t lines_left_out = 0;
};

class Tracing {
 public:
  // All outlive it.
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Registry& registry;
    Records& records;
    Exports& exports;
    const NumberingPlan& plan;
  };
  explicit Tracing(const Parts& parts) : parts_(parts) {}

  // kInvalid: the file can't be read as text.
  Result<Traced> trace(ByteView file, const std::string& asked_by);

 private:
  struct Known {
    TracedLine line;
    FoundPerson person;
    std::size_t own = 0;  // marks that are as the record itself has them
    std::size_t marks = 0;
  };
  Result<std::optional<Known>> whose(const FoundLine& line, OrganisationId& last);
  Result<std::optional<Known>> whose(const FoundLine& line, const OrganisationId& owner);
  Result<Known> looked_at(const FoundLine& line, const OrganisationId& owner,
                          const SubjectId& subject, const Schema& schema);
  Result<void> weigh_exports(const std::vector<Known>& known, Traced& traced);
  Result<void> log(ByteView file, const Traced& traced, const std::string& asked_by);

  const Parts parts_;
};

}  // namespace madoguchi::vault
