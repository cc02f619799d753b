#include "sip/stream_framer.h"

#include <algorithm>

namespace madoguchi::sip {
namespace {

// Content-Length of a head (start line to empty line): nullopt when absent, repeated or no number.
std::optional<std::size_t> content_length(std::string_view head) {
  std::optional<std::size_t> length;
  bool seen = false;
  std::size_t at = head.find("\r\n");
  while (at != std::string_view::npos && at + 2 < head.size()) {
    at += 2;
    std::size_t end = head.find("\r\n", at);
    if (end == std::string_view::npos) break;
    // A folded line belongs to the one before.
    while (end + 2 < head.size() && (head[end + 2] == ' ' || head[end + 2] == '\t')) {
      const std::size_t next = head.find("\r\n", end + 2);
      if (next == std::string_view::npos) break;
      end = next;
    }
    const std::string_view line = head.substr(at, end - at);
    const std::size_t colon = std::min(line.find(':'), line.size());
    if (colon < line.size() && header_from(trim(line.substr(0, colon))) == Header::kContentLength) {
      if (seen) return std::nullopt;
      seen = true;
      std::string_view value = line.substr(colon + 1);
      const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
      while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
      while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
      length = parse_u32_clamped(value);
    }
    at = end;
  }
  return length;
}

}  // namespace

void StreamFramer::append(std::string_view bytes) {
  if (broken_) return;
  // What was handed out is given back before the buffer grows.
  if (at_ > 0) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  buffer_.append(bytes);
}

void StreamFramer::drop(std::size_t count) {
  at_ += count;
  scanned_ = 0;
  wanted_ = 0;
}

StreamFramer::Item StreamFramer::break_off(std::size_t head_size) {
  Item item{Kind::kBroken, buffer_.substr(at_, head_size)};
  broken_ = true;
  buffer_ = std::string();
  at_ = 0;
  return item;
}

std::optional<StreamFramer::Item> StreamFramer::take_blank_lines() {
  while (true) {
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    if (rest.starts_with("\r\n\r\n")) {
      drop(4);
      return Item{Kind::kPing, {}};
    }
    if (!rest.starts_with("\r\n")) return std::nullopt;
    if (pong_expected_) {
      pong_expected_ = false;
      drop(2);
      return Item{Kind::kPong, {}};
    }
    // Half a ping, perhaps: only what follows can tell.
    if (rest.size() == 2 || rest == "\r\n\r") return std::nullopt;
    drop(2);
  }
}

std::optional<StreamFramer::Item> StreamFramer::next() {
  if (broken_) return std::nullopt;
  if (wanted_ == 0) {
    if (auto keep_alive = take_blank_lines()) return keep_alive;
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    if (rest.starts_with("\r\n")) return std::nullopt;
    const std::size_t end = rest.find("\r\n\r\n", scanned_);
    if (end == std::string_view::npos) {
      if (rest.size() > kMaxMessageBytes) return break_off(0);
      scanned_ = rest.size() > 3 ? rest.size() - 3 : 0;
      return std::nullopt;
    }
    const std::size_t head = end + 4;
    const auto length = content_length(rest.substr(0, head));
    if (!length || *length > kMaxMessageBytes || head + *length > kMaxMessageBytes)
      return break_off(std::min(head, kMaxMessageBytes));
    wanted_ = head + *length;
  }
  if (buffer_.size() - at_ < wanted_) return std::nullopt;
  Item item{Kind::kMessage, buffer_.substr(at_, wanted_)};
  drop(wanted_);
  return item;
}

}  // namespace madoguchi::sip
