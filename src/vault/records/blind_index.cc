#include "vault/records/blind_index.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "base/keyed.h"

namespace madoguchi::vault {
namespace {

using State = crypto_auth_hmacsha256_state;

// More values of one field than this are marked one by one, but not in compounds.
constexpr std::size_t kMostCombined = 8;

void wipe_state(State& state) {
  sodium_memzero(&state, sizeof state);
}

void add_part(std::string& message, std::string_view part) {
  for (int shift = 24; shift >= 0; shift -= 8) message += static_cast<char>(part.size() >> shift);
  message += part;
}

}  // namespace

BlindIndex::BlindIndex(const OrganisationId& organisation, const VersionedKey& key,
                       const Schema& schema)
    : version_(key.version) {
  for (const FieldSpec& field : schema.fields())
    if (field.indexed) names_.push_back(field.name);
  for (const CompoundSpec& compound : schema.compounds()) names_.push_back(compound.name);
  if (names_.empty()) return;
  states_ = Secret(names_.size() * sizeof(State), [&](std::span<std::uint8_t> into) {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const auto field_key =
          derive_secret(key.key->reveal(), as_bytes(organisation.text()),
                        fmt::format("madoguchi index 1 {} {}", key.version, names_[i]));
      CHECK(field_key.has_value());
      State state;
      crypto_auth_hmacsha256_init(&state, field_key->reveal().data(), field_key->reveal().size());
      std::memcpy(into.data() + i * sizeof state, &state, sizeof state);
      wipe_state(state);
    }
  });
}

std::size_t BlindIndex::place_of(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  CHECK(found != names_.end());
  return static_cast<std::size_t>(found - names_.begin());
}

Mark BlindIndex::mark(std::string_view field, std::string_view form) const {
  State state;
  std::memcpy(&state, states_.reveal().data() + place_of(field) * sizeof state, sizeof state);
  crypto_auth_hmacsha256_update(&state, as_bytes(form).data(), form.size());
  std::array<std::uint8_t, crypto_auth_hmacsha256_BYTES> digest{};
  crypto_auth_hmacsha256_final(&state, digest.data());
  wipe_state(state);
  Mark mark;
  std::memcpy(mark.data(), digest.data(), mark.size());
  return mark;
}

Mark BlindIndex::mark(const CompoundSpec& compound, std::span<const std::string> forms) const {
  std::string message;
  for (const std::string& form : forms) add_part(message, form);
  const Mark made = mark(compound.name, message);
  wipe(message);
  return made;
}

void BlindIndex::marks_of(std::span<const Form> forms, const Schema& schema,
                          std::vector<Mark>& out) const {
  out.clear();
  for (const Form& form : forms)
    if (form.field->indexed) out.push_back(mark(form.field->name, form.form));
  for (const CompoundSpec& compound : schema.compounds()) {
    // Every combination, where a field has several values.
    std::vector<std::vector<std::string>> tuples = {{}};
    for (const std::string& part : compound.fields) {
      std::vector<std::vector<std::string>> longer;
      for (const auto& tuple : tuples)
        for (const Form& form : forms)
          if (form.field->name == part && longer.size() < kMostCombined) {
            longer.push_back(tuple);
            longer.back().push_back(form.form);
          }
      tuples = std::move(longer);
    }
    for (const auto& tuple : tuples) out.push_back(mark(compound, tuple));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
}

}  // namespace madoguchi::vault
