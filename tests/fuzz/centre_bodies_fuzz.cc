// Bodies as anybody signed in may send them to the centre: desks in JSON and sounds. A refusal must
// be JSON itself, whatever it quotes; a desk that was taken is kept and read again as it was.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/bytes.h"
#include "centre/desk_input.h"
#include "centre/sound.h"
#include "web/http.h"

namespace {

using namespace madoguchi;
using namespace madoguchi::centre;

void must(bool holds) {
  if (!holds) std::abort();
}

FloorParts floor_of_one() {
  FloorParts floor;
  floor.organisations[OrganisationId("bank")] = {OrganisationId("bank"), "銀行"};
  floor.groups[GroupId("g")] = {GroupId("g"), "組"};
  return floor;
}

void read_desk_body(std::string_view body) {
  static const FloorParts floor = floor_of_one();
  DeskPart desk;
  desk.routing.id = DeskId("d");
  JsonInput input(body);
  read_desk(input, floor, desk);
  const auto good = input.finish();
  if (!good) {
    const web::Response told = web::error_response(400, "invalid", good.error().message);
    must(nlohmann::json::accept(told.body));
    return;
  }
  const FloorRow row = to_row(desk);
  std::vector<FloorRow> rows;
  rows.push_back(row);
  const auto kept = from_rows(rows);
  must(kept.has_value() && kept->desks.size() == 1);
  must(to_row(kept->desks.begin()->second).body == row.body);
}

void read_other_body(std::string_view body) {
  JsonInput input(body);
  static_cast<void>(input.text("name", 10));
  static_cast<void>(input.optional_flag("recorded"));
  static_cast<void>(input.optional_texts("groups"));
  const auto good = input.finish();
  if (!good)
    must(nlohmann::json::accept(web::error_response(400, "invalid", good.error().message).body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  read_desk_body(body);
  read_other_body(body);
  const auto clip = read_wav({data, size});
  if (!clip) return 0;
  const auto again = read_wav(write_wav(*clip));
  must(again.has_value() || clip->samples.size() < 8'000 / 20);
  if (again) must(again->samples.size() == clip->samples.size());
  return 0;
}
