#include "vault/records/sealed_record.h"

#include <fmt/format.h>
#include <sodium.h>

#include <cstring>
#include <limits>

#include "base/aead.h"
#include "base/check.h"

namespace madoguchi::vault {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kHeaderBytes = 1 + 1 + 4 + 32 + 2;
constexpr std::size_t kCountAt = kHeaderBytes - 2;
constexpr std::size_t kFieldHeader = 2 + 1 + 4;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::string_view kCommitted = "madoguchi record commitment 1";
constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kIdCharacters = 26;

template <typename Number>
void put_number(Bytes& out, Number number) {
  for (int shift = (static_cast<int>(sizeof number) - 1) * 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> shift));
}
std::uint32_t number_at(ByteView bytes, std::size_t at, std::size_t size) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < size; ++i) number = (number << 8) | bytes[at + i];
  return number;
}

std::array<std::uint8_t, 32> commitment_to(const SubjectKey& key) {
  std::array<std::uint8_t, 32> out{};
  crypto_generichash(out.data(), out.size(), as_bytes(kCommitted).data(), kCommitted.size(),
                     key.reveal().data(), key.reveal().size());
  return out;
}

// Where a field belongs, each part with its length in front. On the stack: there is one per field.
class FieldPlace {
 public:
  FieldPlace(const RecordPlace& place, std::string_view field, std::uint8_t number,
             std::uint32_t generation) {
    add("madoguchi.record.1");
    add(place.organisation);
    add(place.subject);
    add(field);
    bytes_[size_++] = number;
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes_[size_++] = static_cast<std::uint8_t>(generation >> shift);
  }
  [[nodiscard]] ByteView bytes() const { return ByteView(bytes_).first(size_); }

 private:
  void add(std::string_view part) {
    CHECK(part.size() <= 64);  // ids and field names are shorter
    bytes_[size_++] = static_cast<std::uint8_t>(part.size());
    std::memcpy(bytes_.data() + size_, part.data(), part.size());
    size_ += part.size();
  }
  std::array<std::uint8_t, 4 * 65 + 5> bytes_{};
  std::size_t size_ = 0;
};

tl::unexpected<Error> corrupt(std::string_view what) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("{} does not open: it was changed or moved; restore a backup", what));
}

Associated key_place(const OrganisationId& organisation, std::string_view subject,
                     std::uint32_t version) {
  Associated place("madoguchi.subject_key.1");
  place.add(organisation.text()).add(subject).add(std::uint64_t{version});
  return place;
}

Associated document_place(const RecordPlace& place, std::string_view document,
                          std::int64_t version) {
  Associated bytes("madoguchi.document.1");
  bytes.add(place.organisation)
      .add(place.subject)
      .add(document)
      .add(static_cast<std::uint64_t>(version));
  return bytes;
}

}  // namespace

SubjectKey SubjectKey::fresh(Entropy& entropy) {
  SubjectKey key;
  entropy.fill(key.bytes_.data(), key.bytes_.size());
  return key;
}

Result<SubjectKey> SubjectKey::of(ByteView bytes) {
  SubjectKey key;
  if (bytes.size() != key.bytes_.size()) return corrupt("a subject's key");
  std::memcpy(key.bytes_.data(), bytes.data(), bytes.size());
  return key;
}

SubjectKey::SubjectKey(SubjectKey&& other) noexcept : bytes_(other.bytes_) {
  sodium_memzero(other.bytes_.data(), other.bytes_.size());
}

SubjectKey::~SubjectKey() {
  sodium_memzero(bytes_.data(), bytes_.size());
}

SubjectId subject_id(RecordNumber number, const IdTail& tail) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * (5 - i)));
  std::memcpy(bytes.data() + 6, tail.data(), tail.size());
  // 130 bits of text for 128: the first character holds three.
  std::string text(kIdCharacters, '0');
  std::uint32_t buffer = 0;
  int bits = 2;  // two zero bits in front
  std::size_t at = 0;
  for (const std::uint8_t byte : bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text[at++] = kAlphabet[(buffer >> bits) & 31];
    }
  }
  return SubjectId(std::move(text));
}

Result<SubjectParts> parts_of(const SubjectId& subject) {
  const auto unknown = [] { return fail(ErrorCode::kNotFound, "there is no such subject"); };
  const std::string& text = subject.text();
  if (text.size() != kIdCharacters) return unknown();
  std::array<std::uint8_t, 16> bytes{};
  std::uint32_t buffer = 0;
  int bits = -2;
  std::size_t at = 0;
  for (const char c : text) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) return unknown();
    buffer = (buffer << 5) | static_cast<std::uint32_t>(value);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = static_cast<std::uint8_t>(buffer >> bits);
    }
  }
  SubjectParts parts;
  for (std::size_t i = 0; i < 6; ++i) parts.number = (parts.number << 8) | bytes[i];
  std::memcpy(parts.tail.data(), bytes.data() + 6, parts.tail.size());
  if (subject_id(parts.number, parts.tail) != subject) return unknown();
  return parts;
}

SubjectKeyRow wrap_subject_key(const SubjectKey& key, const OrganisationId& organisation,
                               RecordNumber number, std::string_view subject, std::uint32_t version,
                               ByteView organisation_key, Entropy& entropy) {
  const Bytes wrapped = seal_committed(
      organisation_key, key_place(organisation, subject, version).bytes(), key.reveal(), entropy);
  SubjectKeyRow row{number, organisation, version, {}};
  CHECK(wrapped.size() == row.wrapped.size());
  std::memcpy(row.wrapped.data(), wrapped.data(), wrapped.size());
  return row;
}

