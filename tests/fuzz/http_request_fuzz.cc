// Bytes as anybody may send them to the web sites, up to where a request is whole: what is too
// large ends there, marked with its answer, and holds no more memory than the limits say.
#include <http_parser.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "web/engine_limits.h"

namespace {

constexpr std::uint64_t kMostBody = 1'000;
constexpr std::size_t kRead = 8 * 1024;  // as the server reads

void must(bool holds) {
  if (!holds) std::abort();
}

void look_at(const restinio::impl::http_parser_ctx_t& context) {
  using namespace madoguchi::web;
  std::size_t fields = 0;
  std::size_t bytes = 0;
  context.m_header.for_each_field([&](const auto& field) {
    ++fields;
    bytes += field.name().size() + field.value().size();
  });
  must(fields <= kMostFields + 1);
  must(bytes <= kMostHead + 2 * kRead);
  must(context.m_header.request_target().size() <= kMostUrl + kRead);
  must(context.m_body.size() <= kMostBody);
  const auto* status = context.m_header.try_get_field(kRefusedField);
  if (status != nullptr) must(*status == "413" || *status == "414" || *status == "431");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace madoguchi::web;
  static const http_parser_settings callbacks =
      restinio::impl::create_parser_settings<LimitedMethods>();
  restinio::impl::http_parser_ctx_t context(restinio::incoming_http_msg_limits_t()
                                                .max_url_size(kMostUrl)
                                                .max_field_name_size(kMostFieldName)
                                                .max_field_value_size(kMostFieldValue)
                                                .max_field_count(kMostFields)
                                                .max_body_size(kMostBody));
  context.reset();
  http_parser parser;
  http_parser_init(&parser, HTTP_REQUEST);
  parser.data = &context;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty() && !context.m_message_complete) {
    const std::string_view piece = rest.substr(0, kRead);
    const std::size_t taken = http_parser_execute(&parser, &callbacks, piece.data(), piece.size());
    must(taken <= piece.size());
    if (parser.http_errno != HPE_OK && parser.http_errno != HPE_PAUSED) break;
    if (taken == 0) break;
    rest.remove_prefix(taken);
  }
  look_at(context);
  return 0;
}
