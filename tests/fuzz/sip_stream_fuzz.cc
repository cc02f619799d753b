// Any bytes as a TCP stream, cut at places the input chooses, all the way into a transaction layer:
// the framer stays bounded, gives the same for every cutting, and the layer survives what it is
// given.
#include <cstdlib>
#include <string>
#include <vector>

#include "sip/stream_framer.h"
#include "sip/transaction.h"
#include "sip/transaction_testing.h"

using namespace madoguchi::sip;
using namespace madoguchi;

namespace {

std::vector<std::string> cut(std::string_view stream, std::size_t step) {
  StreamFramer framer;
  std::vector<std::string> items;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    framer.append(stream.substr(at, step));
    while (auto item = framer.next())
      if (item->kind != StreamFramer::Kind::kPing && item->kind != StreamFramer::Kind::kPong)
        items.push_back(std::move(item->bytes));
  }
  return items;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t step = data[0] + std::size_t{1};
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto items = cut(stream, step);
  if (stream.size() < kMaxMessageBytes && items != cut(stream, stream.size())) std::abort();

  SeededEntropy entropy(1);
  TransactionLayer layer({}, entropy);
  const Flow flow{Transport::kTcp, 0, *Endpoint::parse("192.0.2.1:5060"), 1};
  MonoTime now{};
  for (const std::string& item : items) {
    layer.receive(item, flow, now);
    now += std::chrono::seconds(1);
    layer.advance(now);
    while (auto event = layer.poll_event())
      if (const auto* arrived = std::get_if<RequestArrived>(&*event))
        layer.respond(arrived->transaction,
                      Message::response_to(arrived->message, 180 + (step % 4) * 100), now);
  }
  layer.connection_closed(1, now);
  for (int i = 0; i < 100; ++i) {
    now += std::chrono::seconds(1);
    layer.advance(now);
  }
  while (layer.poll_output()) {
  }
  return 0;
}
