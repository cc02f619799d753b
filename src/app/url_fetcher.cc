#include "app/url_fetcher.h"

#include <fmt/format.h>

namespace madoguchi::app {
namespace {

constexpr int kMisdirected = 421;  // RFC 9110, 15.5.20: not by this name

}  // namespace

UrlFetcher::UrlFetcher(std::string prefix, std::string_view origin, web::ClientSettings settings)
    : prefix_(std::move(prefix)),
      host_(origin.substr(0, origin.find('/'))),
      client_(std::move(settings)) {
  while (prefix_.ends_with('/')) prefix_.pop_back();
}

Result<Bytes> UrlFetcher::fetch(std::string_view path, std::size_t most) {
  const std::string url = fmt::format("{}/{}", prefix_, path);
  auto answer = client_.get(url, most);
  if (!answer) return tl::unexpected<Error>(answer.error());
  if (answer->status == 404 || answer->status == 410)
    return fail(ErrorCode::kNotFound, fmt::format("{}: is not there", url));
  if (answer->status == kMisdirected)
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: answered 421: the site does not go by that name; the log's own is "
                            "\"{}\", write that in its place (with the same port)",
                            url, host_));
  if (answer->status != 200)
    return fail(ErrorCode::kUnavailable, fmt::format("{}: answered {}", url, answer->status));
  return Bytes(answer->body.begin(), answer->body.end());
}

}  // namespace madoguchi::app
