// Strong identifiers. An Id<CallTag> never passes for an Id<DeskTag>. The text is what travels and
// is stored: 1 to 64 characters of [A-Za-z0-9_.-]; people choose those of desks and organisations
// ("sakura"), the program makes the others (fresh ones are 26 characters that sort by time, like a
// ULID).
#pragma once

#include <compare>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"

namespace madoguchi {

bool is_valid_id(std::string_view text);

// Where fresh randomness enters; engines get one passed, tests pass a seeded one.
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(void* bytes, std::size_t count) = 0;
};

// 48 bits of milliseconds and 80 random bits in Crockford's base 32, 26 characters.
std::string fresh_id_text(Time now, Entropy& entropy);

template <typename Tag>
class Id {
 public:
  Id() = default;

  // For text that the program itself made or already checked; parse() is for input.
  explicit Id(std::string text) : text_(std::move(text)) {}

  static Result<Id> parse(std::string_view text) {
    if (!is_valid_id(text))
      return fail(ErrorCode::kInvalid, "an id has 1 to 64 characters of A-Z a-z 0-9 _ . -");
    return Id(std::string(text));
  }

  static Id fresh(Time now, Entropy& entropy) { return Id(fresh_id_text(now, entropy)); }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  friend auto operator<=>(const Id&, const Id&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Id& id) { return out << id.text_; }

 private:
  std::string text_;
};

using OrganisationId = Id<struct OrganisationTag>;
using DeskId = Id<struct DeskTag>;
using GroupId = Id<struct GroupTag>;
using OperatorId = Id<struct OperatorTag>;  // any member of staff who may sit at a seat
using CallId = Id<struct CallTag>;
using LegId = Id<struct LegTag>;
using PromiseId = Id<struct PromiseTag>;
using TicketId = Id<struct TicketTag>;

// One telephone line as one organisation may know it: the vault's pseudonym, never the number.
using LineToken = Id<struct LineTokenTag>;

}  // namespace madoguchi

template <typename Tag>
struct std::hash<madoguchi::Id<Tag>> {
  std::size_t operator()(const madoguchi::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.text());
  }
};
