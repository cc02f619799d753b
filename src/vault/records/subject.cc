#include "vault/records/subject.h"

namespace madoguchi::vault {

std::string_view name_of(SubjectKind kind) {
  switch (kind) {
    case SubjectKind::kPerson:
      return "person";
    case SubjectKind::kCompany:
      return "company";
  }
  return "";
}

std::string_view name_of(LineHolder holder) {
  switch (holder) {
    case LineHolder::kUnknown:
      return "unknown";
    case LineHolder::kHolder:
      return "holder";
    case LineHolder::kUser:
      return "user";
  }
  return "";
}

}  // namespace madoguchi::vault
