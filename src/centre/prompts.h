// The sounds that desks play: kept in the store, handed to the exchange whenever it attached anew.
// Spoken texts are made when they are first wanted, on a worker thread, and kept. Loop thread.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "centre/centre_store.h"
#include "centre/exchange_client.h"
#include "centre/loop.h"
#include "centre/settings.h"
#include "centre/sound.h"
#include "centre/worker.h"

namespace madoguchi::centre {

class Prompts {
 public:
  using Trouble = std::function<void(const std::string& text)>;  // empty: over

  // All must outlive it.
  Prompts(const Settings& settings, CentreStore& store, Loop& loop, ExchangeClient& exchange,
          const Clock& clock, Entropy& entropy, Trouble trouble);

  Result<void> load();  // blocks; before the loop runs
  // Makes what the floor and the demo need and is not there yet.
  void want(const FloorParts& floor);
  void attached();  // the exchange may have forgotten: hands all over again

  // An uploaded sound, as it came.
  void add(const std::string& name, Bytes wav, std::function<void(Result<PromptRow>)> then);

  // Takes a sound away that no desk uses, from store and exchange. Nobody finds it from now on; it
  // is there again when the store keeps it.
  void drop(const PromptId& id, std::function<void(Result<void>)> then);

  [[nodiscard]] const std::map<PromptId, PromptRow>& all() const { return rows_; }
  [[nodiscard]] bool at_exchange(const PromptId& id) const { return handed_.contains(id); }
  [[nodiscard]] PlaceSounds place_sounds() const;
  // Nothing is being made any more, and the exchange has all there is. Telephones are set by then,
  // too: they were sent to it first.
  [[nodiscard]] bool complete() const {
    return under_way_.empty() && handed_.size() >= rows_.size();
  }
  [[nodiscard]] std::string caller_prompt() const;  // what the demo caller says

 private:
  void want_spoken(const std::string& text, const std::string& name);
  void make(const PromptId& id, const std::string& name, const std::string& text,
            PromptSource source, std::function<Result<SoundClip>()> how,
            std::function<void(Result<PromptRow>)> then);
  void hand_over(const PromptId& id);

  const Settings& settings_;
  CentreStore& store_;
  Loop& loop_;
  ExchangeClient& exchange_;
  const Clock& clock_;
  Entropy& entropy_;
  const Trouble trouble_;
  std::map<PromptId, PromptRow> rows_;
  std::set<PromptId> under_way_;
  std::set<PromptId> handed_;
  Worker maker_{1, 512};
};

}  // namespace madoguchi::centre
