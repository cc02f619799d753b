#include "app/mandate_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/admin_stub.h"
#include "app/centre_client.h"
#include "app/command_family.h"
#include "base/time.h"
#include "mandates.grpc.pb.h"
#include "vault.grpc.pb.h"

namespace madoguchi::app {
namespace {

namespace pb = madoguchi::wire;
using nlohmann::json;

struct Words {
  std::filesystem::path data = "madoguchi-data";
  bool as_json = false;
  std::string id;
  std::string file;
  std::filesystem::path out;
  std::string name;
  std::string organisation;
  std::string role = "operator";
  std::string phone_user;
  bool at_vault = false;
};

Result<std::string> read_text(const std::string& file) {
  std::stringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
  } else {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail(ErrorCode::kInvalid, fmt::format("{}: cannot be read", file));
    text << in.rdbuf();
  }
  return text.str();
}

// ---- mandates

Result<void> draft(const Words& words) {
  const auto text = read_text(words.file);
  if (!text) return tl::unexpected<Error>(text.error());
  const auto stub = stub_in<pb::VaultForAdmin>(words.data);
  if (!stub) return tl::unexpected<Error>(stub.error());
  grpc::ClientContext context;
  pb::DraftMandateRequest request;
  request.set_json(*text);
  pb::DraftMandateReply reply;
  if (auto asked = answered((*stub)->DraftMandate(&context, request, &reply)); !asked) return asked;
  if (!reply.error().empty()) return fail(ErrorCode::kInvalid, "mandate draft: " + reply.error());
  if (words.as_json)
    fmt::print("{}\n", json{{"id", reply.mandate_id()}, {"version", reply.version()}}.dump());
  else
    fmt::print("{} version {} waits for its owners to sign it at the vault\n", reply.mandate_id(),
               reply.version());
  return {};
}

Result<pb::ListMandatesReply> mandates_at(const Words& words) {
  const auto stub = stub_in<pb::VaultMandatesForAdmin>(words.data);
  if (!stub) return tl::unexpected<Error>(stub.error());
  grpc::ClientContext context;
  pb::ListMandatesReply reply;
  if (auto asked = answered((*stub)->ListMandates(&context, {}, &reply)); !asked)
    return tl::unexpected<Error>(asked.error());
  return reply;
}

json json_of(const pb::MandateListed& one) {
  json owners = json::array();
  for (const pb::MandateOwner& owner : one.owners())
    owners.push_back({{"owner", owner.owner()},
                      {"state", owner.state()},
                      {"signed_version", owner.signed_version()},
                      {"signed_by", owner.signed_by()},
                      {"signed_at", owner.signed_version() == 0
                                        ? json(nullptr)
                                        : json(format_utc(time_from_micros(owner.signed_us())))},
                      {"retention_state", owner.retention_state()}});
  return {{"mandate", json::parse(one.json(), nullptr, false)}, {"owners", std::move(owners)}};
}

std::string joined(const json& texts) {
  std::string out;
  for (const json& one : texts) out += (out.empty() ? "" : " ") + one.get<std::string>();
  return out;
}

void print(const json& one) {
  const json& mandate = one["mandate"];
  const std::string parent = mandate["parent"];
  fmt::print("{:<20} version {}  to {}{}  desks {}\n", mandate["id"].get<std::string>(),
             mandate["version"].get<int>(), mandate["to"].get<std::string>(),
             parent.empty() ? "" : "  passed on from " + parent, joined(mandate["desks"]));
  fmt::print("  from {} until {}, kept until {}, then {}\n", mandate["begins"].get<std::string>(),
             mandate["ends"].get<std::string>(), mandate["retention"].get<std::string>(),
             mandate["at_end"].get<std::string>());
  for (const json& owner : one["owners"])
    fmt::print("  owner {}: {}{}{}\n", owner["owner"].get<std::string>(),
               owner["state"].get<std::string>(),
               owner["signed_version"] == 0 ? ""
                                            : fmt::format(", version {} signed by {} at {}",
                                                          owner["signed_version"].get<int>(),
                                                          owner["signed_by"].get<std::string>(),
                                                          owner["signed_at"].get<std::string>()),
               owner["retention_state"] == ""
                   ? ""
                   : fmt::format(", data {}", owner["retention_state"].get<std::string>()));
}

Result<void> list(const Words& words) {
  const auto reply = mandates_at(words);
  if (!reply) return tl::unexpected<Error>(reply.error());
  for (const pb::MandateListed& one : reply->mandates()) {
    const json shown = json_of(one);
    if (!words.id.empty() && shown["mandate"]["id"] != words.id) continue;
    if (words.as_json)
      fmt::print("{}\n", shown.dump());
    else
      print(shown);
  }
  return {};
}

// As a file that `mandate draft` takes again, as the next version once "version" is one more.
Result<void> show(const Words& words) {
  const auto reply = mandates_at(words);
  if (!reply) return tl::unexpected<Error>(reply.error());
  for (const pb::MandateListed& one : reply->mandates()) {
    const json mandate = json::parse(one.json(), nullptr, false);
    if (mandate["id"] != words.id) continue;
    fmt::print("{}\n", mandate.dump(words.as_json ? -1 : 2));
    return {};
  }
  return fail(
      ErrorCode::kNotFound,
      fmt::format("no mandate is called {} (`madoguchi mandate list` shows them)", words.id));
}

// ---- certificates

Result<void> destructions(const Words& words) {
  const auto stub = stub_in<pb::VaultMandatesForAdmin>(words.data);
  if (!stub) return tl::unexpected<Error>(stub.error());
  grpc::ClientContext context;
  pb::ListDestructionsReply reply;
  if (auto asked = answered((*stub)->ListDestructions(&context, {}, &reply)); !asked) return asked;
  for (const pb::DestructionListed& one : reply.destructions()) {
    const json body = json::parse(one.certificate_json(), nullptr, false);
    if (words.as_json)
      fmt::print("{}\n", json{{"destruction", one.destruction_id()},
                              {"owner", one.owner()},
                              {"done", one.done()},
                              {"certificate", body}}
                             .dump());
    else
      fmt::print("{}  {}  {} keys  {}\n", one.destruction_id(), one.owner(), body.value("keys", 0),
                 one.done() ? body.value("done_at", "") : "going on");
  }
  return {};
}

Result<void> certificate(const Words& words) {
  const auto stub = stub_in<pb::VaultMandatesForAdmin>(words.data);
  if (!stub) return tl::unexpected<Error>(stub.error());
  grpc::ClientContext context;
  pb::ReadCertificateRequest request;
  request.set_destruction_id(words.id);
  pb::ReadCertificateReply reply;
  if (auto asked = answered((*stub)->ReadCertificate(&context, request, &reply)); !asked)
    return asked;
  if (!reply.error().empty())
    return fail(ErrorCode::kNotFound, "mandate certificate: " + reply.error());
  if (words.out.empty()) {
    fmt::print("{}\n", reply.json());
    return {};
  }
  std::ofstream out(words.out, std::ios::binary);
  out << reply.json() << '\n';
  out.close();
  if (!out)
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: cannot be written; is there room?", words.out.string()));
  if (!words.as_json) fmt::print("{}\n", words.out.string());
  return {};
}

// ---- where staff belong

// The vault's id of a person: of an owner's people the name itself, since they have no account at
// the centre.
Result<std::string> operator_named(const Words& words) {
  if (words.at_vault || words.role == "owner") return words.name;
  const auto centre = ProcessAccess::of_deployment(words.data, "centre");
  if (!centre) return tl::unexpected<Error>(centre.error());
  const auto accounts = list_at_centre(*centre, "/accounts", who_asks());
  if (!accounts) return tl::unexpected<Error>(accounts.error());
  for (const std::string& text : *accounts) {
    const json one = json::parse(text, nullptr, false);
    if (one["name"] == words.name && one["operator_id"].is_string())
      return one["operator_id"].get<std::string>();
  }
  return fail(ErrorCode::kNotFound,
              fmt::format("nobody who answers calls is called {} (`madoguchi staff list` shows "
                          "them; --at-vault takes the vault's own id)",
                          words.name));
}

Result<void> place(const Words& words) {
  const auto who = operator_named(words);
  if (!who) return tl::unexpected<Error>(who.error());
  const auto stub = stub_in<pb::VaultForAdmin>(words.data);
  if (!stub) return tl::unexpected<Error>(stub.error());
  grpc::ClientContext context;
  pb::SetStaffPlaceRequest request;
  request.set_operator_id(*who);
  request.set_organisation_id(words.organisation);
  request.set_role(words.role);
  request.set_phone_user(words.phone_user);
  pb::SetStaffPlaceReply reply;
  if (auto asked = answered((*stub)->SetStaffPlace(&context, request, &reply)); !asked)
    return asked;
  if (!reply.error().empty()) return fail(ErrorCode::kInvalid, "staff place: " + reply.error());
  if (words.as_json)
    fmt::print(
        "{}\n",
        json{{"operator_id", *who}, {"organisation_id", words.organisation}, {"role", words.role}}
            .dump());
  else
    fmt::print("{} belongs to {} as {}\n", words.name, words.organisation, words.role);
  return {};
}

}  // namespace

