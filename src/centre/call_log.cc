#include "centre/call_log.h"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <array>

#include "routing/names.h"

namespace madoguchi::centre {
namespace {

// "+81300000001": no program takes it for more than a number.
bool is_telephone(std::string_view text) {
  return text.size() > 1 && text.front() == '+' &&
         text.find_first_not_of("0123456789", 1) == text.npos;
}

// What a spreadsheet would take for a formula is told with a quote before it.
class Lines {
 public:
  void cell(std::string_view text) {
    if (!first_) out_ += ',';
    first_ = false;
    const bool formula = !text.empty() &&
                         std::string_view("=+-@\t\r").find(text.front()) != text.npos &&
                         !is_telephone(text);
    out_ += '"';
    if (formula) out_ += '\'';
    for (const char c : text) {
      if (c == '"') out_ += '"';
      out_ += c;
    }
    out_ += '"';
  }
  void time(const std::optional<Time>& at) { cell(at ? format_utc(*at) : std::string()); }
  void end() {
    out_ += "\r\n";
    first_ = true;
  }
  std::string done() && { return std::move(out_); }

 private:
  std::string out_;
  bool first_ = true;
};

// The columns of every line; a leg's or a state's line leaves the call's own empty.
constexpr std::array<const char*, 18> kColumns{
    "call_id",       "kind",        "at",          "until",
    "direction",     "desk_id",     "desk",        "organisation_id",
    "number_called", "line_token",  "withheld",    "outcome",
    "end_cause",     "disposition", "operator_id", "state",
    "detail",        "promise_id"};

void blanks(Lines& lines, int count) {
  for (int i = 0; i < count; ++i) lines.cell("");
}

void write_call(Lines& lines, const CallRecord& call, const FloorParts& floor) {
  const auto desk = floor.desks.find(call.desk);
  lines.cell(call.id.text());
  lines.cell("call");
  lines.time(call.arrived);
  lines.time(call.ended);
  lines.cell(call.outbound ? "out" : "in");
  lines.cell(call.desk.text());
  lines.cell(desk == floor.desks.end() ? "" : desk->second.name);
  lines.cell(call.organisation.text());
  lines.cell(call.number_called);
  lines.cell(call.line.text());
  lines.cell(call.withheld ? "yes" : "no");
  lines.cell(call.outbound ? (call.talked ? "talked" : "not_reached")
                           : routing::name_of(call.bucket));
  lines.cell(call.cause ? routing::name_of(*call.cause) : "");
  lines.cell(call.disposition);
  lines.cell(call.with.text());
  lines.cell("");
  lines.cell(call.cause_detail);
  lines.cell(call.promise.text());
  lines.end();
}

void write_part(Lines& lines, const CallId& call, std::string_view kind, Time at,
                const std::optional<Time>& until, const OperatorId& who, std::string_view state,
                std::string_view detail) {
  lines.cell(call.text());
  lines.cell(kind);
  lines.time(at);
  lines.time(until);
  blanks(lines, 10);
  lines.cell(who.text());
  lines.cell(state);
  lines.cell(detail);
  lines.cell("");
  lines.end();
}

std::string_view word_of(const LegRecord& leg) {
  if (!leg.how) return leg.connected ? "talking" : "ringing";
  static constexpr std::array<const char*, 6> kHow{"talked",     "missed",    "refused",
                                                   "audio_lost", "cancelled", "handed_over"};
  return kHow[static_cast<std::size_t>(*leg.how)];
}

}  // namespace

std::string to_cp932(const std::string& utf8) {
  const iconv_t to = iconv_open("CP932", "UTF-8");
  if (to == reinterpret_cast<iconv_t>(-1)) return utf8;
  std::string out(utf8.size() * 2 + 16, '\0');
  char* in_at = const_cast<char*>(utf8.data());
  std::size_t in_left = utf8.size();
  char* out_at = out.data();
  std::size_t out_left = out.size();
  while (in_left > 0) {
    if (iconv(to, &in_at, &in_left, &out_at, &out_left) != static_cast<std::size_t>(-1)) break;
    if (in_left == 0 || out_left == 0) break;
    // One sign that CP932 has not, or a broken byte: skip the whole UTF-8 sequence.
    do {
      ++in_at;
      --in_left;
    } while (in_left > 0 && (static_cast<unsigned char>(*in_at) & 0xC0) == 0x80);
    *out_at++ = '?';
    --out_left;
  }
  iconv_close(to);
  out.resize(out.size() - out_left);
  return out;
}

std::string call_log_csv(const std::vector<LoggedCall>& log, const FloorParts& floor,
                         Encoding encoding) {
  return call_log_head(encoding) + call_log_lines(log, floor, encoding);
}

std::string call_log_head(Encoding encoding) {
  Lines lines;
  for (const char* name : kColumns) lines.cell(name);
  lines.end();
  const std::string text = std::move(lines).done();  // ASCII
  return encoding == Encoding::kCp932 ? text : "\xEF\xBB\xBF" + text;
}

std::string call_log_lines(const std::vector<LoggedCall>& log, const FloorParts& floor,
                           Encoding encoding) {
  Lines lines;
  for (const LoggedCall& logged : log) {
    write_call(lines, logged.call, floor);
    for (const LegRecord& leg : logged.legs)
      write_part(lines, logged.call.id, "leg", leg.offered, leg.ended, leg.who, word_of(leg),
                 leg.by_phone ? "phone" : "browser");
    for (const StateRecord& state : logged.states)
      write_part(lines, logged.call.id, "state", state.since, state.until, state.who,
                 routing::name_of(state.state), "");
    for (const RecordingRecord& recording : logged.recordings)
      write_part(lines, logged.call.id, "recording", recording.started, recording.closed, {},
                 recording.cut_off ? "cut_off" : "", recording.digest_hex);
  }
  std::string text = std::move(lines).done();
  return encoding == Encoding::kCp932 ? to_cp932(text) : text;
}

}  // namespace madoguchi::centre
