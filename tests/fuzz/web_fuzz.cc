// What a browser, or anyone, can send to centre and vault: paths, forms, cookies.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "web/http.h"
#include "web/routes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace madoguchi;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  static_cast<void>(web::percent_decode(text, web::PlusIsSpace::kYes));
  static_cast<void>(web::parse_form(text));
  std::map<std::string, std::string> params;
  static_cast<void>(web::fits("/calls/{call}/hold", text, params));
  web::Request request;
  request.headers.emplace_back("Cookie", std::string(text));
  static_cast<void>(request.cookie("madoguchi_session"));
  return 0;
}
