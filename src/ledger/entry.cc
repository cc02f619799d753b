#include "ledger/entry.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/json.h"
#include "ledger/tile.h"

namespace madoguchi::ledger {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kLongestText = 160;
constexpr std::size_t kMostFields = 256;
constexpr std::string_view kSubjectPurpose = "madoguchi.subject.1";

// Ids, words, digests, E.164 numbers of ours, times, versions: ASCII without spaces or quotes.
bool is_safe(std::string_view text) {
  return !text.empty() && text.size() <= kLongestText &&
         std::all_of(text.begin(), text.end(), [](char letter) {
           return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                  (letter >= '0' && letter <= '9') ||
                  std::string_view("_.:/+=@*#-").find(letter) != std::string_view::npos;
         });
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 40 &&
         std::all_of(text.begin(), text.end(), [](char letter) {
           return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
                  letter == '_';
         });
}

tl::unexpected<Error> bad_member(std::string_view name, std::string_view why) {
  return fail(ErrorCode::kInvalid, fmt::format("entry: \"{}\": {}", name, why));
}

constexpr std::string_view kUnsafe =
    "is no id or word (A-Z a-z 0-9 _ . : / + = @ * # -, at most 160 characters)";

Mac commit(const Mac& salt, std::string_view subject_id) {
  std::string message(kSubjectPurpose);
  message += '\0';
  message += subject_id;
  return hmac_sha256(salt, as_bytes(message));
}

template <std::size_t kSize>
bool read_bytes(const Json& object, std::string_view name, std::array<std::uint8_t, kSize>& into) {
  const Json* member = object.find(name);
  const std::string* text = member != nullptr ? member->as_text() : nullptr;
  const auto bytes = text != nullptr ? from_base64(*text) : std::nullopt;
  if (!bytes || bytes->size() != kSize) return false;
  std::copy(bytes->begin(), bytes->end(), into.begin());
  return true;
}

// The plain members, by the name they have in the JSON.
struct TextMember {
  std::string_view name;
  std::string Entry::*member;
};
constexpr TextMember kTextMembers[] = {
    {"call", &Entry::call},
    {"case", &Entry::case_id},
    {"desk", &Entry::desk},
    {"kind", &Entry::kind},
    {"operator", &Entry::operator_id},
    {"organisation", &Entry::organisation},
    {"outcome", &Entry::outcome},
    {"purpose", &Entry::purpose},
    {"ticket", &Entry::ticket},
};

Result<Json> details_of(const std::map<std::string, Entry::Value>& details) {
  Json::Object members;
  for (const auto& [name, value] : details) {
    if (!is_word(name)) return bad_member("details", "a name there is no word of a-z 0-9 _");
    if (const auto* text = std::get_if<std::string>(&value)) {
      if (!is_safe(*text)) return bad_member(name, kUnsafe);
      members.emplace_back(name, Json(*text));
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
      if (*number > kMostInteger || *number < -kMostInteger)
        return bad_member(name, "is beyond 2^53 - 1");
      members.emplace_back(name, Json(*number));
    } else {
      members.emplace_back(name, Json(std::get<bool>(value)));
    }
  }
  return Json::object(std::move(members));
}

Result<Json> fields_of(const std::vector<std::string>& fields) {
  if (fields.size() > kMostFields) return bad_member("fields", "too many");
  Json::Array names;
  for (const std::string& field : fields) {
    if (!is_safe(field)) return bad_member("fields", kUnsafe);
    names.emplace_back(field);
  }
  return Json(std::move(names));
}

Result<void> read_details(const Json& object, Entry& entry) {
  const Json::Object* members = object.as_object();
  if (members == nullptr) return bad_member("details", "is no object");
  for (const auto& [name, value] : *members) {
    if (const auto* text = value.as_text())
      entry.details[name] = *text;
    else if (const auto* number = value.as_integer())
      entry.details[name] = *number;
    else if (const auto* flag = value.as_bool())
      entry.details[name] = *flag;
    else
      return bad_member(name, "is neither text, integer nor truth value");
  }
  return {};
}

Result<void> read_nested(const Json& object, Entry& entry) {
  if (const Json* mandate = object.find("mandate")) {
    const Json* id = mandate->find("id");
    const Json* version = mandate->find("version");
    if (id == nullptr || id->as_text() == nullptr || version == nullptr ||
        version->as_integer() == nullptr)
      return bad_member("mandate", "has no id and version");
    entry.mandate = MandateRef{*id->as_text(), *version->as_integer()};
  }
  if (const Json* subject = object.find("subject")) {
    SubjectCommitment read;
    if (!read_bytes(*subject, "nonce", read.nonce) ||
        !read_bytes(*subject, "commitment", read.commitment))
      return bad_member("subject", "has no nonce and commitment");
    entry.subject = read;
  }
  if (const Json* fields = object.find("fields")) {
    if (fields->as_array() == nullptr) return bad_member("fields", "is no array");
    for (const Json& field : *fields->as_array()) {
      if (field.as_text() == nullptr) return bad_member("fields", "holds something else than text");
      entry.fields.push_back(*field.as_text());
    }
  }
  if (const Json* details = object.find("details")) return read_details(*details, entry);
  return {};
}

}  // namespace

