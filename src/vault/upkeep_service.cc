#include "vault/upkeep_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/utf8.h"
#include "ledger/entry.h"
#include "vault/access/places.h"
#include "vault/directory.h"
#include "vault/records/sealed_record.h"
#include "vault/rpc.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kRole = "admin";
constexpr std::string_view kSchemaKind = "schema";
constexpr std::array kKinds{FieldKind::kText,      FieldKind::kName,       FieldKind::kKana,
                            FieldKind::kDate,      FieldKind::kPostalCode, FieldKind::kAddress,
                            FieldKind::kTelephone, FieldKind::kMail,       FieldKind::kIdentifier};

Masking masking_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::kName:
    case FieldKind::kKana:
      return Masking::kInitial;
    case FieldKind::kDate:
      return Masking::kYear;
    case FieldKind::kTelephone:
      return Masking::kTelephone;
    case FieldKind::kMail:
      return Masking::kMail;
    case FieldKind::kIdentifier:
      return Masking::kTail;
    case FieldKind::kText:
    case FieldKind::kPostalCode:
    case FieldKind::kAddress:
      return Masking::kWhole;
  }
  return Masking::kWhole;
}

Result<FieldSpec> field_of(const wire::RecordField& asked) {
  const auto kind = std::find_if(kKinds.begin(), kKinds.end(),
                                 [&](FieldKind one) { return name_of(one) == asked.kind(); });
  if (kind == kKinds.end()) {
    std::string all;
    for (const FieldKind one : kKinds)
      all += fmt::format("{}{}", all.empty() ? "" : ", ", name_of(one));
    return fail(ErrorCode::kInvalid, fmt::format("kind: {} is none of {}", asked.kind(), all));
  }
  if (asked.label_ja().empty() || asked.label_en().empty())
    return fail(ErrorCode::kInvalid, "a field has a label in Japanese and one in English");
  if (asked.name() == kProvenanceName)
    return fail(ErrorCode::kInvalid, fmt::format("{}: every record has that", asked.name()));
  for (const std::string& label : {asked.label_ja(), asked.label_en()})
    if (!is_clean_utf8(label) || label.find_first_of("\t\n\r") != std::string::npos)
      return fail(ErrorCode::kInvalid, "a label is one line of text");
  FieldSpec field;
  field.name = asked.name();
  field.kind = *kind;
  field.masking = asked.masked() ? masking_of(*kind) : Masking::kNone;
  field.indexed = asked.searchable();
  field.repeats = asked.repeats();
  field.label_ja = asked.label_ja();
  field.label_en = asked.label_en();
  return field;
}

// A column that could be read as either would be a guess.
Result<void> check_labels(const Schema& schema, const FieldSpec& field) {
  for (const FieldSpec& known : schema.fields())
    for (const std::string& label : {field.name, field.label_ja, field.label_en})
      if (label == known.name || label == known.label_ja || label == known.label_en ||
          std::find(known.headers.begin(), known.headers.end(), label) != known.headers.end())
        return fail(ErrorCode::kConflict,
                    fmt::format("{}: columns of that name are {} already", label, known.name));
  return {};
}

}  // namespace

Result<OrganisationId> UpkeepService::known(const std::string& id) const {
  return parts_.registry.known(id);
}

grpc::Status UpkeepService::RotateKeys(grpc::ServerContext* context,
                                       const wire::RotateKeysRequest* request,
                                       wire::RotateKeysReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto organisation = known(request->organisation_id());
  const auto begun = organisation
                         ? parts_.rotations.begin(*organisation, request->asked_by())
                         : Result<std::uint32_t>(tl::unexpected<Error>(organisation.error()));
  if (!begun) {
    reply->set_error(begun.error().message);
    return grpc::Status::OK;
  }
  reply->set_version(*begun);
  parts_.clock_of_rotations.wake();
  return grpc::Status::OK;
}

grpc::Status UpkeepService::ReadMasterKey(grpc::ServerContext* context,
                                          const wire::ReadMasterKeyRequest* request,
                                          wire::ReadMasterKeyReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  reply->set_in_token(parts_.master.is_in_token());
  if (request->to_change()) {
    const MasterRotation::Leave given = parts_.master.leave_to_change();
    reply->set_leave(given.leave);
    reply->set_key(given.token_key);
  } else {
    reply->set_key(parts_.master.token_key());
  }
  const SealPublicKey& key = parts_.registry.directory()->sealing_key();
  reply->set_sealing_key(key.data(), key.size());
  return grpc::Status::OK;
}

Result<MasterRotation::Replaced> UpkeepService::rotate_master(
    const wire::RotateMasterKeyRequest& request) {
  if (request.token_keys().empty()) return parts_.master.rotate(request.asked_by());
  if (static_cast<std::size_t>(request.token_keys_size()) > kMostTokenKeys)
    return fail(ErrorCode::kInvalid, "a token has at most 16 keys of one name");
  std::vector<TokenSecret> secrets;
  const auto directory = parts_.registry.directory();
  for (const wire::TokenKey& one : request.token_keys()) {
    auto secret = directory->open_secret(as_bytes(one.sealed_secret()));
    if (!secret) return tl::unexpected<Error>(secret.error());
    secrets.push_back({one.key(), *std::move(secret)});
  }
  return parts_.master.rotate_in_token(secrets, request.leave(), request.asked_by());
}

