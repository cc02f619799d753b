#include "app/release_number.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/admin_stub.h"
#include "app/administration.h"
#include "app/centre_client.h"
#include "base/sealing.h"
#include "base/time.h"
#include "upkeep.grpc.pb.h"
#include "vault/core/numbering.h"

namespace madoguchi::app {
namespace {

namespace pb = madoguchi::wire;
using nlohmann::json;

std::string canonical(const std::string& number) {
  return vault::NumberingPlan::japanese().canonical(number, SystemClock().now());
}

Result<void> nobody_uses(const ProcessAccess& centre, const std::string& number) {
  const std::string wanted = canonical(number);
  const auto desks = list_at_centre(centre, "/desks", who_asks());
  if (!desks) return tl::unexpected<Error>(desks.error());
  for (const std::string& text : *desks) {
    const json desk = json::parse(text, nullptr, false);
    for (const json& one : desk.value("numbers", json::array()))
      if (one.is_string() && canonical(one.get<std::string>()) == wanted)
        return fail(ErrorCode::kConflict,
                    fmt::format("desk {} is reached by {}: take it from the desk first "
                                "(`madoguchi desk add` with its other numbers)",
                                desk.value("id", ""), number));
    if (canonical(desk.value("shown_number", "")) == wanted)
      return fail(ErrorCode::kConflict,
                  fmt::format("desk {} shows {} when it rings back: give it another first "
                              "(`madoguchi desk add` with --shown-number)",
                              desk.value("id", ""), number));
  }
  const auto calls = list_at_centre(centre, "/calls", who_asks(), {{"live", "true"}});
  if (!calls) return tl::unexpected<Error>(calls.error());
  for (const std::string& text : *calls) {
    const json call = json::parse(text, nullptr, false);
    if (canonical(call.value("number_called", "")) == wanted)
      return fail(ErrorCode::kConflict,
                  fmt::format("call {} came to {} and is up: try again when it is over",
                              call.value("id", ""), number));
  }
  return {};
}

}  // namespace

Result<std::string> release_number(const std::filesystem::path& data, const std::string& number,
                                   const std::string& to) {
  const auto centre = ProcessAccess::of_deployment(data, "centre");
  if (!centre) return tl::unexpected<Error>(centre.error());
  if (auto idle = nobody_uses(*centre, number); !idle) return tl::unexpected<Error>(idle.error());
  const auto stub = stub_in<pb::VaultUpkeepForAdmin>(data);
  if (!stub) return tl::unexpected<Error>(stub.error());
  pb::ReleaseNumberRequest request;
  request.set_number_called(number);
  request.set_to_organisation_id(to);
  request.set_asked_by(who_asks());
  grpc::ClientContext context;
  pb::ReleaseNumberReply reply;
  if (auto done = answered((*stub)->ReleaseNumber(&context, request, &reply)); !done)
    return tl::unexpected<Error>(done.error());
  if (!reply.error().empty()) return fail(ErrorCode::kInvalid, reply.error());
  return reply.organisation_id();
}

}  // namespace madoguchi::app