Mac entry_salt(ByteView salt_key, const Nonce& nonce) {
  return hmac_sha256(salt_key, nonce);
}

SubjectCommitment SubjectCommitment::make(ByteView salt_key, std::string_view subject_id,
                                          Entropy& entropy) {
  SubjectCommitment made;
  entropy.fill(made.nonce.data(), made.nonce.size());
  made.commitment = commit(entry_salt(salt_key, made.nonce), subject_id);
  return made;
}

bool SubjectCommitment::is_about(ByteView salt_key, std::string_view subject_id) const {
  return opens_with(entry_salt(salt_key, nonce), subject_id);
}

bool SubjectCommitment::opens_with(const Mac& salt, std::string_view subject_id) const {
  return equal_in_constant_time(commit(salt, subject_id), commitment);
}

Result<std::string> Entry::text() const {
  Json::Object members;
  members.emplace_back("v", Json(kVersion));
  members.emplace_back("time", Json(format_utc(time)));
  if (!is_word(kind)) return bad_member("kind", "is no word of a-z 0-9 _");
  for (const TextMember& one : kTextMembers) {
    const std::string& value = this->*one.member;
    if (value.empty()) continue;
    if (!is_safe(value)) return bad_member(one.name, kUnsafe);
    members.emplace_back(one.name, Json(value));
  }
  if (mandate) {
    if (!is_safe(mandate->id)) return bad_member("mandate", kUnsafe);
    if (mandate->version < 0 || mandate->version > kMostInteger)
      return bad_member("mandate", "its version is out of range");
    members.emplace_back(
        "mandate", Json::object({{"id", Json(mandate->id)}, {"version", Json(mandate->version)}}));
  }
  if (subject)
    members.emplace_back(
        "subject", Json::object({{"commitment", Json(madoguchi::to_base64(subject->commitment))},
                                 {"nonce", Json(madoguchi::to_base64(subject->nonce))}}));
  if (!fields.empty()) {
    auto names = fields_of(fields);
    if (!names) return tl::unexpected<Error>(names.error());
    members.emplace_back("fields", std::move(*names));
  }
  if (!details.empty()) {
    auto extra = details_of(details);
    if (!extra) return tl::unexpected<Error>(extra.error());
    members.emplace_back("details", std::move(*extra));
  }
  std::string written = canonical(Json::object(std::move(members)));
  if (written.size() > kLongestEntry)
    return fail(ErrorCode::kInvalid,
                fmt::format("entry: {} bytes, at most {}", written.size(), kLongestEntry));
  return written;
}

