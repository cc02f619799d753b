// Any bytes as STUN: parsing stays within the message, and an ICE session and a port full of
// strangers answer within their buffers. The first byte chooses whether the rest is made a proper
// signed check, to reach behind the signature.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "rtp/ice_lite.h"
#include "rtp/stun.h"

using namespace madoguchi;
using namespace madoguchi::rtp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes(data + 1, size - 1);
  std::array<std::uint8_t, 600> buffer{};
  ByteView message = bytes;
  if ((data[0] & 1) != 0) {
    StunWriter writer(buffer, StunClass::kRequest, kStunBinding, {});
    writer.username("ours:" +
                    std::string(as_text(bytes.first(std::min<std::size_t>(bytes.size(), 200)))));
    if ((data[0] & 2) != 0) writer.priority(1);
    if ((data[0] & 4) != 0) writer.use_candidate();
    if ((data[0] & 8) != 0) writer.controlled(1);
    if ((data[0] & 16) != 0) writer.unknown(data[0]);
    writer.integrity("password");
    if ((data[0] & 32) != 0) writer.fingerprint();
    message = ByteView(buffer).first(writer.size());
  }
  const auto view = StunView::parse(message);
  if (!view) return 0;
  static_cast<void>(view->integrity_is("password"));
  const MonoTime now{};
  IceSession session({"ours", "password"}, "", now);
  std::array<std::uint8_t, kStunAnswerSize> answer{};
  const auto outcome = session.receive(*view, Address::v4(0x01020304, 5), answer, now);
  if (outcome.answer_size > answer.size()) std::abort();
  if (outcome.answer_size != 0 && !StunView::parse(ByteView(answer).first(outcome.answer_size)))
    std::abort();
  if (refuse_stranger(*view, answer) > answer.size()) std::abort();
  return 0;
}
