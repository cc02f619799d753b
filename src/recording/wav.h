// Renders a sealed recording as a WAV file: stereo, 16 bit, 8 kHz, the caller left, our side right,
// on the call's own time line: what was lost, paused or never came is silence, so both channels
// keep in step and the file is as long as the call. Packets stand where their RTP timestamps put
// them (arrival's jitter doesn't show), anchored to their arrival. Used by the vault only. One
// thread; memory independent of the length.
#pragma once

#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/sealing.h"
#include "recording/format.h"
#include "recording/player.h"

namespace madoguchi::recording {

// The WAV's bytes, in order. Returning false ends the rendering with kUnavailable (disk full, say).
using WavSink = std::function<bool(ByteView)>;

// kCorrupt when the file is none, was changed, or the keys don't open it; kInvalid when it is too
// long for a WAV file (4 GiB: over 37 hours). A file that was cut off renders as far as it goes.
Result<Outline> to_wav(ByteView file, const SealKeyPair& keys, const WavSink& sink);

}  // namespace madoguchi::recording
