#include "vault/records/import_update.h"

#include <fmt/format.h>

#include <algorithm>

#include "vault/records/field_codec.h"

namespace madoguchi::vault {
namespace {

constexpr unsigned kMostNumbers = 99;

FieldValue* find_value(std::vector<FieldValue>& values, const std::string& field, unsigned number) {
  const auto found = std::find_if(values.begin(), values.end(), [&](const FieldValue& value) {
    return value.number == number && value.field == field;
  });
  return found == values.end() ? nullptr : &*found;
}

void add_refusals(std::optional<TelephoneDetails>& into,
                  const std::optional<TelephoneDetails>& from) {
  if (!from || from->refusals.empty()) return;
  if (!into) into.emplace();
  for (const std::string& use : from->refusals)
    if (std::find(into->refusals.begin(), into->refusals.end(), use) == into->refusals.end())
      into->refusals.push_back(use);
}

class Differing {
 public:
  Differing(const GivenRow& given, const OpenedSubject& stored, const RecordSealer& sealer,
            Time now)
      : given_(given),
        stored_(stored),
        sealer_(sealer),
        now_(now),
        of_record_(stored.provenance.value_or(Provenance{})),
        after_(stored.values) {}

  Result<RowDifference> run() {
    if (given_.says_kind && given_.subject.kind != stored_.kind)
      return fail(ErrorCode::kInvalid,
                  fmt::format("@kind: the record is that of a {}, which an update does not change",
                              name_of(stored_.kind)));
    for (const FieldValue& value : given_.subject.values)
      if (auto taken = take(value); !taken) return tl::unexpected<Error>(taken.error());
    return told();
  }

 private:
  Result<void> take(const FieldValue& value) {
    const FieldSpec& field = *sealer_.schema().find(value.field);
    // People have several telephones, whichever column of whichever file each came in.
    const bool beside = field.kind == FieldKind::kTelephone && field.repeats;
    FieldValue* known =
        beside ? same_among_all(field, value) : find_value(after_, value.field, value.number);
    if (known == nullptr) return add(value, beside);
    if (sealer_.is_same(field, known->text.reveal(), value.text.reveal(), now_))
      tell_more(*known, value);
    else
      replace(*known, value);
    return {};
  }

  FieldValue* same_among_all(const FieldSpec& field, const FieldValue& value) {
    const auto found = std::find_if(after_.begin(), after_.end(), [&](const FieldValue& one) {
      return one.field == value.field &&
             sealer_.is_same(field, one.text.reveal(), value.text.reveal(), now_);
    });
    return found == after_.end() ? nullptr : &*found;
  }

  Result<void> add(const FieldValue& value, bool beside) {
    unsigned number = value.number;
    if (beside && find_value(after_, value.field, number) != nullptr)
      for (number = 1; find_value(after_, value.field, number) != nullptr;) ++number;
    if (number > kMostNumbers)
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: the record has {} of them already", value.field, kMostNumbers));
    FieldValue added = value;
    added.number = static_cast<std::uint8_t>(number);
    added.provenance = from_file(value);
    after_.push_back(std::move(added));
    return {};
  }

  void replace(FieldValue& known, const FieldValue& value) {
    FieldValue fresh = value;
    fresh.number = known.number;
    fresh.provenance = from_file(value);
    add_refusals(fresh.telephone, known.telephone);
    known = std::move(fresh);
  }

  // The same value: what is known of it beside its text may be more.
  void tell_more(FieldValue& known, const FieldValue& value) {
    if (value.standing == Standing::kVerified) known.standing = Standing::kVerified;
    if (value.telephone) {
      TelephoneDetails details = known.telephone.value_or(TelephoneDetails{});
      if (value.telephone->holder != LineHolder::kUnknown) details.holder = value.telephone->holder;
      if (!value.telephone->line_kind.empty()) details.line_kind = value.telephone->line_kind;
      std::optional<TelephoneDetails> whole(std::move(details));
      add_refusals(whole, value.telephone);
      if (*whole != known.telephone.value_or(TelephoneDetails{})) known.telephone = whole;
    }
    if (!value.provenance) return;
    // Only what its own columns say: the file's own day and source are new each time.
    const Provenance before = known.provenance.value_or(of_record_);
    Provenance now = *value.provenance;
    fill_provenance(now, before);
    if (now != before) known.provenance = now;
  }

  [[nodiscard]] std::optional<Provenance> from_file(const FieldValue& value) const {
    Provenance from = value.provenance.value_or(Provenance{});
    fill_provenance(from, given_.subject.provenance);
    return from == of_record_ ? std::nullopt : std::optional(std::move(from));
  }

  Result<RowDifference> told() {
    RowDifference difference;
    for (FieldValue& value : after_) {
      const bool stood =
          std::find(stored_.values.begin(), stored_.values.end(), value) != stored_.values.end();
      if (stood) continue;
      if (value.telephone && value.telephone->refusals.size() > kMostRefusals)
        return fail(ErrorCode::kInvalid,
                    fmt::format("{}: has more than {} refused uses",
                                shown_name(value.field, value.number), kMostRefusals));
      difference.fields.push_back(shown_name(value.field, value.number));
      difference.correction.values.push_back(std::move(value));
    }
    return difference;
  }

  const GivenRow& given_;
  const OpenedSubject& stored_;
  const RecordSealer& sealer_;
  const Time now_;
  const Provenance of_record_;
  std::vector<FieldValue> after_;
};

}  // namespace

Result<RowDifference> difference(const GivenRow& given, const OpenedSubject& stored,
                                 const RecordSealer& sealer, Time now) {
  return Differing(given, stored, sealer, now).run();
}

}  // namespace madoguchi::vault
