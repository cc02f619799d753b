#include "app/upkeep_command.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/admin_stub.h"
#include "app/command_family.h"
#include "base/sealing.h"
#include "base/time.h"
#include "upkeep.grpc.pb.h"
#include "vault/core/token_session.h"

namespace madoguchi::app {
namespace {

namespace pb = madoguchi::wire;
using nlohmann::json;

struct Words {
  std::filesystem::path data = "madoguchi-data";
  bool as_json = false;
  std::string organisation;
  std::string name;
  std::string label_ja;
  std::string label_en;
  std::string kind = "text";
  bool searchable = false;
  bool unmasked = false;
  bool repeats = false;
  bool master = false;
  std::filesystem::path config;  // the vault's settings; empty: those in `data`
  std::string token_key;
  TokenOf token_of;
};

using Stub = pb::VaultUpkeepForAdmin::Stub;

template <typename Request, typename Reply>
using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Reply*);

// One question and its answer, which may say what is wrong.
template <typename Request, typename Reply>
Result<Reply> heard(const Words& words, const Request& request, Method<Request, Reply> method) {
  const auto stub = stub_in<pb::VaultUpkeepForAdmin>(words.data);
  if (!stub) return tl::unexpected<Error>(stub.error());
  grpc::ClientContext context;
  Reply reply;
  if (auto done = answered(((**stub).*method)(&context, request, &reply)); !done)
    return tl::unexpected<Error>(done.error());
  return reply;
}
template <typename Request, typename Reply>
Result<Reply> ask(const Words& words, const Request& request, Method<Request, Reply> method) {
  auto reply = heard(words, request, method);
  if (reply && !reply->error().empty()) return fail(ErrorCode::kInvalid, reply->error());
  return reply;
}

// ---- the master key

Result<vault::TokenPlace> place_of(const Words& words) {
  return words.token_of(words.config.empty() ? words.data / "vault.toml" : words.config);
}

enum class Asking { kToKnow, kToChange };

Result<pb::ReadMasterKeyReply> where_it_is(const Words& words, Asking asking) {
  pb::ReadMasterKeyRequest request;
  request.set_to_change(asking == Asking::kToChange);
  return heard(words, request, &Stub::ReadMasterKey);
}

// While it is there no other command of this machine changes the token's keys, and none of another
// machine that began before it.
struct TokenChange {
  vault::TokenPlace place;
  std::unique_ptr<vault::TokenSession> token;
  pb::ReadMasterKeyReply where;
};

Result<TokenChange> change_token(const Words& words) {
  TokenChange change;
  auto place = place_of(words);
  if (!place) return tl::unexpected<Error>(place.error());
  change.place = *std::move(place);
  ::prctl(PR_SET_DUMPABLE, 0);
  auto token = vault::TokenSession::open(change.place, vault::TokenSession::Access::kChange);
  if (!token) return tl::unexpected<Error>(token.error());
  change.token = *std::move(token);
  auto where = where_it_is(words, Asking::kToChange);
  if (!where) return tl::unexpected<Error>(where.error());
  change.where = *std::move(where);
  if (change.where.key().empty())
    return fail(ErrorCode::kUnavailable, "the master key is being replaced; try again");
  return change;
}

// What the keys of the name give, sealed to the vault: it alone reads them.
Result<pb::RotateMasterKeyRequest> request_with(const TokenChange& change,
                                                const std::string& fresh) {
  SealPublicKey to{};
  if (change.where.sealing_key().size() != to.size())
    return fail(ErrorCode::kCorrupt, "the vault's answer has no key to seal to");
  std::ranges::copy(as_bytes(change.where.sealing_key()), to.begin());
  const auto secrets = change.token->secrets();
  if (!secrets) return tl::unexpected<Error>(secrets.error());
  if (secrets->back().key != fresh ||
      std::ranges::count(*secrets, fresh, &vault::TokenSecret::key) != 1)
    return fail(ErrorCode::kConflict,
                fmt::format("token.key: somebody else makes a key of token \"{}\" as well right "
                            "now; nothing was replaced, try later",
                            change.place.label));
  if (secrets->back().secret.empty())
    return fail(ErrorCode::kUnavailable,
                fmt::format("token.key: key \"{}\", made now, gives nothing", fresh));
  pb::RotateMasterKeyRequest request;
  request.set_asked_by(who_asks());
  request.set_leave(change.where.leave());
  for (const vault::TokenSecret& one : *secrets) {
    if (one.secret.empty()) continue;
    pb::TokenKey& key = *request.add_token_keys();
    key.set_key(one.key);
    key.set_sealed_secret(std::string(as_text(seal(one.secret.reveal(), to))));
  }
  return request;
}

// A key that the vault does not hang on goes again; where nobody knows, it stays. Only the vault
// knows: an error says nothing about it. Gives what there is to add to one.
std::string end_of_fresh(const Words& words, const TokenChange& change, const std::string& fresh) {
  const auto where = where_it_is(words, Asking::kToKnow);
  if (!where || where->key().empty())
    return fmt::format(
        "; whether the vault hangs on key \"{}\" of token \"{}\" now its log says "
        "when it starts",
        fresh, change.place.label);
  if (where->key() == fresh)
    return fmt::format("; the vault hangs on key \"{}\" of token \"{}\" all the same", fresh,
                       change.place.label);
  const auto gone = change.token->take_back();
  return gone ? "" : fmt::format("; {}", gone.error().message);
}

// The vault, confined, does not reach the token itself.
Result<void> rotate_in_token(const Words& words) {
  const auto change = change_token(words);
  if (!change) return tl::unexpected<Error>(change.error());
  const auto fresh = change->token->next_key();
  if (!fresh) return tl::unexpected<Error>(fresh.error());
  if (auto made = change->token->make_key(*fresh); !made) return made;
  const auto with_its_end = [&](const Error& error) {
    return fail(error.code, error.message + end_of_fresh(words, *change, *fresh));
  };
  const auto request = request_with(*change, *fresh);
  if (!request) return with_its_end(request.error());
  const auto reply = heard(words, *request, &Stub::RotateMasterKey);
  if (!reply)
    return fail(reply.error().code,
                fmt::format("{}; whether the vault hangs on key \"{}\" of token \"{}\" now its log "
                            "says when it starts",
                            reply.error().message, *fresh, change->place.label));
  if (!reply->error().empty()) return with_its_end({ErrorCode::kInvalid, reply->error()});
  if (words.as_json)
    fmt::print(
        "{}\n",
        json{{"keys", reply->keys()}, {"key", *fresh}, {"before", reply->key_before()}}.dump());
  else
    fmt::print(
        "{} keys hang on key \"{}\" of token \"{}\" now. Key \"{}\" opens backups of the database "
        "from before: once there are none, destroy it with `madoguchi keys destroy {}`\n",
        reply->keys(), *fresh, change->place.label, reply->key_before(), reply->key_before());
  return {};
}

Result<void> rotate_master(const Words& words) {
  const auto where = where_it_is(words, Asking::kToKnow);
  if (!where) return tl::unexpected<Error>(where.error());
  if (where->in_token()) return rotate_in_token(words);
  pb::RotateMasterKeyRequest request;
  request.set_asked_by(who_asks());
  const auto reply = ask(words, request, &Stub::RotateMasterKey);
  if (!reply) return tl::unexpected<Error>(reply.error());
  if (words.as_json)
    fmt::print("{}\n", json{{"keys", reply->keys()}}.dump());
  else
    fmt::print(
        "{} keys hang on a new master key now; back its file up, and keep copies of the old one as "
        "long as backups of the database from before, and no longer\n",
        reply->keys());
  return {};
}

Result<void> destroy(const Words& words) {
  const auto where = where_it_is(words, Asking::kToKnow);
  if (!where) return tl::unexpected<Error>(where.error());
  if (!where->in_token())
    return fail(ErrorCode::kInvalid, "the vault's master key is in a file, not in a token");
  const auto change = change_token(words);
  if (!change) return tl::unexpected<Error>(change.error());
  const std::string& in_use = change->where.key();
  if (in_use == words.token_key)
    return fail(ErrorCode::kInvalid,
                fmt::format("the vault hangs on key \"{}\": without it all its data is noise; "
                            "`madoguchi keys rotate --master` puts another in its place",
                            words.token_key));
  const auto ours = change->token->keys();
  if (!ours) return tl::unexpected<Error>(ours.error());
  if (std::find(ours->begin(), ours->end(), words.token_key) == ours->end())
    return fail(ErrorCode::kNotFound,
                fmt::format("token \"{}\" has no key \"{}\" of the name \"{}\"",
                            change->place.label, words.token_key, change->place.key));
  if (auto gone = change->token->destroy_key(words.token_key); !gone) return gone;
  if (!words.as_json)
    fmt::print("key \"{}\" of token \"{}\" is destroyed; the vault hangs on \"{}\"\n",
               words.token_key, change->place.label, in_use);
  return {};
}

// ---- keys

Result<void> rotate(const Words& words) {
  if (words.master == !words.organisation.empty())
    return fail(ErrorCode::kInvalid, "keys rotate: name an organisation, or --master");
  if (words.master) return rotate_master(words);
  pb::RotateKeysRequest request;
  request.set_organisation_id(words.organisation);
  request.set_asked_by(who_asks());
  const auto reply = ask(words, request, &Stub::RotateKeys);
  if (!reply) return tl::unexpected<Error>(reply.error());
  if (words.as_json)
    fmt::print("{}\n",
               json{{"organisation", words.organisation}, {"version", reply->version()}}.dump());
  else
    fmt::print(
        "{} gets key version {}; the vault wraps its people's keys again as it goes on "
        "(`madoguchi keys status`)\n",
        words.organisation, reply->version());
  return {};
}

Result<void> status(const Words& words) {
  const auto reply = ask(words, pb::ListKeysRequest(), &Stub::ListKeys);
  if (!reply) return tl::unexpected<Error>(reply.error());
  for (const pb::KeysListed& one : reply->keys()) {
    if (words.as_json) {
      fmt::print("{}\n", json{{"organisation", one.organisation_id()},
                              {"version", one.version()},
                              {"search_version", one.search_version()},
                              {"rotating", one.rotating()},
                              {"stage", one.stage()},
                              {"at", one.at()},
                              {"of", one.of()}}
                             .dump());
      continue;
    }
    fmt::print("{:<20} version {}, of search marks {}", one.organisation_id(), one.version(),
               one.search_version());
    if (one.rotating())
      fmt::print("  rotating since {}: {}", format_utc(time_from_micros(one.begun_us())),
                 one.stage() == "import"
                     ? "waits until an import is done or withdrawn"
                     : fmt::format("{}, at {} of {}", one.stage(),
                                   one.at() == 0 ? one.of() : one.at(), one.of()));
    fmt::print("\n");
  }
  return {};
}

// ---- schema

Result<void> add_field(const Words& words) {
  pb::AddFieldRequest request;
  request.set_organisation_id(words.organisation);
  request.set_asked_by(who_asks());
  pb::RecordField& field = *request.mutable_field();
  field.set_name(words.name);
  field.set_label_ja(words.label_ja);
  field.set_label_en(words.label_en);
  field.set_kind(words.kind);
  field.set_searchable(words.searchable);
  field.set_masked(!words.unmasked);
  field.set_repeats(words.repeats);
  const auto reply = ask(words, request, &Stub::AddField);
  if (!reply) return tl::unexpected<Error>(reply.error());
  if (!words.as_json)
    fmt::print("{}: {} ({}, {}) is a field of its records now\n", words.organisation, words.name,
               words.label_ja, words.label_en);
  return {};
}

Result<void> list_fields(const Words& words) {
  pb::ListFieldsRequest request;
  request.set_organisation_id(words.organisation);
  const auto reply = ask(words, request, &Stub::ListFields);
  if (!reply) return tl::unexpected<Error>(reply.error());
  for (const pb::RecordField& one : reply->fields())
    if (words.as_json)
      fmt::print("{}\n", json{{"name", one.name()},
                              {"ja", one.label_ja()},
                              {"en", one.label_en()},
                              {"kind", one.kind()},
                              {"searchable", one.searchable()},
                              {"masked", one.masked()},
                              {"repeats", one.repeats()},
                              {"own", one.own()}}
                             .dump());
    else
      fmt::print("{:<20} {}  {}  {}{}{}{}\n", one.name(), one.label_ja(), one.label_en(),
                 one.kind(), one.searchable() ? "  searchable" : "",
                 one.masked() ? "" : "  not masked", one.own() ? "  own" : "");
  return {};
}

}  // namespace

