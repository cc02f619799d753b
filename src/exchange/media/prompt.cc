#include "exchange/media/prompt.h"

#include <algorithm>
#include <utility>

#include "exchange/media/wav_file.h"
#include "rtp/g711.h"

namespace madoguchi::exchange {

Result<std::shared_ptr<const Prompt>> Prompt::from_wav(ByteView wav) {
  auto sound = read_wav(wav);
  if (!sound) return tl::unexpected(sound.error());
  const std::vector<std::int16_t> samples = to_8khz(*sound);
  if (samples.empty())
    return fail(ErrorCode::kInvalid, "the WAV file can't be used: it holds no sound");
  auto made = std::make_shared<Prompt>();
  made->mu_law_.resize(samples.size());
  made->a_law_.resize(samples.size());
  rtp::encode(rtp::Law::kMu, samples, made->mu_law_);
  rtp::encode(rtp::Law::kA, samples, made->a_law_);
  return made;
}

void Player::start(PlayId play, std::vector<std::shared_ptr<const Prompt>> list, OnOff loop) {
  play_ = play;
  list_ = std::move(list);
  loop_ = loop;
  prompt_ = 0;
  at_ = 0;
}

void Player::stop() {
  play_ = 0;
  list_.clear();
}

bool Player::next(SoundCodec codec, std::span<std::uint8_t> frame) {
  std::size_t filled = 0;
  while (filled < frame.size() && prompt_ < list_.size()) {
    const ByteView sound = list_[prompt_]->sound(codec);
    const std::size_t count = std::min(frame.size() - filled, sound.size() - at_);
    std::copy_n(sound.begin() + static_cast<std::ptrdiff_t>(at_), count,
                frame.begin() + static_cast<std::ptrdiff_t>(filled));
    filled += count;
    at_ += count;
    if (at_ < sound.size()) continue;
    at_ = 0;
    ++prompt_;
    if (prompt_ == list_.size() && loop_ == OnOff::kOn) prompt_ = 0;
  }
  if (filled == 0) return false;
  const std::uint8_t silence = codec == SoundCodec::kPcma ? rtp::kASilence : rtp::kMuSilence;
  std::fill(frame.begin() + static_cast<std::ptrdiff_t>(filled), frame.end(), silence);
  return true;
}

}  // namespace madoguchi::exchange
