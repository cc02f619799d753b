#include "vault/exports/sealed_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/aead.h"

namespace madoguchi::vault {
namespace {

using nlohmann::json;

constexpr std::string_view kMagic = "madoguchi-export-1\n";
constexpr std::size_t kPiece = 64 * 1024;
constexpr std::uint32_t kLast = 0x80000000U;
constexpr std::size_t kMostHeader = 4096;

void put_length(Bytes& out, std::uint32_t length) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(length >> shift));
}

std::array<std::uint8_t, kAeadNonceBytes> nonce_of(std::uint64_t piece, bool last) {
  std::array<std::uint8_t, kAeadNonceBytes> nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[i] = static_cast<std::uint8_t>(piece >> (8 * (7 - i)));
  nonce[8] = last ? 1 : 0;
  return nonce;
}

tl::unexpected<Error> corrupt(std::string_view what) {
  return fail(ErrorCode::kCorrupt, fmt::format("the export {}", what));
}

// What is left of a file while it is read.
class Rest {
 public:
  explicit Rest(ByteView bytes) : bytes_(bytes) {}
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  std::optional<ByteView> take(std::size_t count) {
    if (bytes_.size() < count) return std::nullopt;
    const ByteView taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }
  std::optional<std::uint32_t> length() {
    const auto four = take(4);
    if (!four) return std::nullopt;
    std::uint32_t number = 0;
    for (const std::uint8_t byte : *four) number = number << 8 | byte;
    return number;
  }
  std::optional<ByteView> counted(std::size_t most) {
    const auto size = length();
    if (!size || *size > most) return std::nullopt;
    return take(*size);
  }

 private:
  ByteView bytes_;
};

struct Head {
  ExportHeader header;
  Bytes bound;
};

Result<Head> read_head(Rest& rest) {
  const auto magic = rest.take(kMagic.size());
  if (!magic || as_text(*magic) != kMagic)
    return fail(ErrorCode::kInvalid, "this is no file of a Madoguchi export");
  const auto text = rest.counted(kMostHeader);
  if (!text) return corrupt("is cut short");
  const json in = json::parse(as_text(*text), nullptr, false);
  if (!in.is_object()) return corrupt("has no header");
  const auto word = [&](const char* name) {
    const auto found = in.find(name);
    return found != in.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  Head head;
  head.header = {word("export"), word("owner"), word("purpose"), word("recipient"), 0, {}};
  if (const auto lines = in.find("lines"); lines != in.end() && lines->is_number_unsigned())
    head.header.lines = lines->get<std::uint64_t>();
  const auto made = parse_utc(word("made_at"));
  if (!made || !is_valid_id(head.header.export_id)) return corrupt("has a header that is none");
  head.header.made = *made;
  const auto digest = sha256(*text);
  head.bound.assign(digest.begin(), digest.end());
  return head;
}

}  // namespace

Result<SealedExportWriter> SealedExportWriter::begin(const ExportHeader& header,
                                                     const RecipientKey& to, Entropy& entropy,
                                                     ByteSink sink) {
  const std::string text = json{{"v", 1},
                                {"export", header.export_id},
                                {"owner", header.owner},
                                {"purpose", header.purpose},
                                {"recipient", header.recipient},
                                {"lines", header.lines},
                                {"made_at", format_utc(header.made)}}
                               .dump();
  Secret key(kAeadKeyBytes,
             [&](std::span<std::uint8_t> into) { entropy.fill(into.data(), into.size()); });
  const Bytes sealed = seal(key.reveal(), to.key);
  Bytes head(kMagic.begin(), kMagic.end());
  put_length(head, static_cast<std::uint32_t>(text.size()));
  head.insert(head.end(), text.begin(), text.end());
  put_length(head, static_cast<std::uint32_t>(sealed.size()));
  head.insert(head.end(), sealed.begin(), sealed.end());
  if (auto written = sink(head); !written) return tl::unexpected<Error>(written.error());
  const auto digest = sha256(as_bytes(text));
  return SealedExportWriter(std::move(key), Bytes(digest.begin(), digest.end()), std::move(sink));
}

Result<void> SealedExportWriter::write_piece(bool last) {
  const std::size_t size = std::min(waiting_.size(), kPiece);
  const auto sealed = xchacha20_poly1305_seal(key_.reveal(), nonce_of(pieces_, last), bound_,
                                              ByteView(waiting_).first(size));
  if (!sealed) return tl::unexpected<Error>(sealed.error());
  Bytes out;
  put_length(out, static_cast<std::uint32_t>(sealed->size()) | (last ? kLast : 0));
  out.insert(out.end(), sealed->begin(), sealed->end());
  wipe(std::span(waiting_).first(size));
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(size));
  ++pieces_;
  return sink_(out);
}

Result<void> SealedExportWriter::add(std::string_view text) {
  waiting_.insert(waiting_.end(), text.begin(), text.end());
  while (waiting_.size() > kPiece)
    if (auto written = write_piece(false); !written) return written;
  return {};
}

Result<void> SealedExportWriter::finish() {
  return write_piece(true);
}

Result<ExportHeader> read_export_header(ByteView file) {
  Rest rest(file);
  auto head = read_head(rest);
  if (!head) return tl::unexpected<Error>(head.error());
  return std::move(head->header);
}

Result<ExportHeader> open_export(ByteView file, const RecipientSecret& recipient, ByteSink sink) {
  Rest rest(file);
  auto head = read_head(rest);
  if (!head) return tl::unexpected<Error>(head.error());
  const auto sealed = rest.counted(kMostHeader);
  if (!sealed) return corrupt("is cut short");
  auto key = unseal(*sealed, recipient.keys);
  if (!key || key->size() != kAeadKeyBytes)
    return fail(ErrorCode::kDenied, fmt::format("the export is sealed to another key, that of {}",
                                                head->header.recipient));
  bool over = false;
  for (std::uint64_t piece = 0; !over; ++piece) {
    const auto length = rest.length();
    if (!length) return corrupt("is cut short");
    over = (*length & kLast) != 0;
    const std::size_t size = *length & ~kLast;
    const auto cipher = size > kPiece + kAeadTagBytes ? std::nullopt : rest.take(size);
    if (!cipher) return corrupt("is cut short");
    auto plain = xchacha20_poly1305_open(*key, nonce_of(piece, over), head->bound, *cipher);
    if (!plain) return corrupt(fmt::format("was changed (piece {})", piece));
    const auto taken = sink(*plain);
    wipe(std::span(*plain));
    if (!taken) return tl::unexpected<Error>(taken.error());
  }
  wipe(std::span(*key));
  if (!rest.empty()) return corrupt("has bytes after its end");
  return std::move(head->header);
}

}  // namespace madoguchi::vault
