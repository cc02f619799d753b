// Where a found file came from. Whose each line is, is found as the glass finds people, by exact
// values: all clients who have somebody with as many of its cells are told, none before the others.
// How it is spelled and ordered is then weighed against every export that was made
// (exports/evidence.h). Says "cannot say" where the evidence is thin.
//
// Whoever may ask learns who is among a client's people, so a trace is an entry, with counts, in
// the log of each client whose records were compared, before anything is answered; and only so many
// lines are compared in a day (of Japan), restarts included. Any thread, one trace at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
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

struct TracedOwner {
  OrganisationId owner;
  SubjectId subject;                     // empty: one of several of this owner's
  std::optional<ExportId> invented_for;  // of people who do not exist
};
struct TracedLine {
  std::uint64_t line = 0;
  std::size_t cells = 0;            // that are this person's
  std::vector<TracedOwner> owners;  // more than one: each has as many of the cells
};
struct TracedSum {
  std::uint64_t lines = 0;
  std::uint64_t shared = 0;  // of them, also another owner's
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
  std::map<OrganisationId, TracedSum> sums;
  std::uint64_t lines_read = 0;
  std::uint64_t lines_left_out = 0;  // too long to be a person's
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
    std::uint32_t lines_per_day = 100'000;
  };
  explicit Tracing(const Parts& parts) : parts_(parts) {}

  // kInvalid: the file can't be read as text, or has more lines than may be compared today.
  // kUnavailable once `cancelled` says so, which is asked for each line.
  Result<Traced> trace(
      ByteView file, const std::string& asked_by,
      const std::function<bool()>& cancelled = [] { return false; });

 private:
  // That a line is somebody's of this owner.
  struct Claim {
    TracedOwner whose;
    FoundPerson person;
    std::size_t cells = 0;
    std::set<std::string> matched;  // those cells
    std::size_t own = 0;            // marks that are as the record itself has them
    std::size_t marks = 0;
  };
  struct Known {
    std::uint64_t line = 0;
    std::vector<Claim> claims;  // with as many cells each; the first names a person
    [[nodiscard]] const Claim& of(const OrganisationId& owner) const;
  };
  struct Day {
    std::int64_t number = 0;  // since the epoch, by Japan's clocks
    std::uint64_t lines = 0;
  };
  Result<Day> today();
  Result<std::optional<Known>> whose(const FoundLine& line, OrganisationId& last);
  Result<std::optional<Claim>> whose(const FoundLine& line, const OrganisationId& owner,
                                     const std::set<std::string>* among);
  Result<Claim> looked_at(const FoundLine& line, const OrganisationId& owner,
                          const SubjectId& subject, const Schema& schema);
  Result<void> weigh_exports(const std::vector<Known>& known, Traced& traced);
  Result<void> weigh_exports_of(const OrganisationId& owner, const std::vector<Known>& known,
                                Traced& traced);
  Result<void> log(ByteView file, const Traced& traced, const std::string& asked_by,
                   const Day& after);
  Result<void> refuse(ByteView file, std::uint64_t lines, const std::string& asked_by);

  const Parts parts_;
  std::mutex mutex_;  // one trace at a time; guards the next
  std::optional<Day> day_;
};

}  // namespace madoguchi::vault