grpc::Status UpkeepService::RotateMasterKey(grpc::ServerContext* context,
                                            const wire::RotateMasterKeyRequest* request,
                                            wire::RotateMasterKeyReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto replaced = rotate_master(*request);
  if (replaced) {
    reply->set_keys(replaced->keys);
    reply->set_key_before(replaced->before);
  } else {
    reply->set_error(replaced.error().message);
  }
  return grpc::Status::OK;
}

grpc::Status UpkeepService::ListKeys(grpc::ServerContext* context, const wire::ListKeysRequest*,
                                     wire::ListKeysReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto all = parts_.rotations.all();
  if (!all) {
    reply->set_error(all.error().message);
    return grpc::Status::OK;
  }
  for (const Rotations::Standing& standing : *all) {
    wire::KeysListed& one = *reply->add_keys();
    one.set_organisation_id(standing.organisation.text());
    one.set_version(standing.keys.version);
    one.set_search_version(standing.keys.index_version);
    one.set_rotating(standing.under_way);
    if (!standing.under_way) continue;
    one.set_stage(standing.stage);
    one.set_at(standing.stage == "marks" ? standing.keys.index_at : standing.keys.at);
    one.set_of(standing.keys.of);
    one.set_begun_us(to_micros(standing.begun));
  }
  return grpc::Status::OK;
}

// The entry comes first: whatever then fails, the same command does it again.
Result<void> UpkeepService::add_field(const wire::AddFieldRequest& request) {
  const auto organisation = known(request.organisation_id());
  if (!organisation) return tl::unexpected<Error>(organisation.error());
  auto field = field_of(request.field());
  if (!field) return tl::unexpected<Error>(field.error());
  const std::lock_guard lock(mutex_);
  const auto schema = parts_.records.schema(*organisation);
  if (!schema) return tl::unexpected<Error>(schema.error());
  if (auto extended = (*schema)->with(*field); !extended)
    return tl::unexpected<Error>(extended.error());
  if (auto clear = check_labels(**schema, *field); !clear) return clear;
  ledger::Entry entry;
  entry.time = parts_.clock.now();
  entry.kind = std::string(kSchemaKind);
  entry.organisation = organisation->text();
  entry.fields = {field->name};
  entry.outcome = "added";
  entry.details = {{"field_kind", std::string(name_of(field->kind))},
                   {"searchable", field->indexed},
                   {"masked", request.field().masked()}};
  auto text = entry.text();
  if (!text) return tl::unexpected<Error>(text.error());
  Act act;
  act.journal.push_back({"field_added",
                         {{"organisation", organisation->text()},
                          {"field", field->name},
                          {"asked_by", request.asked_by()}}});
  act.entries.push_back({organisation->text(), *std::move(text)});
  if (auto kept = parts_.store.commit(entry.time, act); !kept) return kept;
  return parts_.records.put_field(*organisation, *std::move(field));
}

grpc::Status UpkeepService::AddField(grpc::ServerContext* context,
                                     const wire::AddFieldRequest* request,
                                     wire::AddFieldReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  if (auto added = add_field(*request); !added) reply->set_error(added.error().message);
  return grpc::Status::OK;
}

grpc::Status UpkeepService::ListFields(grpc::ServerContext* context,
                                       const wire::ListFieldsRequest* request,
                                       wire::ListFieldsReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto organisation = known(request->organisation_id());
  const auto schema =
      organisation
          ? parts_.records.schema(*organisation)
          : Result<std::shared_ptr<const Schema>>(tl::unexpected<Error>(organisation.error()));
  if (!schema) {
    reply->set_error(schema.error().message);
    return grpc::Status::OK;
  }
  for (const FieldSpec& field : (*schema)->fields()) {
    wire::RecordField& one = *reply->add_fields();
    one.set_name(field.name);
    one.set_label_ja(field.label_ja);
    one.set_label_en(field.label_en);
    one.set_kind(std::string(name_of(field.kind)));
    one.set_searchable(field.indexed);
    one.set_masked(field.masking != Masking::kNone);
    one.set_repeats(field.repeats);
    one.set_own(field.number >= kFirstOwnField);
  }
  return grpc::Status::OK;
}

grpc::Status UpkeepService::ReleaseNumber(grpc::ServerContext* context,
                                          const wire::ReleaseNumberRequest* request,
                                          wire::ReleaseNumberReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto to = request->to_organisation_id().empty() ? Result<OrganisationId>(OrganisationId())
                                                        : known(request->to_organisation_id());
  const auto has_owner = [this](const OrganisationId& id) {
    return parts_.authority.has_owner(id);
  };
  const auto was = to ? parts_.registry.release_number(request->number_called(), *to,
                                                       request->asked_by(), has_owner)
                      : to;
  if (!was && was.error().code == ErrorCode::kDenied) {
    parts_.refusals.note({"number",
                          "not_given_free",
                          std::string(kRole),
                          parts_.registry.owner_of_number(request->number_called()),
                          administrator(),
                          {},
                          {}});
    return status_of(was.error());
  }
  if (was)
    reply->set_organisation_id(was->text());
  else
    reply->set_error(was.error().message);
  return grpc::Status::OK;
}

}  // namespace madoguchi::vault