void add_upkeep(CLI::App& app, Chosen& chosen, TokenOf token_of) {
  const auto words = std::make_shared<Words>();  // lives as long as CLI11's callbacks
  words->token_of = std::move(token_of);
  const auto organisation = [&](CLI::App* command) {
    command->add_option("organisation", words->organisation, "Its id")->required();
    return command;
  };
  CLI::App* keys = family(app, "keys", "Keys that the records of a client hang on", words);
  CLI::App* rotating = member(
      keys, "rotate", "A new key, for a client or for the whole vault, while everything goes on",
      chosen, words, rotate);
  rotating->add_option("organisation", words->organisation, "Its id");
  rotating->add_flag("--master", words->master, "The master key, in its file or its token");
  CLI::App* destroying =
      member(keys, "destroy", "A key of the vault's token that it does not hang on any more",
             chosen, words, destroy);
  destroying->add_option("key", words->token_key, "Its label")->required();
  for (CLI::App* one : {rotating, destroying})
    one->add_option("--config", words->config, "The vault's settings [vault.toml in --data]")
        ->check(CLI::ExistingFile);
  member(keys, "status", "Each client's key, and how far a rotation is", chosen, words, status);
  CLI::App* schema = family(app, "schema", "Which fields a client's records have", words);
  organisation(member(schema, "list", "All fields", chosen, words, list_fields));
  CLI::App* add = organisation(
      member(schema, "add", "A field of the client's own; it stays", chosen, words, add_field));
  add->add_option("name", words->name, "a-z, 0-9 and _")->required();
  add->add_option("--ja", words->label_ja, "Label in Japanese")->required();
  add->add_option("--en", words->label_en, "Label in English")->required();
  add->add_option("--kind", words->kind,
                  "text, name, kana, date, postal_code, address, telephone, mail or identifier")
      ->capture_default_str();
  add->add_flag("--searchable", words->searchable, "People are found by its exact value");
  add->add_flag("--unmasked", words->unmasked, "Shown before it is opened: no personal data");
  add->add_flag("--repeats", words->repeats, "Several values a person");
}

}  // namespace madoguchi::app