Result<SubjectKey> unwrap_subject_key(const SubjectKeyRow& row, std::string_view subject,
                                      ByteView organisation_key) {
  auto plain = open_committed(
      organisation_key, key_place(row.organisation, subject, row.version).bytes(), row.wrapped);
  if (!plain) return corrupt("a subject's key");
  auto key = SubjectKey::of(*plain);
  wipe(std::span(*plain));
  return key;
}

RecordWriter::RecordWriter(const RecordPlace& place, const SubjectKey& key, SubjectKind kind,
                           std::uint32_t generation)
    : place_(place), key_(key), generation_(generation) {
  out_.reserve(1024);
  out_.push_back(kFormat);
  out_.push_back(kind == SubjectKind::kCompany ? 1 : 0);
  put_number(out_, generation);
  const auto commitment = commitment_to(key);
  out_.insert(out_.end(), commitment.begin(), commitment.end());
  put_number(out_, std::uint16_t{0});
}

void RecordWriter::add(const PlainField& field, Entropy& entropy) {
  const std::string_view name = field.spec == nullptr ? kProvenanceName : field.spec->name;
  const std::uint16_t number = field.spec == nullptr ? kProvenanceField : field.spec->number;
  const std::size_t length = kNonce + field.bytes.size() + kTag;
  CHECK(length <= std::numeric_limits<std::uint32_t>::max());
  put_number(out_, number);
  out_.push_back(field.number);
  put_number(out_, static_cast<std::uint32_t>(length));
  const std::size_t at = out_.size();
  out_.resize(at + length);
  entropy.fill(out_.data() + at, kNonce);
  const FieldPlace place(place_, name, field.number, generation_);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      out_.data() + at + kNonce, nullptr, field.bytes.data(), field.bytes.size(),
      place.bytes().data(), place.bytes().size(), nullptr, out_.data() + at, key_.reveal().data());
  ++count_;
}

void RecordWriter::copy(std::uint16_t field, std::uint8_t number, ByteView sealed) {
  put_number(out_, field);
  out_.push_back(number);
  put_number(out_, static_cast<std::uint32_t>(sealed.size()));
  out_.insert(out_.end(), sealed.begin(), sealed.end());
  ++count_;
}

Bytes RecordWriter::finish() && {
  out_[kCountAt] = static_cast<std::uint8_t>(count_ >> 8);
  out_[kCountAt + 1] = static_cast<std::uint8_t>(count_);
  return std::move(out_);
}

Result<RecordReader> RecordReader::parse(ByteView record) {
  if (record.size() < kHeaderBytes || record[0] != kFormat || record[1] > 1)
    return corrupt("a record");
  RecordReader reader;
  reader.kind_ = record[1] == 1 ? SubjectKind::kCompany : SubjectKind::kPerson;
  reader.generation_ = number_at(record, 2, 4);
  reader.commitment_ = record.subspan(6, 32);
  const std::size_t count = number_at(record, kCountAt, 2);
  std::size_t at = kHeaderBytes;
  for (std::size_t i = 0; i < count; ++i) {
    if (record.size() - at < kFieldHeader) return corrupt("a record");
    Field field;
    field.field = static_cast<std::uint16_t>(number_at(record, at, 2));
    field.number = record[at + 2];
    const std::size_t length = number_at(record, at + 3, 4);
    at += kFieldHeader;
    if (length < kNonce + kTag || record.size() - at < length) return corrupt("a record");
    field.sealed = record.subspan(at, length);
    at += length;
    reader.fields_.push_back(field);
  }
  if (at != record.size()) return corrupt("a record");
  return reader;
}

Result<void> RecordReader::fits(const SubjectKey& key) const {
  const auto commitment = commitment_to(key);
  if (sodium_memcmp(commitment.data(), commitment_.data(), commitment.size()) != 0)
    return corrupt("a record");
  return {};
}

Result<Bytes> RecordReader::open(const Field& field, std::string_view field_name,
                                 const RecordPlace& place, const SubjectKey& key) const {
  Bytes plain(field.sealed.size() - kNonce - kTag);
  const FieldPlace at(place, field_name, field.number, generation_);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          plain.data(), nullptr, nullptr, field.sealed.data() + kNonce,
          field.sealed.size() - kNonce, at.bytes().data(), at.bytes().size(), field.sealed.data(),
          key.reveal().data()) != 0)
    return corrupt(fmt::format("a record's field {}", field_name));
  return plain;
}

Bytes seal_document(ByteView text, const RecordPlace& place, std::string_view document,
                    std::int64_t version, const SubjectKey& key, Entropy& entropy) {
  return seal_committed(key.reveal(), document_place(place, document, version).bytes(), text,
                        entropy);
}

Result<Bytes> open_document(ByteView sealed, const RecordPlace& place, std::string_view document,
                            std::int64_t version, const SubjectKey& key) {
  auto plain =
      open_committed(key.reveal(), document_place(place, document, version).bytes(), sealed);
  if (!plain) return corrupt("a document");
  return plain;
}

}  // namespace madoguchi::vault
