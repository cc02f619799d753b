// Any bytes as a session description, alone and as offer and answer: reading is bounded; what was
// read and written reads back; a negotiation never breaks and its answers are always readable.
#include <cstdlib>
#include <string_view>

#include "sip/offer_answer.h"

using namespace madoguchi::sip;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto description = parse_sdp(text)) {
    must(description->media.size() <= kMaxSdpMedia);
    (void)parse_sdp(to_text(*description));
  }
  LocalAudio local;
  local.address = "192.0.2.1";
  local.port = 4000;
  OfferAnswer called(local, 1);
  if (const auto answer = called.answer(text)) {
    must(parse_sdp(*answer).has_value());
    must(called.agreement().has_value());
    must(called.offer().has_value());
  }
  OfferAnswer caller(local, 2);
  must(caller.offer().has_value());
  must(caller.take_answer(text).has_value() == caller.agreement().has_value());
  return 0;
}
