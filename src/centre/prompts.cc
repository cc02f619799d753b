#include "centre/prompts.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "base/sealing.h"

namespace madoguchi::centre {

Prompts::Prompts(const Settings& settings, CentreStore& store, Loop& loop, ExchangeClient& exchange,
                 const Clock& clock, Entropy& entropy, Trouble trouble)
    : settings_(settings),
      store_(store),
      loop_(loop),
      exchange_(exchange),
      clock_(clock),
      entropy_(entropy),
      trouble_(std::move(trouble)) {}

Result<void> Prompts::load() {
  auto rows = store_.prompts();
  if (!rows) return tl::unexpected<Error>(rows.error());
  for (PromptRow& row : *rows) rows_[row.id] = std::move(row);
  return {};
}

PlaceSounds Prompts::place_sounds() const {
  PlaceSounds sounds;
  for (std::size_t place = 1; place <= kPlacesTold; ++place)
    for (const auto& [id, row] : rows_)  // of several the newest: ids are in order of time
      if (row.source == PromptSource::kUploaded && row.name == fmt::format("place-{}", place))
        sounds[place] = id.text();
  return sounds;
}

std::string Prompts::caller_prompt() const {
  return spoken_prompt_id(settings_.demo.caller_text);
}

void Prompts::want(const FloorParts& floor) {
  const auto ignore = [](const Result<PromptRow>&) {};
  make(
      PromptId(kWaitingTone), "待ち受け音", "", PromptSource::kMade,
      [] { return Result<SoundClip>(waiting_tone()); }, ignore);
  make(
      PromptId(kHoldTone), "保留音", "", PromptSource::kMade,
      [] { return Result<SoundClip>(hold_tone()); }, ignore);
  if (!settings_.speech.enabled) return;
  for (const auto& [id, desk] : floor.desks)
    for (std::size_t i = 0; i < kSounds; ++i)
      if (!desk.texts[i].empty())
        want_spoken(desk.texts[i], fmt::format("{} {}", desk.name, name_of(static_cast<Sound>(i))));
  for (const auto& [id, desk] : floor.desks)
    for (std::size_t place = 1; desk.routing.announce_place && place <= kPlacesTold; ++place)
      if (const std::string words = desk.words_for_place(place); !words.empty())
        want_spoken(words, fmt::format("{} place {}", desk.name, place));
  want_spoken(kOwnPhoneWords, "own phone");
  if (settings_.demo.ring_me) want_spoken(settings_.demo.caller_text, "demo caller");
}

void Prompts::want_spoken(const std::string& text, const std::string& name) {
  make(
      PromptId(spoken_prompt_id(text)), name, text, PromptSource::kSpoken,
      [text, speech = settings_.speech, folder = settings_.data] {
        return speak(text, speech, folder);
      },
      [this](const Result<PromptRow>& made) { trouble_(made ? "" : made.error().message); });
}

void Prompts::make(const PromptId& id, const std::string& name, const std::string& text,
                   PromptSource source, std::function<Result<SoundClip>()> how,
                   std::function<void(Result<PromptRow>)> then) {
  if (rows_.contains(id) || !under_way_.insert(id).second) return;
  PromptRow row{id, name, text, source, {}, 0, {}, clock_.now()};
  const bool taken = maker_.post([this, row, how = std::move(how), then]() mutable {
    auto clip = how();
    Result<PromptRow> made = fail(ErrorCode::kInternal, "");
    if (clip) {
      const Bytes wav = write_wav(*clip);
      row.duration = clip->duration();
      row.bytes = static_cast<std::int64_t>(wav.size());
      row.digest = to_hex(sha256(wav));
      const auto put = store_.put_prompt(row, wav);
      made = put ? Result<PromptRow>(row) : Result<PromptRow>(tl::unexpected<Error>(put.error()));
    } else {
      made = tl::unexpected<Error>(clip.error());
    }
    loop_.post([this, id = row.id, made = std::move(made), then] {
      under_way_.erase(id);
      if (made) {
        rows_[id] = *made;
        hand_over(id);
      }
      then(made);
    });
  });
  if (!taken) {
    under_way_.erase(id);
    then(fail(ErrorCode::kExhausted, "too many sounds are being made: try again"));
  }
}

void Prompts::add(const std::string& name, Bytes wav, std::function<void(Result<PromptRow>)> then) {
  make(
      PromptId::fresh(clock_.now(), entropy_), name, "", PromptSource::kUploaded,
      [wav = std::move(wav)] { return read_wav(wav); }, std::move(then));
}

void Prompts::drop(const PromptId& id, std::function<void(Result<void>)> then) {
  const PromptRow row = rows_.at(id);
  rows_.erase(id);
  const bool taken = maker_.post([this, row, then] {
    auto dropped = store_.drop_prompt(row.id);
    loop_.post([this, row, then, dropped = std::move(dropped)] {
      if (dropped) {
        handed_.erase(row.id);
        // Left over, it plays nowhere: no desk's plan names it.
        exchange_.forget_prompt(row.id.text(), [](const std::string& error) {
          if (!error.empty()) log_warn("a deleted sound is left at the exchange: {}", error);
        });
      } else {
        rows_[row.id] = row;
      }
      then(dropped);
    });
  });
  if (taken) return;
  rows_[row.id] = row;
  then(fail(ErrorCode::kExhausted, "too many sounds are being made: try again"));
}

void Prompts::attached() {
  handed_.clear();
  for (const auto& [id, row] : rows_) hand_over(id);
}

void Prompts::hand_over(const PromptId& id) {
  if (!exchange_.attached()) return;
  const bool taken = maker_.post([this, id] {
    auto wav = store_.prompt_audio(id);
    loop_.post([this, id, wav = std::move(wav)]() mutable {
      if (!rows_.contains(id)) return;  // deleted meanwhile
      if (!wav || !*wav) {
        trouble_(wav ? "a sound is not in the store" : wav.error().message);
        return;
      }
      exchange_.put_prompt(id.text(), std::move(**wav), [this, id](const std::string& error) {
        if (error.empty())
          handed_.insert(id);
        else
          trouble_("the exchange did not take a sound: " + error);
      });
    });
  });
  if (!taken) trouble_("too many sounds wait to be handed to the exchange");
}

}  // namespace madoguchi::centre
