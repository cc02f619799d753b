#include "exchange/spool_format.h"

#include <array>

namespace madoguchi::exchange {
namespace {

constexpr std::size_t kHead = 8;           // size and checksum
constexpr std::size_t kFixed = 8 + 8 + 1;  // number, event, kind

template <typename T>
void put(Bytes& to, T value) {
  for (std::size_t i = 0; i < sizeof value; ++i)
    to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

template <typename T>
T get(ByteView from) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) value |= static_cast<T>(from[i]) << (8 * i);
  return value;
}

constexpr std::array<std::array<std::uint32_t, 256>, 8> make_crc_tables() {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0x82f63b78U & (0U - (crc & 1)));
    tables[0][i] = crc;
  }
  for (std::uint32_t i = 0; i < 256; ++i)
    for (std::size_t t = 1; t < 8; ++t)
      tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 0xff];
  return tables;
}

constexpr auto kCrcTables = make_crc_tables();

}  // namespace

std::uint32_t crc32c(ByteView bytes) {
  std::uint32_t crc = ~0U;
  while (bytes.size() >= 8) {  // eight bytes at a time, a table for each place
    const std::uint32_t low = crc ^ get<std::uint32_t>(bytes);
    crc = kCrcTables[7][low & 0xff] ^ kCrcTables[6][(low >> 8) & 0xff] ^
          kCrcTables[5][(low >> 16) & 0xff] ^ kCrcTables[4][low >> 24] ^ kCrcTables[3][bytes[4]] ^
          kCrcTables[2][bytes[5]] ^ kCrcTables[1][bytes[6]] ^ kCrcTables[0][bytes[7]];
    bytes = bytes.subspan(8);
  }
  for (const std::uint8_t byte : bytes) crc = (crc >> 8) ^ kCrcTables[0][(crc ^ byte) & 0xff];
  return ~crc;
}

void append_record(Bytes& to, std::uint64_t number, std::uint64_t event, RecordKind kind,
                   std::string_view payload) {
  const std::size_t start = to.size();
  put(to, static_cast<std::uint32_t>(kFixed + payload.size()));
  put(to, std::uint32_t{0});
  put(to, number);
  put(to, event);
  to.push_back(static_cast<std::uint8_t>(kind));
  const ByteView bytes = as_bytes(payload);
  to.insert(to.end(), bytes.begin(), bytes.end());
  const std::uint32_t crc = crc32c(ByteView(to).subspan(start + kHead));
  for (std::size_t i = 0; i < 4; ++i) to[start + 4 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
}

std::optional<Record> next_record(ByteView& rest) {
  if (rest.size() < kHead + kFixed) return std::nullopt;
  const auto size = get<std::uint32_t>(rest);
  if (size < kFixed || size > kFixed + kMaxRecordPayload || size > rest.size() - kHead)
    return std::nullopt;
  const ByteView body = rest.subspan(kHead, size);
  if (crc32c(body) != get<std::uint32_t>(rest.subspan(4))) return std::nullopt;
  Record record;
  record.number = get<std::uint64_t>(body);
  record.event = get<std::uint64_t>(body.subspan(8));
  record.kind = static_cast<RecordKind>(body[16]);
  record.payload = std::string(as_text(body.subspan(kFixed)));
  rest = rest.subspan(kHead + size);
  return record;
}

}  // namespace madoguchi::exchange
