// The browser's half of an ICE check, for tests, fuzz targets and tools: what a full agent sends to
// our lite one.
#pragma once

#include <cstddef>
#include <string>

#include "rtp/ice_lite.h"
#include "rtp/stun.h"

namespace madoguchi::rtp {

struct IceCheck {
  std::string username;  // ours:theirs, as the browser writes it
  std::string password;
  bool nominate = false;
  bool controlled = false;  // a role conflict
  bool with_priority = true;
  bool with_fingerprint = true;
  bool with_integrity = true;
  std::uint16_t unknown_attribute = 0;  // none
  StunTransaction transaction{1, 2, 3};

  [[nodiscard]] Bytes write() const {
    Bytes buffer(512);
    StunWriter writer(buffer, StunClass::kRequest, kStunBinding, transaction);
    if (!username.empty()) writer.username(username);
    if (with_priority) writer.priority(0x6e7f1eff);
    if (controlled) {
      writer.controlled(1);
    } else {
      writer.controlling(1);
    }
    if (nominate) writer.use_candidate();
    if (unknown_attribute != 0) writer.unknown(unknown_attribute);
    if (with_integrity) writer.integrity(password);
    if (with_fingerprint) writer.fingerprint();
    buffer.resize(writer.size());
    return buffer;
  }
};

}  // namespace madoguchi::rtp
