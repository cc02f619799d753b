#include "recording/reader.h"

#include <fmt/format.h>
#include <sodium.h>

#include "recording/items.h"
#include "recording/little_endian.h"
#include "recording/sealed_layout.h"

namespace madoguchi::recording {

struct Reader::State {
  Header header;
  ByteView file;
  ByteView head;  // the header's bytes, bound into the first chunk
  std::size_t position = 0;
  crypto_secretstream_xchacha20poly1305_state stream{};
  Bytes plain;
  Chunk chunk;
  Ending ending = Ending::kNotReached;
  bool first = true;
  ~State() {
    sodium_memzero(&stream, sizeof stream);
    sodium_memzero(plain.data(), plain.size());
  }
};

namespace {

struct ParsedHeader {
  Header header;
  std::size_t bytes = 0;
  ByteView sealed_key;
  ByteView nonce;
};

auto corrupt(std::string what) {
  return fail(ErrorCode::kCorrupt, "the recording can't be read: " + what);
}

template <typename T>
bool take_id(ByteView& rest, T& into) {
  if (rest.empty() || rest.size() < 1U + rest[0]) return false;
  auto id = T::parse(as_text(rest.subspan(1, rest[0])));
  if (!id) return false;
  into = std::move(*id);
  rest = rest.subspan(1U + rest[0]);
  return true;
}

Result<ParsedHeader> parse_header(ByteView file) {
  const std::size_t fixed = kMagic.size() + 3;
  if (file.size() < fixed || as_text(file.first(kMagic.size())) != kMagic)
    return corrupt("it does not begin as a recording does");
  if (file[kMagic.size()] != kVersion)
    return fail(ErrorCode::kInvalid,
                fmt::format("the recording has version {}, this program reads version {}; use a "
                            "newer madoguchi",
                            file[kMagic.size()], kVersion));
  ParsedHeader parsed;
  parsed.bytes = get_little<std::uint16_t>(file.data() + kMagic.size() + 1);
  if (parsed.bytes < fixed || parsed.bytes > file.size())
    return corrupt("it ends within its header");
  ByteView rest = file.first(parsed.bytes).subspan(fixed);
  if (!take_id(rest, parsed.header.organisation) || !take_id(rest, parsed.header.key) ||
      !take_id(rest, parsed.header.call) || rest.size() != 8 + kSealedKeyBytes + kStreamNonceBytes)
    return corrupt("its header is damaged");
  parsed.header.started =
      time_from_micros(static_cast<std::int64_t>(get_little<std::uint64_t>(rest.data())));
  parsed.sealed_key = rest.subspan(8, kSealedKeyBytes);
  parsed.nonce = rest.subspan(8 + kSealedKeyBytes);
  return parsed;
}

bool take_frame(ByteView& rest, Micros base, Chunk& into) {
  if (rest.size() < kFrameHeadBytes) return false;
  const std::size_t length = get_little<std::uint16_t>(rest.data() + 18);
  if (length > kMostFrameBytes || rest.size() < kFrameHeadBytes + length) return false;
  if (rest[1] != 0 && rest[1] != 8) return false;
  if (rest[2] > 1) return false;
  Frame frame;
  frame.codec = static_cast<Codec>(rest[1]);
  frame.channel = static_cast<Channel>(rest[2]);
  frame.source = rest[3];
  frame.at = base + Micros(get_little<std::uint32_t>(rest.data() + 4));
  frame.ssrc = get_little<std::uint32_t>(rest.data() + 8);
  frame.timestamp = get_little<std::uint32_t>(rest.data() + 12);
  frame.sequence = get_little<std::uint16_t>(rest.data() + 16);
  frame.payload = rest.subspan(kFrameHeadBytes, length);
  into.frames.push_back(frame);
  rest = rest.subspan(kFrameHeadBytes + length);
  return true;
}

bool take_mark(ByteView& rest, Micros base, Chunk& into) {
  if (rest.size() < kMarkHeadBytes) return false;
  const std::size_t length = rest[6];
  if (rest.size() < kMarkHeadBytes + length) return false;
  if (rest[1] < static_cast<std::uint8_t>(MarkKind::kPause) ||
      rest[1] > static_cast<std::uint8_t>(MarkKind::kEnd))
    return false;
  Mark mark;
  mark.kind = static_cast<MarkKind>(rest[1]);
  mark.at = base + Micros(get_little<std::uint32_t>(rest.data() + 2));
  mark.note = std::string(as_text(rest.subspan(kMarkHeadBytes, length)));
  into.marks.push_back(std::move(mark));
  rest = rest.subspan(kMarkHeadBytes + length);
  return true;
}

bool parse_chunk(ByteView plain, Chunk& into) {
  into.frames.clear();
  into.marks.clear();
  if (plain.size() < kChunkBaseBytes) return false;
  const auto base = get_little<std::uint64_t>(plain.data());
  if (base > static_cast<std::uint64_t>(kLongest.count())) return false;
  into.base = Micros(static_cast<std::int64_t>(base));
  ByteView rest = plain.subspan(kChunkBaseBytes);
  while (!rest.empty()) {
    const bool good = rest[0] == kFrameItem  ? take_frame(rest, into.base, into)
                      : rest[0] == kMarkItem ? take_mark(rest, into.base, into)
                                             : false;
    if (!good) return false;
  }
  return true;
}

}  // namespace

Result<Header> read_header(ByteView file) {
  auto parsed = parse_header(file);
  if (!parsed) return tl::unexpected(parsed.error());
  return std::move(parsed->header);
}

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

Result<Reader> Reader::open(ByteView file, const SealKeyPair& keys) {
  auto parsed = parse_header(file);
  if (!parsed) return tl::unexpected(parsed.error());
  auto file_key = unseal(parsed->sealed_key, keys);
  if (!file_key || file_key->size() != kFileKeyBytes)
    return corrupt(fmt::format("key {} of organisation {} does not open it",
                               parsed->header.key.text(), parsed->header.organisation.text()));
  auto state = std::make_unique<State>();
  const int pulled = crypto_secretstream_xchacha20poly1305_init_pull(
      &state->stream, parsed->nonce.data(), file_key->data());
  sodium_memzero(file_key->data(), file_key->size());
  if (pulled != 0) return corrupt("its header is damaged");
  state->header = std::move(parsed->header);
  state->file = file;
  state->head = file.first(parsed->bytes);
  state->position = parsed->bytes;
  return Reader(std::move(state));
}

const Header& Reader::header() const {
  return state_->header;
}
Ending Reader::ending() const {
  return state_->ending;
}

Result<const Chunk*> Reader::next() {
  State& s = *state_;
  if (s.ending != Ending::kNotReached) return nullptr;
  const ByteView rest = s.file.subspan(s.position);
  const auto bad = [&](std::string_view what) {
    return corrupt(fmt::format("the bytes from {} on {}", s.position, what));
  };
  if (rest.size() < kLengthBytes) {
    s.ending = Ending::kCutOff;
    return nullptr;
  }
  const std::size_t sealed = get_little<std::uint32_t>(rest.data());
  if (sealed < kSealOverhead || sealed > kMostPlainBytes + kSealOverhead)
    return bad("were changed");
  if (rest.size() - kLengthBytes < sealed) {
    s.ending = Ending::kCutOff;
    return nullptr;
  }
  s.plain.resize(sealed - kSealOverhead);
  unsigned char tag = 0;
  const ByteView bound = s.first ? s.head : ByteView();
  if (crypto_secretstream_xchacha20poly1305_pull(&s.stream, s.plain.data(), nullptr, &tag,
                                                 rest.data() + kLengthBytes, sealed, bound.data(),
                                                 bound.size()) != 0)
    return bad("were changed");
  if (!parse_chunk(s.plain, s.chunk))
    return bad("are sealed but hold no chunk as this version has it");
  if (tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL) {
    if (s.position + kLengthBytes + sealed != s.file.size())
      return bad("should be the recording's last");
    s.ending = Ending::kClean;
  }
  s.first = false;
  s.position += kLengthBytes + sealed;
  return &s.chunk;
}

}  // namespace madoguchi::recording
