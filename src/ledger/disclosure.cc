#include "ledger/disclosure.h"

#include <fmt/format.h>

#include "ledger/json.h"
#include "ledger/tile.h"

namespace madoguchi::ledger {
namespace {

constexpr std::string_view kFormat = "madoguchi.looked.1";

tl::unexpected<Error> bad(std::string_view member, std::string_view why) {
  return fail(ErrorCode::kInvalid, fmt::format("the file's \"{}\" {}", member, why));
}
tl::unexpected<Error> bad_entry(std::size_t number, std::string_view why) {
  return fail(ErrorCode::kInvalid, fmt::format("entry {} of the file: {}", number + 1, why));
}

Result<std::string> text_of(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  if (member == nullptr || member->as_text() == nullptr) return bad(name, "is no text");
  return *member->as_text();
}

Result<ProofFile> proof_of(const Json& item, std::size_t number) {
  const Json* proof = item.find("proof");
  const Json* shown = item.find("entry");
  if (proof == nullptr || proof->as_text() == nullptr || shown == nullptr)
    return bad_entry(number, "has no \"entry\" and \"proof\"");
  auto file = ProofFile::parse(*proof->as_text());
  if (!file) return bad_entry(number, file.error().message);
  if (!file->extra) return bad_entry(number, "its proof carries no entry");
  if (canonical(*shown) != as_text(*file->extra))
    return bad_entry(number, "what it shows is not what its proof carries");
  return file;
}

}  // namespace

Result<std::string> Disclosure::text() const {
  Json::Array items;
  for (std::size_t i = 0; i < proofs.size(); ++i) {
    if (!proofs[i].extra) return bad_entry(i, "its proof carries no entry");
    auto shown = parse_canonical(as_text(*proofs[i].extra), kLongestEntry);
    if (!shown) return bad_entry(i, shown.error().message);
    items.push_back(
        Json::object({{"entry", *std::move(shown)}, {"proof", Json(proofs[i].text())}}));
  }
  return canonical(Json::object({{"format", Json(kFormat)},
                                 {"made_at", Json(format_utc(made_at))},
                                 {"made_by", Json(made_by)},
                                 {"owner", Json(owner)},
                                 {"subject", Json(subject)},
                                 {"salt_key", Json(madoguchi::to_base64(salt_key))},
                                 {"key", Json(key)},
                                 {"size", Json(static_cast<std::int64_t>(size))},
                                 {"entries", Json(std::move(items))}}));
}

Result<Disclosure> Disclosure::parse(std::string_view text) {
  const auto json = parse_json(text, kMostDisclosure);
  if (!json) return tl::unexpected<Error>(json.error());
  const auto format = text_of(*json, "format");
  if (!format) return tl::unexpected<Error>(format.error());
  if (*format != kFormat) return bad("format", fmt::format("must be {}", kFormat));
  Disclosure read;
  const auto made = text_of(*json, "made_at");
  const auto at = made ? parse_utc(*made) : Result<Time>(tl::unexpected<Error>(made.error()));
  if (!at) return bad("made_at", "is no time in UTC");
  read.made_at = *at;
  for (const auto& [name, into] :
       {std::pair{"made_by", &read.made_by}, std::pair{"owner", &read.owner},
        std::pair{"subject", &read.subject}, std::pair{"key", &read.key}}) {
    auto value = text_of(*json, name);
    if (!value) return tl::unexpected<Error>(value.error());
    *into = *std::move(value);
  }
  const auto salt = text_of(*json, "salt_key");
  const auto bytes = salt ? from_base64(*salt) : std::nullopt;
  if (!bytes || bytes->size() != read.salt_key.size()) return bad("salt_key", "is no key");
  std::copy(bytes->begin(), bytes->end(), read.salt_key.begin());
  const Json* size = json->find("size");
  if (size == nullptr || size->as_integer() == nullptr || *size->as_integer() < 0)
    return bad("size", "is no number of entries");
  read.size = static_cast<std::uint64_t>(*size->as_integer());
  const Json* entries = json->find("entries");
  if (entries == nullptr || entries->as_array() == nullptr) return bad("entries", "is no list");
  if (entries->as_array()->size() > kMostDisclosed)
    return bad("entries", fmt::format("has more than {}", kMostDisclosed));
  for (const Json& item : *entries->as_array()) {
    auto proof = proof_of(item, read.proofs.size());
    if (!proof) return tl::unexpected<Error>(proof.error());
    read.proofs.push_back(*std::move(proof));
  }
  return read;
}

bool is_disclosure(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

namespace {

// The log's name ends in its owner's id. A key or owner of another log than was asked for is no
// slip: the file would say one client's name over another's entries.
Result<void> is_of_log(const Disclosure& disclosure, const VerifierKey& log) {
  if (!log.name.ends_with("/" + disclosure.owner))
    return bad("owner",
               fmt::format("is {}, and the key is of the log {}", disclosure.owner, log.name));
  if (disclosure.key != log.text()) return bad("key", "is another one than the key given");
  return {};
}

}  // namespace

Result<ProvenDisclosure> verify_disclosure(const Disclosure& disclosure, const VerifierKey& log,
                                           std::span<const VerifierKey> witnesses) {
  if (auto its = is_of_log(disclosure, log); !its) return tl::unexpected<Error>(its.error());
  if (disclosure.proofs.empty())
    return bad("entries",
               "is empty: nothing shows that its salt key was ever used in this log (a file as the "
               "vault makes it holds at least the enquiry before it)");
  ProvenDisclosure proven;
  for (std::size_t i = 0; i < disclosure.proofs.size(); ++i) {
    const ProofFile& file = disclosure.proofs[i];
    if (!file.extra) return bad_entry(i, "its proof carries no entry");
    auto included = verify_proof_file(file, *file.extra, log, witnesses);
    if (!included) return bad_entry(i, included.error().message);
    if (included->checkpoint.checkpoint.size != disclosure.size)
      return bad_entry(i, fmt::format("its proof is for {} entries, the file for {}",
                                      included->checkpoint.checkpoint.size, disclosure.size));
    if (i > 0 && included->index <= proven.entries.back().first)
      return bad_entry(i, "is there twice, or not in order");
    const auto entry = Entry::parse(as_text(*file.extra));
    if (!entry) return bad_entry(i, entry.error().message);
    if (!entry->subject || !entry->subject->is_about(disclosure.salt_key, disclosure.subject))
      return bad_entry(i, "is not about this person");
    if (i == 0) proven.checkpoint = std::move(included->checkpoint);
    proven.entries.emplace_back(included->index, std::string(as_text(*file.extra)));
  }
  return proven;
}

}  // namespace madoguchi::ledger
