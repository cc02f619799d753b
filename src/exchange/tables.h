// What the exchange knows by heart, so that it receives calls while centre and vault are down: the
// vault's directory (numbers, organisations, keys), the centre's desk plans and phones. Loop
// thread; kept on disk by TableFiles as the messages they came in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/id.h"
#include "base/personal.h"
#include "base/result.h"
#include "base/sealing.h"
#include "exchange.pb.h"
#include "exchange/media/media_types.h"
#include "vault.pb.h"

namespace madoguchi::exchange {

struct OrganisationKeys {
  RecordingKeyId recording_key_id;
  std::optional<SealPublicKey> recording_key;
  bool leased = false;  // the vault wants to know whose legs are in its calls
};

class Tables {
 public:
  explicit Tables(std::string country) : country_(std::move(country)) {}

  // kInvalid: a key of the wrong size; nothing is changed then.
  Result<void> set_directory(const wire::Directory& directory);
  void set_desks(const wire::SetDesks& desks);
  void set_phones(const wire::SetPhones& phones);

  [[nodiscard]] bool has_directory() const { return sealing_key_.has_value(); }
  // Some centre has told its desks at some time: a number that is not among them is nobody's.
  [[nodiscard]] bool has_desks() const { return has_desks_; }
  // The organisation that the vault bound this number to; `number` in normal form.
  [[nodiscard]] const std::string* organisation_of(const std::string& number) const;
  [[nodiscard]] const OrganisationKeys* keys_of(const std::string& organisation) const;
  [[nodiscard]] const wire::DeskPlan* desk_of(const std::string& number) const;
  [[nodiscard]] const wire::DeskPlan* desk(const std::string& desk_id) const;
  [[nodiscard]] const wire::Phone* phone_of_user(std::string_view user) const;
  [[nodiscard]] const wire::Phone* phone_of_operator(const std::string& operator_id) const;
  [[nodiscard]] const std::vector<wire::Phone>& phones() const { return phones_; }
  [[nodiscard]] const std::string& country() const { return country_; }

  // Sealed to the vault. CHECKs has_directory().
  [[nodiscard]] std::string seal(const Personal<std::string>& number, MonoTime now) const;
  // Forgets what the last seals shared, once it is old; when it will be.
  std::optional<MonoTime> forget_old_seals(MonoTime now) const;

 private:
  const std::string country_;
  std::optional<SealPublicKey> sealing_key_;
  mutable std::unique_ptr<SealingSession> sealing_;  // to sealing_key_; only saves work
  std::unordered_map<std::string, std::string> organisation_of_number_;
  std::unordered_map<std::string, OrganisationKeys> organisations_;
  std::unordered_map<std::string, wire::DeskPlan> desks_;
  std::unordered_map<std::string, std::string> desk_of_number_;
  std::vector<wire::Phone> phones_;
  bool has_desks_ = false;
};

// A message kept in a file: replaced whole, synced before the old one goes. Blocking; not for the
// loop thread once it runs.
Result<void> keep_file(const std::filesystem::path& file, std::string_view bytes);
std::optional<std::string> kept_file(const std::filesystem::path& file);

}  // namespace madoguchi::exchange
