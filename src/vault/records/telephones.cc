#include "vault/records/telephones.h"

namespace madoguchi::vault {

std::string line_kind_of(const FieldValue& value, const NumberingPlan& plan, Time now) {
  if (value.telephone && !value.telephone->line_kind.empty()) return value.telephone->line_kind;
  const auto line = plan.read(value.text, now);
  if (!line || line->kind == NumberKind::kOther) return "";
  return std::string(name_of(line->kind));
}

void tell_whole(OpenedSubject& record, const Schema& schema, const NumberingPlan& plan, Time now) {
  for (FieldValue& value : record.values) {
    const FieldSpec* spec = schema.find(value.field);
    if (spec == nullptr || spec->kind != FieldKind::kTelephone) continue;
    std::string kind = line_kind_of(value, plan, now);
    if (!value.telephone) value.telephone.emplace();
    value.telephone->line_kind = std::move(kind);
    if (!value.provenance) value.provenance = record.provenance;
  }
}

}  // namespace madoguchi::vault
