#include "vault/rotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <tuple>

#include "base/log.h"
#include "ledger/entry.h"
#include "vault/directory.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kKind = "keys";
constexpr std::string_view kMeta = "rotation ";
constexpr Rounds::Rest kBetweenSteps{2};
constexpr Rounds::Rest kBetweenPasses{5000};
constexpr Rounds::Rest kInTrouble{5000};
// A search that began before there was a new version looks under the older ones alone.
constexpr Rounds::Rest kSearchesEnd{1000};

}  // namespace

Result<std::unique_ptr<Rotations>> Rotations::open(const Parts& parts) {
  const auto image = parts.store.load();
  if (!image) return tl::unexpected<Error>(image.error());
  std::unique_ptr<Rotations> rotations(new Rotations(parts));
  for (const auto& [name, text] : image->meta) {
    if (!name.starts_with(kMeta) || text.empty()) continue;
    Wanted wanted;
    std::int64_t begun = 0;
    std::istringstream numbers(text);
    if (!(numbers >> wanted.version >> begun))
      return fail(ErrorCode::kCorrupt,
                  "the note of a rotation of keys is damaged; restore a backup of the database");
    wanted.begun = time_from_micros(begun);
    numbers >> wanted.index_version;  // stays 0 where only the data key is replaced
    rotations->under_way_.emplace(OrganisationId(name.substr(kMeta.size())), wanted);
  }
  if (auto found = rotations->find_unfinished(); !found)
    return tl::unexpected<Error>(found.error());
  return rotations;
}

// Records of a backup that was made amid a rotation are in the middle of it, whatever the vault's
// own database says.
Result<void> Rotations::find_unfinished() {
  const auto directory = parts_.registry.directory();
  for (const auto& [id, organisation] : directory->organisations()) {
    if (auto held = parts_.keys.hold(id); !held) return held;
    const auto keys = parts_.keys.standing(id);
    if (!keys) return tl::unexpected<Error>(keys.error());
    if ((keys->at != 0 || keys->index_at != 0) && keys->version != 0)
      under_way_.emplace(id, Wanted{keys->version, parts_.clock.now(), keys->index_version});
    if (auto looked = find_older(id, *keys); !looked) return looked;
  }
  return {};
}

// Records of a backup from before a rotation that has ended.
Result<void> Rotations::find_older(const OrganisationId& organisation, const KeyStanding& keys) {
  if (keys.index_oldest > std::max(keys.index_version, 1U))
    return fail(ErrorCode::kInvalid,
                fmt::format("database: the vault's own is older than its records: those of {} are "
                            "found under search keys of version {}, and it knows of {} at most. "
                            "Nothing was changed; put the newer one back, or all from one backup",
                            organisation.text(), keys.index_oldest, keys.index_version));
  if (!keys.marks_are_older() || under_way_.contains(organisation)) return {};
  // Its people's keys were put back with them.
  if (auto again = parts_.keys.again(organisation); !again) return again;
  const Wanted wanted{keys.version, parts_.clock.now(), keys.index_version};
  if (auto kept = keep(organisation, wanted, "begun", "vault", "older_records"); !kept) return kept;
  under_way_.emplace(organisation, wanted);
  log_warn(
      "the records of {} are older than its search keys: a backup was put back. Its people are "
      "found as before; their keys are wrapped again, and they are marked anew under version {}",
      organisation.text(), keys.index_version);
  return {};
}

Result<void> Rotations::keep(const OrganisationId& organisation, const Wanted& wanted,
                             std::string_view outcome, const std::string& asked_by,
                             std::string_view cause) {
  const bool done = outcome == "done";
  ledger::Entry entry;
  entry.time = parts_.clock.now();
  entry.kind = std::string(kKind);
  entry.organisation = organisation.text();
  entry.outcome = std::string(outcome);
  entry.details = {{"version", static_cast<std::int64_t>(wanted.version)},
                   {"search_version", static_cast<std::int64_t>(wanted.index_version)}};
  if (!cause.empty()) entry.details["cause"] = std::string(cause);
  auto text = entry.text();
  if (!text) return tl::unexpected<Error>(text.error());
  Act act;
  act.changes.emplace_back(
      PutMeta{std::string(kMeta) + organisation.text(),
              done ? ""
                   : fmt::format("{} {} {}", wanted.version, to_micros(wanted.begun),
                                 wanted.index_version)});
  act.journal.push_back({fmt::format("rotation_{}", outcome),
                         {{"organisation", organisation.text()},
                          {"version", static_cast<std::int64_t>(wanted.version)},
                          {"asked_by", asked_by}}});
  act.entries.push_back({organisation.text(), *std::move(text)});
  return parts_.store.commit(entry.time, act);
}

Result<std::uint32_t> Rotations::begin(const OrganisationId& organisation,
                                       const std::string& asked_by) {
  if (parts_.registry.directory()->find(organisation) == nullptr)
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no organisation {}", organisation.text()));
  const std::lock_guard lock(mutex_);
  if (under_way_.contains(organisation))
    return fail(ErrorCode::kConflict,
                fmt::format("the keys of {} are being replaced already", organisation.text()));
  const auto keys = parts_.keys.standing(organisation);
  if (!keys) return tl::unexpected<Error>(keys.error());
  if (keys->version == 0)
    return fail(ErrorCode::kNotFound, fmt::format("{} has no key of people's records yet: there is "
                                                  "nothing to replace",
                                                  organisation.text()));
  const Wanted wanted{keys->version + 1, parts_.clock.now(), keys->index_version + 1};
  if (auto kept = keep(organisation, wanted, "begun", asked_by); !kept)
    return tl::unexpected<Error>(kept.error());
  under_way_.emplace(organisation, wanted);
  log_info("the keys of {} are replaced by version {}, those of its search marks by {}",
           organisation.text(), wanted.version, wanted.index_version);
  return wanted.version;
}

