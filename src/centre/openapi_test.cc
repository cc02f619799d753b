// Holds docs/openapi.yaml against the code, both ways: paths and methods against the route table,
// and the shapes of real answers against the schemas, in which every member is listed.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "centre/api.h"
#include "centre/core_fixture.h"

namespace madoguchi::centre {
namespace {

const YAML::Node& document() {
  static const YAML::Node loaded = YAML::LoadFile("docs/openapi.yaml");
  return loaded;
}

YAML::Node resolved(YAML::Node node) {
  while (node["$ref"]) {
    const auto path = node["$ref"].as<std::string>();
    YAML::Node at = YAML::Clone(document());
    std::size_t begin = 2;  // after "#/"
    while (begin < path.size()) {
      const auto end = std::min(path.find('/', begin), path.size());
      at.reset(at[path.substr(begin, end - begin)]);
      begin = end + 1;
    }
    node.reset(at);
  }
  return node;
}

// One line for the first breach; empty when `value` has the shape of `schema`.
std::string breach(const json& value, const YAML::Node& given, const std::string& where) {
  const YAML::Node schema = resolved(given);
  if (value.is_null())
    return schema["nullable"] && schema["nullable"].as<bool>() ? "" : where + " is null";
  const auto type = schema["type"].as<std::string>();
  const bool right =
      (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
      (type == "string" && value.is_string()) || (type == "integer" && value.is_number_integer()) ||
      (type == "boolean" && value.is_boolean());
  if (!right) return where + " is no " + type + ": " + value.dump();
  if (schema["enum"]) {
    bool known = false;
    for (const auto& one : schema["enum"])
      known = known || (!one.IsNull() && one.as<std::string>() == value.get<std::string>());
    if (!known) return where + " has a value that is not listed: " + value.dump();
  }
  if (type == "array") {
    for (const json& item : value)
      if (const auto found = breach(item, schema["items"], where + "[]"); !found.empty())
        return found;
  }
  if (type != "object") return "";
  for (const auto& name : schema["required"])
    if (!value.contains(name.as<std::string>())) return where + " lacks " + name.as<std::string>();
  for (const auto& [name, member] : value.items()) {
    if (!schema["properties"][name]) return where + "." + name + " is not documented";
    const auto found = breach(member, schema["properties"][name], where + "." + name);
    if (!found.empty()) return found;
  }
  return "";
}

std::string breach_of(const std::string& method, const std::string& path,
                      const Browser::Answer& answer) {
  const YAML::Node operation = document()["paths"][path][method];
  if (!operation) return method + " " + path + " is not documented";
  const YAML::Node listed = operation["responses"][std::to_string(answer.status)];
  const std::string where = method + " " + path + " " + std::to_string(answer.status);
  if (!listed) return where + " is not documented: " + answer.body;
  const YAML::Node response = resolved(listed);
  if (!response["content"])
    return answer.status == 204 && !answer.body.empty() ? where + " has a body" : "";
  const YAML::Node content = response["content"]["application/json"];
  if (!content) return "";
  return breach(answer.parsed(), content["schema"], where);
}

TEST(OpenApi, DescribesExactlyTheRoutesThatAreServed) {
  std::set<std::string> served, described;
  for (const auto& operation : Api::operations()) {
    std::string method(web::name_of(operation.method));
    std::transform(method.begin(), method.end(), method.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    served.insert(method + " " + operation.path + " " + operation.id);
  }
  for (const auto& path : document()["paths"])
    for (const auto& method : path.second)
      described.insert(method.first.as<std::string>() + " " + path.first.as<std::string>() + " " +
                       method.second["operationId"].as<std::string>());
  EXPECT_EQ(served, described);
}

TEST(OpenApi, SaysWhichOperationsNeedNoSignIn) {
  for (const auto& operation : Api::operations()) {
    std::string method(web::name_of(operation.method));
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    const YAML::Node node = document()["paths"][operation.path][method];
    EXPECT_EQ(node["security"].IsDefined(), operation.roles == Api::kAnybody) << operation.id;
  }
}

// Who asks what: the path as it is documented, and as it is asked.
struct Case {
  const Browser& who;
  const char* method;
  const char* path;   // as documented
  std::string asked;  // as asked
  std::string body = "";
};

std::vector<Case> setup_cases(const Browser& hana, const Browser& suzu, const Browser& admin) {
  return {
      {hana, "get", "/session", "/session"},
      {hana, "get", "/choices", "/choices"},
      {admin, "get", "/accounts", "/accounts"},
      {admin, "post", "/accounts", "/accounts",
       R"({"name":"ken","display_name":"健","role":"operator","password":"long enough",)"
       R"("groups":["g"]})"},
      {admin, "post", "/accounts", "/accounts", R"({"name":"ken"})"},
      {admin, "put", "/accounts/{account}", "/accounts/hana", R"({"display_name":"花"})"},
      {hana, "get", "/accounts", "/accounts"},
      {admin, "get", "/counters", "/counters"},
      {suzu, "get", "/counters", "/counters"},
      {suzu, "get", "/organisations", "/organisations"},
      {hana, "get", "/organisations", "/organisations"},
      {admin, "put", "/organisations/{organisation}", "/organisations/mori",
       R"({"name":"森の銀行"})"},
      {admin, "put", "/organisations/{organisation}", "/organisations/mori", R"({"name":""})"},
      {admin, "put", "/groups/{group}", "/groups/night", R"({"name":"夜間"})"},
      {suzu, "put", "/groups/{group}", "/groups/night", R"({"name":"夜間"})"},
      {admin, "put", "/desks/{desk}", "/desks/night",
       R"({"name":"夜間窓口","organisation_id":"shop","group_id":"g","numbers":["+81399999999"],)"
       R"("hours":["mon-fri 18:00-23:00","holidays closed"],"greeting":"こんばんは"})"},
      {admin, "put", "/desks/{desk}", "/desks/night", R"({"numbers":["+81312345678"]})"},
  };
}

std::vector<Case> floor_cases(const Browser& hana, const Browser& suzu) {
  return {
      {hana, "get", "/operators", "/operators?limit=1"},
      {hana, "get", "/operators/{operator}", "/operators/me"},
      {hana, "get", "/operators/{operator}", "/operators/nobody"},
      {suzu, "put", "/operators/{operator}/state", "/operators/suzu/state",
       R"({"state":"away","reason":"meal"})"},
      {hana, "get", "/seat", "/seat"},
      {suzu, "post", "/seat", "/seat", R"({"sdp_offer":"v=0 x"})"},
      {suzu, "post", "/seat", "/seat", R"({"sdp_offer":"rubbish"})"},
      {hana, "get", "/calls", "/calls?live=true"},
      {suzu, "get", "/calls", "/calls"},
      {suzu, "get", "/calls", "/calls?limit=1000"},
      {suzu, "get", "/calls.json", "/calls.json"},
      {hana, "get", "/calls.json", "/calls.json"},
      {suzu, "get", "/calls.csv", "/calls.csv?encoding=cp932"},
      {suzu, "get", "/calls.csv", "/calls.csv?encoding=latin1"},
      {hana, "get", "/calls/{call}", "/calls/C1"},
      {hana, "get", "/calls/{call}", "/calls/none"},
      {hana, "post", "/calls/{call}/mute", "/calls/C1/mute"},
      {hana, "post", "/calls/{call}/mute", "/calls/C9/mute"},
      {hana, "post", "/calls/{call}/transfer", "/calls/C1/transfer", R"({})"},
      {hana, "post", "/calls/{call}/consult", "/calls/C1/consult", R"({"operator_id":"suzu"})"},
      {hana, "post", "/calls/{call}/promise", "/calls/C1/promise", R"({"reason":"sunshine"})"},
      {hana, "post", "/calls/{call}/promise", "/calls/C1/promise",
       R"({"reason":"caller_asked","at":"2001-01-01T00:00:00Z"})"},
      {hana, "post", "/calls/{call}/promise", "/calls/C1/promise", R"({"reason":"caller_asked"})"},
      {hana, "post", "/calls/{call}/extend_wrap_up", "/calls/C1/extend_wrap_up"},
      {hana, "get", "/promises", "/promises"},
      {suzu, "get", "/promises", "/promises?state=all"},
      {hana, "get", "/promises/{promise}", "/promises/none"},
      {hana, "post", "/promises/{promise}/take", "/promises/none/take"},
      {hana, "get", "/desks", "/desks"},
      {hana, "get", "/desks/{desk}", "/desks/sakura"},
      {suzu, "put", "/desks/{desk}/prompts", "/desks/sakura/prompts", R"({"waiting":""})"},
      {suzu, "put", "/desks/{desk}/prompts", "/desks/sakura/prompts", R"({"waiting":"no"})"},
      {hana, "get", "/groups", "/groups"},
      {hana, "get", "/prompts", "/prompts"},
      {suzu, "delete", "/prompts/{prompt}", "/prompts/none"},
      {hana, "get", "/balance", "/balance"},
      {hana, "get", "/balance", "/balance?day=yesterday"},
      {hana, "post", "/demo/ring-me", "/demo/ring-me", "{}"},
      {hana, "get", "/status", "/status"},
      {hana, "get", "/openapi.yaml", "/openapi.yaml"},
      {hana, "delete", "/seat", "/seat"},
      {hana, "post", "/session/password", "/session/password",
       R"({"old_password":"wrong wrong","new_password":"another long one"})"},
      {hana, "delete", "/session", "/session"},
      {hana, "get", "/session", "/session"},
  };
}

TEST_F(CoreTest, EveryAnswerHasItsDocumentedShape) {
  const Browser hana = signed_in("hana");
  const Browser suzu = signed_in("suzu");
  const Browser admin = signed_in("admin");
  wait_attached(hana);
  ready(hana);
  call_arrives("C1");
  talk(hana, "C1");

  std::vector<Case> cases = setup_cases(hana, suzu, admin);
  std::ranges::copy(floor_cases(hana, suzu), std::back_inserter(cases));
  for (const Case& one : cases) {
    std::string method(one.method);
    for (char& c : method) c = static_cast<char>(std::toupper(c));
    const auto answer = one.who.ask(method, one.asked, one.body);
    EXPECT_EQ(breach_of(one.method, one.path, answer), "") << one.asked;
  }
}

TEST_F(CoreTest, EventsHaveTheShapesOfTheApi) {
  const Browser suzu = signed_in("suzu");
  wait_attached(suzu);
  const auto events = suzu.events();
  const json snapshot = json::parse(events->hear_frame());
  const YAML::Node schemas = document()["components"]["schemas"];
  const auto check = [&](const json& value, const char* schema) {
    EXPECT_EQ(breach(value, schemas[schema], schema), "");
  };
  check(snapshot.at("session"), "Session");
  check(snapshot.at("balance"), "Balance");
  check(snapshot.at("status"), "Status");
  for (const json& one : snapshot.at("desks")) check(one, "Desk");
  for (const json& one : snapshot.at("groups")) check(one, "Group");
  for (const json& one : snapshot.at("operators")) check(one, "Operator");
  call_arrives("C1");
  std::set<std::string> seen;
  while (!seen.contains("call") || !seen.contains("balance")) {
    const std::string text = events->hear_frame();
    ASSERT_FALSE(text.empty());
    const json message = json::parse(text);
    const std::string type = message.at("type");
    seen.insert(type);
    if (type == "call") check(message.at("call"), "Call");
    if (type == "balance") check(message.at("balance"), "Balance");
    if (type == "group") check(message.at("group"), "Group");
    if (type == "desk") check(message.at("desk"), "Desk");
  }
}

}  // namespace
}  // namespace madoguchi::centre
