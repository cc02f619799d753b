#include "web/routes.h"

#include <fmt/format.h>

#include <algorithm>

namespace madoguchi::web {

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
      reply.send(error_response(413, "too_large",
                                fmt::format("the body may have {} bytes", route.most_body)));
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

std::size_t Routes::most_body() const {
  std::size_t most = kUsualBody;
  for (const Route& route : routes_) most = std::max(most, route.most_body);
  return most;
}

}  // namespace madoguchi::web
