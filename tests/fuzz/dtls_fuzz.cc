// Any datagrams at a DTLS endpoint in either role, before and in the middle of a handshake: no
// crash, no connection, and answers within their bound.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

#include "rtp/dtls.h"

using namespace madoguchi;
using namespace madoguchi::rtp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const DtlsIdentity identity =
      std::move(*DtlsIdentity::create(time_from_micros(1'790'000'000'000'000)));
  if (size == 0) return 0;
  DtlsEndpoint::Settings settings;
  settings.role = (data[0] & 1) != 0 ? DtlsRole::kActive : DtlsRole::kPassive;
  auto endpoint = DtlsEndpoint::create(identity, settings);
  if (!endpoint) std::abort();
  MonoTime now(Micros(1'000'000));
  endpoint->start(now);
  // Datagrams behind two bytes of length each.
  ByteView rest(data + 1, size - 1);
  while (rest.size() > 2) {
    const std::size_t length = std::min<std::size_t>(rest[0] << 8 | rest[1], rest.size() - 2);
    now += Micros(50'000);
    endpoint->receive(rest.subspan(2, length), now);
    endpoint->advance(now);
    rest = rest.subspan(2 + length);
  }
  if (endpoint->state() == DtlsState::kConnected) std::abort();
  while (const auto datagram = endpoint->poll_transmit())
    if (datagram->size() > 1200) std::abort();
  return 0;
}
