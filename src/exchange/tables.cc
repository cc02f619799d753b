#include "exchange/tables.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "base/check.h"
#include "base/whole_io.h"
#include "exchange/settings.h"

namespace madoguchi::exchange {
namespace {

std::optional<SealPublicKey> key_from(const std::string& bytes) {
  SealPublicKey key{};
  if (bytes.size() != key.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

template <typename Map>
auto* find_in(Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

Result<void> Tables::set_directory(const wire::Directory& directory) {
  const auto sealing_key = key_from(directory.sealing_key());
  if (!sealing_key)
    return fail(ErrorCode::kInvalid, "the vault's sealing key does not have 32 bytes");
  std::unordered_map<std::string, std::string> numbers;
  std::unordered_map<std::string, OrganisationKeys> organisations;
  for (const auto& entry : directory.organisations()) {
    OrganisationKeys keys;
    keys.recording_key_id = RecordingKeyId(entry.recording_key_id());
    keys.recording_key = key_from(entry.recording_key());
    keys.leased = entry.leased();
    organisations.emplace(entry.organisation_id(), std::move(keys));
    for (const auto& number : entry.numbers_called())
      numbers.emplace(normal_number(number, country_), entry.organisation_id());
  }
  sealing_key_ = sealing_key;
  sealing_.reset();
  organisation_of_number_ = std::move(numbers);
  organisations_ = std::move(organisations);
  return {};
}

void Tables::set_desks(const wire::SetDesks& desks) {
  has_desks_ = true;
  desks_.clear();
  desk_of_number_.clear();
  for (const auto& desk : desks.desks()) {
    desks_.emplace(desk.desk_id(), desk);
    for (const auto& number : desk.numbers_called())
      desk_of_number_.emplace(normal_number(number, country_), desk.desk_id());
  }
}

void Tables::set_phones(const wire::SetPhones& phones) {
  phones_.assign(phones.phones().begin(), phones.phones().end());
}

const std::string* Tables::organisation_of(const std::string& number) const {
  return find_in(organisation_of_number_, number);
}

const OrganisationKeys* Tables::keys_of(const std::string& organisation) const {
  return find_in(organisations_, organisation);
}

const wire::DeskPlan* Tables::desk_of(const std::string& number) const {
  const std::string* id = find_in(desk_of_number_, number);
  return id == nullptr ? nullptr : desk(*id);
}

const wire::DeskPlan* Tables::desk(const std::string& desk_id) const {
  return find_in(desks_, desk_id);
}

const wire::Phone* Tables::phone_of_user(std::string_view user) const {
  const auto found = std::find_if(phones_.begin(), phones_.end(),
                                  [&](const wire::Phone& phone) { return phone.user() == user; });
  return found == phones_.end() ? nullptr : &*found;
}

const wire::Phone* Tables::phone_of_operator(const std::string& operator_id) const {
  const auto found = std::find_if(phones_.begin(), phones_.end(), [&](const wire::Phone& phone) {
    return phone.operator_id() == operator_id;
  });
  return found == phones_.end() ? nullptr : &*found;
}

std::string Tables::seal(const Personal<std::string>& number, MonoTime now) const {
  CHECK(sealing_key_.has_value());
  if (!sealing_) sealing_ = std::make_unique<SealingSession>(*sealing_key_);
  return std::string(as_text(sealing_->seal(as_bytes(number.reveal()), now)));
}

std::optional<MonoTime> Tables::forget_old_seals(MonoTime now) const {
  if (!sealing_) return std::nullopt;
  sealing_->forget_old(now);
  return sealing_->ends();
}

Result<void> keep_file(const std::filesystem::path& file, std::string_view bytes) {
  const auto wrong = [&](const char* doing) {
    return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", file.string(), doing));
  };
  const std::filesystem::path fresh = file.string() + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return wrong("cannot be made");
  const bool synced = write_all(fd, as_bytes(bytes)) && ::fsync(fd) == 0;
  ::close(fd);
  if (!synced) return wrong("cannot be written");
  if (std::rename(fresh.c_str(), file.c_str()) != 0) return wrong("cannot be replaced");
  return {};
}

std::optional<std::string> kept_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace madoguchi::exchange
