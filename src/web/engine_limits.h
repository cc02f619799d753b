// Requests that are too large, told instead of cut off: RESTinio closes the connection as soon as a
// limit is passed, and its client learns nothing. Here its parser's callbacks end the request at
// that place, mark it with the answer's status, and have it handled as an upgrade is: after what
// was asked before it on the connection, with no more reading by RESTinio. Included by
// engine_impl.h alone; runs on the server's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <restinio/all.hpp>
#include <string>

namespace madoguchi::web {

// The field that holds the status; by a name that no client can send (RFC 9113, 8.3.1).
inline constexpr const char* kRefusedField = ":refused";

inline constexpr std::size_t kMostUrl = 4 * 1024;
inline constexpr std::size_t kMostFieldName = 128;
inline constexpr std::size_t kMostFieldValue = 8 * 1024;
inline constexpr std::size_t kMostFields = 64;
// Of all lines before the body together. Below the parser's own 80 KiB by more than the buffer of
// one read, since the parser counts after the callbacks.
inline constexpr std::uint32_t kMostHead = 64 * 1024;

// Chooses the parser's callbacks below.
struct LimitedMethods : restinio::default_http_methods_t {};

namespace limits {

inline int refuse(http_parser* parser, const char* status) {
  auto& context = *static_cast<restinio::impl::http_parser_ctx_t*>(parser->data);
  context.m_header.set_field(std::string(kRefusedField), std::string(status));
  context.m_body = {};
  context.m_current_field_name.clear();
  parser->upgrade = 1;
  return restinio::impl::restinio_message_complete_cb<LimitedMethods>(parser);
}

inline int on_url(http_parser* parser, const char* at, std::size_t length) {
  const int taken = restinio::impl::restinio_url_cb(parser, at, length);
  return taken == 0 ? 0 : refuse(parser, "414");
}

inline int on_field(http_parser* parser, const char* at, std::size_t length) {
  const int taken = restinio::impl::restinio_header_field_cb(parser, at, length);
  return taken == 0 && parser->nread <= kMostHead ? 0 : refuse(parser, "431");
}

inline int on_value(http_parser* parser, const char* at, std::size_t length) {
  const int taken = restinio::impl::restinio_header_value_cb(parser, at, length);
  return taken == 0 && parser->nread <= kMostHead ? 0 : refuse(parser, "431");
}

inline int on_headers_complete(http_parser* parser) {
  const int taken = restinio::impl::restinio_headers_complete_cb(parser);
  return taken == 0 ? 0 : refuse(parser, "413");
}

inline int on_body(http_parser* parser, const char* at, std::size_t length) {
  const int taken = restinio::impl::restinio_body_cb(parser, at, length);
  return taken == 0 ? 0 : refuse(parser, "413");
}

}  // namespace limits
}  // namespace madoguchi::web

namespace restinio::impl {

// RESTinio's place for it: the callbacks are chosen by the type of the traits' methods. Chunks are
// not noted down one by one: nobody asks for them, and a body of one-byte chunks would cost 24
// times its size.
template <>
inline http_parser_settings create_parser_settings<madoguchi::web::LimitedMethods>() noexcept {
  namespace limits = madoguchi::web::limits;
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_url = limits::on_url;
  settings.on_header_field = limits::on_field;
  settings.on_header_value = limits::on_value;
  settings.on_headers_complete = limits::on_headers_complete;
  settings.on_body = limits::on_body;
  settings.on_message_complete = restinio_message_complete_cb<madoguchi::web::LimitedMethods>;
  return settings;
}

}  // namespace restinio::impl
