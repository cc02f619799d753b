// Marks for exact search: HMAC-SHA256 of a value's normal form under a key of its organisation,
// field and version, cut to 128 bits. Equal values of one field give equal marks; marks of other
// fields, organisations and versions have nothing to do with them, and without the key a mark says
// nothing. The prepared keys stay in guarded memory. Immutable: any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/secret.h"
#include "vault/records/organisation_keys.h"
#include "vault/records/record_store.h"
#include "vault/records/schema.h"

namespace madoguchi::vault {

class BlindIndex {
 public:
  BlindIndex(const OrganisationId& organisation, const VersionedKey& key, const Schema& schema);

  [[nodiscard]] std::uint32_t version() const { return version_; }

  // `field` is indexed, or a compound's name; nothing else is asked for.
  [[nodiscard]] Mark mark(std::string_view field, std::string_view form) const;
  // The parts in the compound's order.
  [[nodiscard]] Mark mark(const CompoundSpec& compound, std::span<const std::string> forms) const;

  // All marks of one subject: `forms` are (field, normal form) of its values.
  struct Form {
    const FieldSpec* field = nullptr;
    std::string form;
  };
  void marks_of(std::span<const Form> forms, const Schema& schema, std::vector<Mark>& out) const;

 private:
  [[nodiscard]] std::size_t place_of(std::string_view name) const;

  std::uint32_t version_ = 0;
  std::vector<std::string> names_;
  Secret states_;  // one prepared HMAC state for each of names_
};

}  // namespace madoguchi::vault
