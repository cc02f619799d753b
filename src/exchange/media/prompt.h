// A sound that is ready to be sent: G.711 in both laws at 8 kHz, immutable, shared by all legs that
// play it.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "exchange/media/media_types.h"

namespace madoguchi::exchange {

class Prompt {
 public:
  // Any thread. Taken: WAV with PCM 16 bit or G.711, 8 to 48 kHz, mono or stereo, at most 10
  // minutes; kInvalid says what is wrong with the file. Shared because legs may still play what was
  // replaced.
  static Result<std::shared_ptr<const Prompt>> from_wav(ByteView wav);

  [[nodiscard]] ByteView sound(SoundCodec codec) const {
    return codec == SoundCodec::kPcma ? a_law_ : mu_law_;
  }
  [[nodiscard]] Micros duration() const {
    return Micros(static_cast<std::int64_t>(mu_law_.size()) * 125);
  }

 private:
  Bytes mu_law_;
  Bytes a_law_;
};

// A leg's playlist under way. One thread; next() does not allocate.
class Player {
 public:
  void start(PlayId play, std::vector<std::shared_ptr<const Prompt>> list, OnOff loop);
  void stop();
  [[nodiscard]] bool playing() const { return play_ != 0; }
  [[nodiscard]] PlayId play() const { return play_; }

  // Fills the frame; the rest of the last one is silence. False when nothing was left to play:
  // finished.
  bool next(SoundCodec codec, std::span<std::uint8_t> frame);

 private:
  PlayId play_ = 0;
  std::vector<std::shared_ptr<const Prompt>> list_;
  OnOff loop_ = OnOff::kOff;
  std::size_t prompt_ = 0;
  std::size_t at_ = 0;
};

}  // namespace madoguchi::exchange
