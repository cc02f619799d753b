#include "vault/records/field_codec.h"

#include <optional>

namespace madoguchi::vault {
namespace {

constexpr std::uint8_t kVerified = 1;
constexpr std::uint8_t kHasProvenance = 2;
constexpr std::uint8_t kHasTelephone = 4;
constexpr std::size_t kMostShort = 0xFFFF;

void put_text(Bytes& out, std::string_view text) {
  text = text.substr(0, kMostShort);
  out.push_back(static_cast<std::uint8_t>(text.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(text.size()));
  out.insert(out.end(), text.begin(), text.end());
}

// Takes from the front; the first thing that is missing spoils it for good.
class Taker {
 public:
  explicit Taker(ByteView bytes) : rest_(bytes) {}
  std::uint8_t byte() {
    if (rest_.empty()) return spoil();
    const std::uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  std::string text() {
    const std::size_t high = byte();
    const std::size_t size = high << 8 | byte();
    if (rest_.size() < size) {
      spoil();
      return {};
    }
    std::string value(as_text(rest_.first(size)));
    rest_ = rest_.subspan(size);
    return value;
  }
  [[nodiscard]] ByteView rest() const { return rest_; }
  [[nodiscard]] bool whole() const { return whole_; }

 private:
  std::uint8_t spoil() {
    whole_ = false;
    rest_ = {};
    return 0;
  }
  ByteView rest_;
  bool whole_ = true;
};

Provenance take_provenance(Taker& taker) {
  Provenance provenance;
  provenance.source = taker.text();
  provenance.given_for = taker.text();
  provenance.obtained_on = taker.text();
  provenance.obtained_by = taker.text();
  return provenance;
}

tl::unexpected<Error> corrupt() {
  return fail(ErrorCode::kCorrupt, "a record's field opened to what is no value; restore a backup");
}

}  // namespace

void encode_value(const FieldValue& value, Bytes& out) {
  std::uint8_t flags = value.standing == Standing::kVerified ? kVerified : 0;
  if (value.provenance) flags |= kHasProvenance;
  if (value.telephone) flags |= kHasTelephone;
  out.push_back(flags);
  if (value.provenance) encode_provenance(*value.provenance, out);
  if (value.telephone) {
    out.push_back(static_cast<std::uint8_t>(value.telephone->holder));
    put_text(out, value.telephone->line_kind);
    const std::size_t refusals = std::min(value.telephone->refusals.size(), kMostRefusals);
    out.push_back(static_cast<std::uint8_t>(refusals));
    for (std::size_t i = 0; i < refusals; ++i) put_text(out, value.telephone->refusals[i]);
  }
  const std::string& text = value.text.reveal();
  out.insert(out.end(), text.begin(), text.end());
}

Result<FieldValue> decode_value(ByteView bytes) {
  Taker taker(bytes);
  FieldValue value;
  const std::uint8_t flags = taker.byte();
  if ((flags & ~(kVerified | kHasProvenance | kHasTelephone)) != 0) return corrupt();
  value.standing = (flags & kVerified) != 0 ? Standing::kVerified : Standing::kSelfDeclared;
  if ((flags & kHasProvenance) != 0) value.provenance = take_provenance(taker);
  if ((flags & kHasTelephone) != 0) {
    TelephoneDetails details;
    const std::uint8_t holder = taker.byte();
    if (holder > static_cast<std::uint8_t>(LineHolder::kUser)) return corrupt();
    details.holder = static_cast<LineHolder>(holder);
    details.line_kind = taker.text();
    const std::size_t refusals = taker.byte();
    if (refusals > kMostRefusals) return corrupt();
    for (std::size_t i = 0; i < refusals; ++i) details.refusals.push_back(taker.text());
    value.telephone = std::move(details);
  }
  if (!taker.whole()) return corrupt();
  value.text = Personal<std::string>(std::string(as_text(taker.rest())));
  return value;
}

void encode_provenance(const Provenance& provenance, Bytes& out) {
  put_text(out, provenance.source);
  put_text(out, provenance.given_for);
  put_text(out, provenance.obtained_on);
  put_text(out, provenance.obtained_by);
}

Result<Provenance> decode_provenance(ByteView bytes) {
  Taker taker(bytes);
  Provenance provenance = take_provenance(taker);
  if (!taker.whole() || !taker.rest().empty()) return corrupt();
  return provenance;
}

}  // namespace madoguchi::vault
