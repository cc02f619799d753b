#include "web/engine_impl.h"

namespace madoguchi::web {
namespace {

struct PlainTraits
    : restinio::single_thread_traits_t<restinio::asio_timer_manager_t, RefusalCounter> {
  static constexpr bool use_connection_count_limiter = true;
  using http_methods_mapper_t = LimitedMethods;
};

}  // namespace

template <>
Result<void> RestinioEngine<PlainTraits>::start() {
  return start_with([](Settings&) {});
}

std::unique_ptr<Engine> make_plain_engine(const ServerSettings& settings, Routes routes) {
  return std::make_unique<RestinioEngine<PlainTraits>>(settings, std::move(routes));
}

}  // namespace madoguchi::web
