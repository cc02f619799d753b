// Prompts as people upload them: any bytes make a prompt or a refusal.
#include <cstdint>

#include "exchange/media/prompt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto prompt = madoguchi::exchange::Prompt::from_wav({data, size});
  if (!prompt && prompt.error().message.empty()) __builtin_trap();
  return 0;
}
