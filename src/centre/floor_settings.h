// The floor as people set it up: organisations, groups, desks with their texts and sounds, and how
// each is kept in the store (JSON bodies). Values; the loop thread owns the ones in use.
#pragma once

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "centre/centre_store.h"
#include "centre/flow/call_flow.h"

namespace madoguchi::centre {

// What a desk says and plays, in the order of the API. `waiting` and `hold` are looped.
enum class Sound : std::uint8_t {
  kGreeting,
  kNotice,
  kWaiting,
  kHold,
  kClosed,
  kCallbackOffer,
  kCallbackThanks,
  kCallbackDigits,
  kUnrecorded,
  kCallbackAnnouncement,
};
inline constexpr std::size_t kSounds = 10;
std::string_view name_of(Sound sound);

struct OrganisationPart {
  OrganisationId id;
  std::string name;
};

struct GroupPart {
  GroupId id;
  std::string name;
};

struct DeskPart {
  routing::Desk routing;
  std::string name;
  std::string shown_number;  // published, shown when ringing back
  bool recorded = true;
  Micros callback_offer_every{0};
  Micros place_every = std::chrono::minutes(1);  // where the place in the queue is told
  std::string place_text;                        // {n} is the place
  std::array<std::string, kSounds> texts;        // to be spoken; empty: nothing
  std::array<std::string, kSounds> prompts;      // chosen by staff; empty: the spoken text's
  std::array<bool, kSounds> silenced{};          // staff chose to have none

  // The prompt that the exchange is to play; empty: none.
  [[nodiscard]] std::string prompt_for(Sound sound, bool speech) const;
  // Those that have words and that nothing makes a sound of.
  [[nodiscard]] std::vector<Sound> unspoken(bool speech) const;
  // What is said to who stands at this place, from 1 on; empty: nothing is.
  [[nodiscard]] std::string words_for_place(std::size_t place) const;
};

struct FloorParts {
  std::map<OrganisationId, OrganisationPart> organisations;
  std::map<GroupId, GroupPart> groups;
  std::map<DeskId, DeskPart> desks;
};

// The id under which a text is spoken: the same text is spoken once, whichever desks use it.
std::string spoken_prompt_id(const std::string& text);
inline constexpr std::size_t kPlacesTold = 20;  // who stands further back is not told where
inline constexpr const char* kWaitingTone = "made-waiting";
inline constexpr const char* kHoldTone = "made-hold";

// Said to operators who pick up their own phone.
inline constexpr const char* kOwnPhoneWords =
    "窓口のお電話です。お受けになる場合は、1を押してください。";

FloorRow to_row(const OrganisationPart& part);
FloorRow to_row(const GroupPart& part);
FloorRow to_row(const DeskPart& part);          // without what staff chose
FloorRow to_prompts_row(const DeskPart& part);  // what staff chose

// kCorrupt names the row. Rows of kinds not known are of a newer program and are left alone.
Result<FloorParts> from_rows(const std::vector<FloorRow>& rows);

// Sounds that staff gave for places in the queue: uploaded under the names place-1, place-2, …
using PlaceSounds = std::map<std::size_t, std::string>;

// For the call flow; `operators` are those of all accounts that answer calls.
Floor floor_for_flow(const FloorParts& parts, const std::vector<AccountRow>& accounts, bool speech,
                     const PlaceSounds& places);

}  // namespace madoguchi::centre
