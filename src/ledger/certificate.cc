#include "ledger/certificate.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/sealing.h"
#include "ledger/entry.h"
#include "ledger/json.h"
#include "ledger/tile.h"

namespace madoguchi::ledger {
namespace {

constexpr std::string_view kFormat = "madoguchi.destruction.1";
constexpr std::size_t kMostEntries = 16;

tl::unexpected<Error> bad(std::string_view why) {
  return fail(ErrorCode::kInvalid, fmt::format("the certificate {}", why));
}

const std::string* text_in(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  return member == nullptr ? nullptr : member->as_text();
}

std::string detail_of(const Entry& entry, const char* name) {
  const auto found = entry.details.find(name);
  if (found == entry.details.end()) return "";
  const auto* text = std::get_if<std::string>(&found->second);
  return text == nullptr ? "" : *text;
}

}  // namespace

std::string certificate_digest(std::string_view body) {
  return to_hex(madoguchi::sha256(as_bytes(body)));
}

Result<std::string> Certificate::text() const {
  auto shown_body = parse_canonical(body, kMostCertificate);
  if (!shown_body) return tl::unexpected<Error>(shown_body.error());
  Json::Array items;
  for (const ProofFile& file : proofs) {
    if (!file.extra) return bad("has a proof that carries no entry");
    auto entry = parse_canonical(as_text(*file.extra), kLongestEntry);
    if (!entry) return tl::unexpected<Error>(entry.error());
    items.push_back(Json::object({{"entry", *std::move(entry)}, {"proof", Json(file.text())}}));
  }
  return canonical(Json::object({{"format", Json(kFormat)},
                                 {"certificate", *std::move(shown_body)},
                                 {"key", Json(key)},
                                 {"size", Json(static_cast<std::int64_t>(size))},
                                 {"entries", Json(std::move(items))}}));
}

Result<Certificate> Certificate::parse(std::string_view text) {
  const auto json = parse_json(text, kMostCertificate);
  if (!json) return tl::unexpected<Error>(json.error());
  const std::string* format = text_in(*json, "format");
  if (format == nullptr || *format != kFormat) return bad(fmt::format("is no {}", kFormat));
  const Json* body = json->find("certificate");
  const std::string* key = text_in(*json, "key");
  const Json* size = json->find("size");
  const Json* entries = json->find("entries");
  if (body == nullptr || body->as_object() == nullptr || key == nullptr || size == nullptr ||
      size->as_integer() == nullptr || *size->as_integer() < 0 || entries == nullptr ||
      entries->as_array() == nullptr || entries->as_array()->size() > kMostEntries)
    return bad("has not all of certificate, key, size and entries");
  Certificate read{canonical(*body), *key, static_cast<std::uint64_t>(*size->as_integer()), {}};
  for (const Json& item : *entries->as_array()) {
    const std::string* proof = text_in(item, "proof");
    const Json* shown = item.find("entry");
    if (proof == nullptr || shown == nullptr) return bad("has an entry without its proof");
    auto file = ProofFile::parse(*proof);
    if (!file) return tl::unexpected<Error>(file.error());
    if (!file->extra || canonical(*shown) != as_text(*file->extra))
      return bad("shows an entry that is not what its proof carries");
    read.proofs.push_back(*std::move(file));
  }
  return read;
}

bool is_certificate(std::string_view text) {
  return text.substr(0, kMostCertificate).find(kFormat) != std::string_view::npos;
}

Result<SignedCheckpoint> verify_certificate(const Certificate& certificate, const VerifierKey& log,
                                            std::span<const VerifierKey> witnesses) {
  const auto body = parse_canonical(certificate.body, kMostCertificate);
  const std::string* destruction = body ? text_in(*body, "destruction") : nullptr;
  const std::string* owner = body ? text_in(*body, "owner") : nullptr;
  if (destruction == nullptr || owner == nullptr) return bad("names no destruction and owner");
  if (!log.name.ends_with("/" + *owner)) return bad("is not about the owner of this log");
  if (certificate.proofs.empty()) return bad("has no entry of the log");
  Result<SignedCheckpoint> checkpoint = bad("has no entry of the log");
  for (const ProofFile& file : certificate.proofs) {
    if (!file.extra) return bad("has a proof that carries no entry");
    auto included = verify_proof_file(file, *file.extra, log, witnesses);
    if (!included) return tl::unexpected<Error>(included.error());
    const auto entry = Entry::parse(as_text(*file.extra));
    if (!entry) return tl::unexpected<Error>(entry.error());
    if (entry->kind != kind::kRetention || detail_of(*entry, "destruction") != *destruction)
      return bad("has an entry about something else");
    const bool last = &file == &certificate.proofs.back();
    if (last && (entry->outcome != "destroyed" ||
                 detail_of(*entry, "certificate_sha256") != certificate_digest(certificate.body)))
      return bad("is not the one whose digest stands in the log");
    checkpoint = std::move(included->checkpoint);
  }
  return checkpoint;
}

}  // namespace madoguchi::ledger