// Each step may be cut off and is found again by what is kept: the version wanted, the newest key,
// where wrapping stands.
Result<Rounds::Rest> Rotations::step(const OrganisationId& organisation, const Wanted& wanted) {
  const auto keys = parts_.keys.standing(organisation);
  if (!keys) return tl::unexpected<Error>(keys.error());
  if (keys->version < wanted.version) {
    if (auto begun = parts_.records.begin_rotation(organisation); !begun)
      return tl::unexpected<Error>(begun.error());
    return kBetweenSteps;
  }
  if (keys->at != 0) {
    if (auto step = parts_.records.rewrap(organisation, parts_.keys_at_once); !step)
      return tl::unexpected<Error>(step.error());
    return kBetweenSteps;
  }
  // The walk over marks begins when nobody hangs on an older key, and no import is under way then.
  if (keys->index_at != 0) return advance_marks(organisation, wanted, *keys);
  if (wanted.waits) {
    const auto over = parts_.records.imports_are_over(organisation);
    if (!over) return tl::unexpected<Error>(over.error());
    if (!*over) return kBetweenPasses;
  }
  // An import that began before goes on with the key it began with.
  const auto older = parts_.keys.older_keys(organisation);
  if (!older) return tl::unexpected<Error>(older.error());
  if (*older > 0) {
    if (auto again = parts_.keys.again(organisation); !again)
      return tl::unexpected<Error>(again.error());
    return kBetweenPasses;
  }
  return advance_marks(organisation, wanted, *keys);
}

// Under a key made now, or under the newest where records were put back that are older.
Result<Rounds::Rest> Rotations::begin_marks(const OrganisationId& organisation,
                                            const KeyStanding& keys, const Wanted& wanted) {
  const auto begun = keys.index_version < wanted.index_version
                         ? parts_.records.begin_reindex(organisation)
                         : parts_.records.mark_anew(organisation);
  if (!begun) return tl::unexpected<Error>(begun.error());
  const std::lock_guard lock(mutex_);
  under_way_.at(organisation).waits = !*begun;
  return *begun ? kSearchesEnd : kBetweenPasses;
}

Result<Rounds::Rest> Rotations::advance_marks(const OrganisationId& organisation,
                                              const Wanted& wanted, const KeyStanding& keys) {
  if (keys.index_version < wanted.index_version || keys.marks_are_older())
    return begin_marks(organisation, keys, wanted);
  if (keys.index_at != 0) {
    if (auto step = parts_.records.reindex(organisation, parts_.people_at_once); !step)
      return tl::unexpected<Error>(step.error());
    return kBetweenSteps;
  }
  if (auto kept = keep(organisation, wanted, "done", ""); !kept)
    return tl::unexpected<Error>(kept.error());
  log_info("all keys of {}'s people hang on version {}, their search marks on {}",
           organisation.text(), wanted.version, wanted.index_version);
  const std::lock_guard lock(mutex_);
  under_way_.erase(organisation);
  return kBetweenSteps;
}

Result<Rounds::Rest> Rotations::advance() {
  OrganisationId organisation;
  Wanted wanted;
  {
    const std::lock_guard lock(mutex_);
    if (under_way_.empty()) return Rounds::kUntilWoken;
    const auto next =
        std::min_element(under_way_.begin(), under_way_.end(),
                         [](const auto& a, const auto& b) { return a.second.due < b.second.due; });
    std::tie(organisation, wanted) = *next;
  }
  const auto done = step(organisation, wanted);
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = under_way_.find(organisation); it != under_way_.end())
      it->second.due = parts_.clock.mono() + (done ? *done : kInTrouble);
  }
  if (!done) return done;
  return rest();
}

Rounds::Rest Rotations::rest() const {
  const std::lock_guard lock(mutex_);
  if (under_way_.empty()) return Rounds::kUntilWoken;
  MonoTime first = MonoTime::max();
  for (const auto& [organisation, wanted] : under_way_) first = std::min(first, wanted.due);
  const auto left = std::chrono::ceil<Rounds::Rest>(first - parts_.clock.mono());
  return std::max(left, Rounds::Rest(0));
}

Result<std::vector<Rotations::Standing>> Rotations::all() const {
  std::vector<Standing> standings;
  const auto directory = parts_.registry.directory();
  for (const auto& [id, organisation] : directory->organisations()) {
    const auto keys = parts_.keys.standing(id);
    if (!keys) return tl::unexpected<Error>(keys.error());
    Standing& standing = standings.emplace_back(Standing{id, *keys, false, {}, {}});
    const std::lock_guard lock(mutex_);
    const auto found = under_way_.find(id);
    if (found == under_way_.end()) continue;
    standing.under_way = true;
    standing.begun = found->second.begun;
    const bool marks = keys->version >= found->second.version && keys->at == 0 &&
                       keys->index_version >= found->second.index_version;
    standing.stage = found->second.waits ? "import" : marks ? "marks" : "keys";
  }
  return standings;
}

RotationClock::RotationClock(Rotations& rotations)
    : rotations_(rotations), rounds_("rotations", Rounds::Rest(0), [this] { return round(); }) {}

Rounds::Rest RotationClock::round() {
  const auto rest = rotations_.advance();
  if (rest) {
    if (*rest == Rounds::kUntilWoken) trouble_.clear();
    return *rest;
  }
  if (rest.error().message != trouble_)
    log_warn("replacing an organisation's keys has to wait: {}", rest.error().message);
  trouble_ = rest.error().message;
  return rotations_.rest();
}

}  // namespace madoguchi::vault
