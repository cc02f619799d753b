#include "app/centre_client.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/admin_stub.h"
#include "centre.grpc.pb.h"

namespace madoguchi::app {
namespace {

namespace pb = madoguchi::wire;
using nlohmann::json;

constexpr int kAnswerWithinS = 35;  // the centre's own limit, and a little

ErrorCode code_of(std::uint32_t status) {
  switch (status) {
    case 400:
    case 413:
      return ErrorCode::kInvalid;
    case 403:
      return ErrorCode::kDenied;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return ErrorCode::kConflict;
    case 429:
      return ErrorCode::kExhausted;
    case 503:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kInternal;
  }
}

}  // namespace

Result<std::string> ask_centre(const ProcessAccess& centre, const ApiAsk& ask,
                               const std::string& asked_by) {
  const auto stub = stub_of<pb::CentreForAdmin>(centre, "centre");
  if (!stub) return tl::unexpected<Error>(stub.error());
  grpc::ClientContext context;
  context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                    gpr_time_from_seconds(kAnswerWithinS, GPR_TIMESPAN)));
  pb::AdminAsk asked;
  asked.set_method(ask.method);
  asked.set_path(ask.path);
  for (const auto& [name, value] : ask.query) (*asked.mutable_query())[name] = value;
  asked.set_body(ask.body);
  asked.set_asked_by(asked_by);
  pb::AdminAnswer answer;
  const grpc::Status status = (*stub)->Ask(&context, asked, &answer);
  if (!status.ok()) {
    const bool away = status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                      status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    return fail(ErrorCode::kUnavailable,
                away ? "the centre does not answer; is it running, and does its centre.toml say "
                       "[rpc] listen = \"unix:run/centre.sock\"?"
                     : "the centre refused: " + status.error_message());
  }
  if (answer.status() < 300) return answer.body();
  const json said = json::parse(answer.body(), nullptr, false);
  const std::string message =
      said.is_object() ? said.value("message", "") : fmt::format("answer {}", answer.status());
  return fail(code_of(answer.status()), message);
}

Result<std::vector<std::string>> list_at_centre(const ProcessAccess& centre,
                                                const std::string& path,
                                                const std::string& asked_by,
                                                const std::map<std::string, std::string>& query) {
  std::vector<std::string> items;
  ApiAsk ask{"GET", path, query, {}};
  ask.query["limit"] = "200";
  for (;;) {
    const auto answer = ask_centre(centre, ask, asked_by);
    if (!answer) return tl::unexpected<Error>(answer.error());
    const json page = json::parse(*answer, nullptr, false);
    if (!page.is_object() || !page.contains("items") || !page.contains("next"))
      return fail(ErrorCode::kCorrupt, "the centre's answer is no list");
    for (const json& item : page["items"]) items.push_back(item.dump());
    if (!page["next"].is_string()) return items;
    ask.query["after"] = page["next"].get<std::string>();
  }
}

}  // namespace madoguchi::app
