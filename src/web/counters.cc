#include "web/counters.h"

namespace madoguchi::web {

std::map<std::string, std::uint64_t> named_counters(const ServerCounters& counters) {
  return {{"http_requests", counters.requests},
          {"http_malformed", counters.malformed},
          {"http_too_large", counters.too_large},
          {"http_refused_host", counters.refused_host},
          {"websocket_refused_origin", counters.refused_origin},
          {"websocket_opened", counters.sockets_opened},
          {"websocket_too_slow", counters.sockets_too_slow}};
}

}  // namespace madoguchi::web
