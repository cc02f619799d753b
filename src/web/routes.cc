#include "web/routes.h"

#include <fmt/format.h>

#include <algorithm>

namespace madoguchi::web {

namespace {

bool is_count(std::string_view text) {
  return !text.empty() && text.size() < 20 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool fits(std::string_view pattern, std::string_view path,
          std::map<std::string, std::string>& params) {
  params.clear();
  while (true) {
    const auto pattern_end = std::min(pattern.find('/'), pattern.size());
    const auto path_end = std::min(path.find('/'), path.size());
    const std::string_view want = pattern.substr(0, pattern_end);
    const std::string_view have = path.substr(0, path_end);
    if (want.size() > 2 && want.front() == '{' && want.back() == '}') {
      if (have.empty()) return false;
      params[std::string(want.substr(1, want.size() - 2))] = std::string(have);
    } else if (want != have) {
      return false;
    }
    const bool pattern_done = pattern_end == pattern.size();
    const bool path_done = path_end == path.size();
    if (pattern_done || path_done) return pattern_done && path_done;
    pattern.remove_prefix(pattern_end + 1);
    path.remove_prefix(path_end + 1);
  }
}

void Routes::dispatch(Request request, const Reply& reply) const {
  std::string allowed;
  for (const Route& route : routes_) {
    if (!fits(route.pattern, request.path, request.params)) continue;
    const bool head_of_get = route.method == Method::kGet && request.method == Method::kHead;
    if (route.method != request.method && !head_of_get) {
      allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", name_of(route.method));
      continue;
    }
    if (request.body.size() > route.most_body) {
      reply.send(too_large(request, request.body.size()));
      return;
    }
    route.handler(std::move(request), reply);
    return;
  }
  if (!allowed.empty()) {
    Response response = error_response(405, "method_not_allowed", "allowed here: " + allowed);
    response.headers.emplace_back("Allow", allowed);
    reply.send(std::move(response));
  } else if (otherwise_) {
    request.params.clear();
    otherwise_(std::move(request), reply);
  } else {
    reply.send(error_response(404, "not_found", "there is nothing at this path"));
  }
}

Response Routes::too_large(const Request& request, std::optional<std::size_t> size) const {
  std::map<std::string, std::string> ignored;
  const auto asked = std::find_if(routes_.begin(), routes_.end(), [&](const Route& route) {
    return route.method == request.method && fits(route.pattern, request.path, ignored);
  });
  const std::string_view told = request.header("Content-Length");
  const std::string has =
      size ? std::to_string(*size) : std::string(is_count(told) ? told : "more");
  if (asked == routes_.end())
    return error_response(
        413, "too_large",
        fmt::format("the body has {} bytes; this server takes {} at most", has, most_body()));
  return error_response(413, "too_large",
                        fmt::format("the body has {} bytes; {} {} takes {} at most: {}", has,
                                    name_of(asked->method), asked->pattern, asked->most_body,
                                    asked->smaller.empty() ? "send less at once" : asked->smaller));
}

std::size_t Routes::most_body() const {
  std::size_t most = kUsualBody;
  for (const Route& route : routes_) most = std::max(most, route.most_body);
  return most;
}

}  // namespace madoguchi::web