Result<Entry> Entry::parse(std::string_view text) {
  const auto object = parse_canonical(text, kLongestEntry);
  if (!object) return fail(ErrorCode::kInvalid, "entry: " + object.error().message);
  const Json* version = object->find("v");
  if (version == nullptr || version->as_integer() == nullptr || *version->as_integer() != kVersion)
    return bad_member("v", "must be 1");
  Entry entry;
  for (const TextMember& one : kTextMembers)
    if (const Json* member = object->find(one.name)) {
      if (member->as_text() == nullptr) return bad_member(one.name, "is no text");
      entry.*one.member = *member->as_text();
    }
  const Json* time = object->find("time");
  const auto parsed = time != nullptr && time->as_text() != nullptr
                          ? parse_utc(*time->as_text())
                          : Result<Time>(fail(ErrorCode::kInvalid, ""));
  if (!parsed) return bad_member("time", "is no time in UTC");
  entry.time = *parsed;
  if (auto nested = read_nested(*object, entry); !nested)
    return tl::unexpected<Error>(nested.error());
  const auto again = entry.text();
  if (!again) return tl::unexpected<Error>(again.error());
  if (*again != text)
    return fail(ErrorCode::kInvalid, "entry: has members that version 1 does not know");
  return entry;
}

// No text of an entry holds a quote, so these bytes stand for the member and nothing else.
std::optional<SubjectCommitment> subject_of(std::string_view entry) {
  constexpr std::string_view kBegins = R"("subject":{"commitment":")";
  constexpr std::string_view kBetween = R"(","nonce":")";
  constexpr std::size_t kCommitment = 44;
  constexpr std::size_t kNonce = 24;
  const auto at = entry.find(kBegins);
  if (at == std::string_view::npos) return std::nullopt;
  entry.remove_prefix(at + kBegins.size());
  if (entry.size() < kCommitment + kBetween.size() + kNonce ||
      entry.substr(kCommitment, kBetween.size()) != kBetween)
    return std::nullopt;
  const auto commitment = from_base64(entry.substr(0, kCommitment));
  const auto nonce = from_base64(entry.substr(kCommitment + kBetween.size(), kNonce));
  SubjectCommitment found;
  if (!commitment || commitment->size() != found.commitment.size() || !nonce ||
      nonce->size() != found.nonce.size())
    return std::nullopt;
  std::copy(commitment->begin(), commitment->end(), found.commitment.begin());
  std::copy(nonce->begin(), nonce->end(), found.nonce.begin());
  return found;
}

namespace {

// Empty: it is of our form.
std::string_view lacks(const std::vector<RawMember>& members) {
  bool has_version = false;
  bool has_kind = false;
  bool has_time = false;
  for (const RawMember& member : members) {
    const char begins = member.value.front();
    if (member.name == "v")
      has_version = begins >= '1' && begins <= '9' &&
                    member.value.find_first_not_of("0123456789") == std::string_view::npos;
    else if (member.name == "kind")
      has_kind = begins == '"';
    else if (member.name == "time")
      has_time = begins == '"';
  }
  if (!has_version) return "has no version \"v\"";
  if (!has_kind) return "has no \"kind\"";
  return has_time ? "" : "has no \"time\"";
}

}  // namespace

Result<EntryForm> form_of(std::string_view text) {
  const auto members = canonical_members(text, kLongestEntry);
  if (!members) return tl::unexpected<Error>(members.error());
  return lacks(*members).empty() ? EntryForm::kOurs : EntryForm::kForeign;
}

Result<void> check_entry(std::string_view text) {
  const auto members = canonical_members(text, kLongestEntry);
  if (!members) return tl::unexpected<Error>(members.error());
  if (const auto missing = lacks(*members); !missing.empty())
    return fail(ErrorCode::kInvalid, std::string(missing));
  return {};
}

}  // namespace madoguchi::ledger