void add_mandates(CLI::App& app, Chosen& chosen) {
  const auto words = std::make_shared<Words>();
  CLI::App* mandates =
      family(app, "mandate", "Mandates: who may open whose people, for what, until when", words);
  member(mandates, "draft", "Give the vault a mandate, or its next version, for the owners to sign",
         chosen, words, draft)
      ->add_option("FILE", words->file, "JSON, as `mandate show` prints it; - reads stdin")
      ->required();
  member(mandates, "list", "All there are, and how they stand for each owner", chosen, words, list)
      ->add_option("ID", words->id, "Only this one");
  member(mandates, "show", "The newest version of one, as JSON", chosen, words, show)
      ->add_option("ID", words->id, "Its id")
      ->required();
  member(mandates, "destructions", "What was destroyed at the end of mandates", chosen, words,
         destructions);
  CLI::App* proof = member(mandates, "certificate",
                           "The certificate of a destruction, with the log's proofs "
                           "(`madoguchi verify --proof` checks it)",
                           chosen, words, certificate);
  proof->add_option("DESTRUCTION", words->id, "Its id")->required();
  proof->add_option("--out", words->out, "File to write; stdout");

  CLI::App* staff = app.get_subcommand("staff");
  CLI::App* placed = staff->add_subcommand(
      "place", "To which organisation a person belongs at the vault, and in which role there");
  placed->fallthrough();  // --data is the family's
  placed->add_flag("--json", words->as_json, "JSON, one line each");
  placed->callback([&chosen, words, staff] {
    words->data = staff->get_option("--data")->as<std::filesystem::path>();
    chosen = [words] { return place(*words); };
  });
  placed->add_option("NAME", words->name, "What one signs in with")->required();
  placed->add_option("--organisation", words->organisation, "Its id")->required();
  placed->add_option("--role", words->role, "operator, supervisor or owner")
      ->check(CLI::IsMember({"operator", "supervisor", "owner"}))
      ->capture_default_str();
  placed->add_option("--phone-user", words->phone_user,
                     "SIP user of this person's telephone; none: browser only");
  placed->add_flag("--at-vault", words->at_vault, "NAME is the vault's own id of a person");
}

}  // namespace madoguchi::app
