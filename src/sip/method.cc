#include "sip/method.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "sip/text.h"

namespace madoguchi::sip {
namespace {

constexpr std::array<std::string_view, 15> kMethods = {
    "",       "INVITE", "ACK",   "BYE",    "CANCEL",    "OPTIONS", "REGISTER", "PRACK",
    "UPDATE", "INFO",   "REFER", "NOTIFY", "SUBSCRIBE", "MESSAGE", "PUBLISH"};

struct Known {
  std::string_view name;
  char compact;  // '\0' when it has no short form (RFC 3261, 7.3.3 and the RFC of each extension)
  bool list;
};

// In the order of enum Header.
constexpr std::array<Known, kHeaderCount> kHeaders = {{
    {"", '\0', false},
    {"Accept", '\0', true},
    {"Accept-Encoding", '\0', true},
    {"Accept-Language", '\0', true},
    {"Alert-Info", '\0', true},
    {"Allow", '\0', true},
    {"Allow-Events", 'u', true},
    {"Authentication-Info", '\0', false},
    {"Authorization", '\0', false},
    {"Call-ID", 'i', false},
    {"Call-Info", '\0', true},
    {"Contact", 'm', true},
    {"Content-Disposition", '\0', false},
    {"Content-Encoding", 'e', true},
    {"Content-Language", '\0', true},
    {"Content-Length", 'l', false},
    {"Content-Type", 'c', false},
    {"CSeq", '\0', false},
    {"Date", '\0', false},
    {"Diversion", '\0', true},
    {"Error-Info", '\0', true},
    {"Event", 'o', false},
    {"Expires", '\0', false},
    {"Flow-Timer", '\0', false},
    {"From", 'f', false},
    {"History-Info", '\0', true},
    {"In-Reply-To", '\0', true},
    {"Max-Forwards", '\0', false},
    {"MIME-Version", '\0', false},
    {"Min-Expires", '\0', false},
    {"Min-SE", '\0', false},
    {"Organization", '\0', false},
    {"Path", '\0', true},
    {"P-Asserted-Identity", '\0', true},
    {"P-Preferred-Identity", '\0', true},
    {"Priority", '\0', false},
    {"Privacy", '\0', false},
    {"Proxy-Authenticate", '\0', false},
    {"Proxy-Authorization", '\0', false},
    {"Proxy-Require", '\0', true},
    {"RAck", '\0', false},
    {"Reason", '\0', true},
    {"Record-Route", '\0', true},
    {"Referred-By", 'b', false},
    {"Refer-Sub", '\0', false},
    {"Refer-To", 'r', false},
    {"Remote-Party-ID", '\0', true},
    {"Replaces", '\0', false},
    {"Reply-To", '\0', false},
    {"Require", '\0', true},
    {"Retry-After", '\0', false},
    {"Route", '\0', true},
    {"RSeq", '\0', false},
    {"Server", '\0', false},
    {"Service-Route", '\0', true},
    {"Session-Expires", 'x', false},
    {"Subject", 's', false},
    {"Subscription-State", '\0', false},
    {"Supported", 'k', true},
    {"Timestamp", '\0', false},
    {"To", 't', false},
    {"Unsupported", '\0', true},
    {"User-Agent", '\0', false},
    {"Via", 'v', true},
    {"Warning", '\0', true},
    {"WWW-Authenticate", '\0', false},
}};

constexpr std::uint32_t hash_name(std::string_view name) {
  std::uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(lower(c))) * 16777619U;
  return hash ^ (hash >> 15);
}

// Open addressing; a fixed table cannot be flooded.
constexpr std::size_t kBuckets = 256;
constexpr std::array<std::uint8_t, kBuckets> make_index() {
  std::array<std::uint8_t, kBuckets> index{};
  for (std::size_t i = 1; i < kHeaderCount; ++i) {
    std::size_t at = hash_name(kHeaders[i].name) % kBuckets;
    while (index[at] != 0) at = (at + 1) % kBuckets;
    index[at] = static_cast<std::uint8_t>(i);
  }
  return index;
}
constexpr auto kIndex = make_index();

constexpr std::array<Header, 26> make_compact() {
  std::array<Header, 26> compact{};
  for (std::size_t i = 1; i < kHeaderCount; ++i)
    if (kHeaders[i].compact != '\0') compact[kHeaders[i].compact - 'a'] = static_cast<Header>(i);
  return compact;
}
constexpr auto kCompact = make_compact();

struct Phrase {
  int status;
  std::string_view text;
};

// In order of status.
constexpr Phrase kPhrases[] = {
    {100, "Trying"},
    {180, "Ringing"},
    {181, "Call Is Being Forwarded"},
    {182, "Queued"},
    {183, "Session Progress"},
    {199, "Early Dialog Terminated"},
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Notification"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Moved Temporarily"},
    {305, "Use Proxy"},
    {380, "Alternative Service"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {410, "Gone"},
    {412, "Conditional Request Failed"},
    {413, "Request Entity Too Large"},
    {414, "Request-URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Unsupported URI Scheme"},
    {420, "Bad Extension"},
    {421, "Extension Required"},
    {422, "Session Interval Too Small"},
    {423, "Interval Too Brief"},
    {433, "Anonymity Disallowed"},
    {480, "Temporarily Unavailable"},
    {481, "Call/Transaction Does Not Exist"},
    {482, "Loop Detected"},
    {483, "Too Many Hops"},
    {484, "Address Incomplete"},
    {485, "Ambiguous"},
    {486, "Busy Here"},
    {487, "Request Terminated"},
    {488, "Not Acceptable Here"},
    {489, "Bad Event"},
    {491, "Request Pending"},
    {493, "Undecipherable"},
    {500, "Server Internal Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Server Time-out"},
    {505, "Version Not Supported"},
    {513, "Message Too Large"},
    {580, "Precondition Failure"},
    {600, "Busy Everywhere"},
    {603, "Decline"},
    {604, "Does Not Exist Anywhere"},
    {606, "Not Acceptable"},
};

}  // namespace

Method method_from(std::string_view name) {
  for (std::size_t i = 1; i < kMethods.size(); ++i)
    if (kMethods[i] == name) return static_cast<Method>(i);
  return Method::kOther;
}

std::string_view name_of(Method method) {
  return kMethods[static_cast<std::size_t>(method)];
}

Header header_from(std::string_view name) {
  if (name.size() == 1) {
    const char c = lower(name[0]);
    return c >= 'a' && c <= 'z' ? kCompact[c - 'a'] : Header::kOther;
  }
  std::size_t at = hash_name(name) % kBuckets;
  while (kIndex[at] != 0) {
    if (iequals(kHeaders[kIndex[at]].name, name)) return static_cast<Header>(kIndex[at]);
    at = (at + 1) % kBuckets;
  }
  return Header::kOther;
}

std::string_view name_of(Header header) {
  return kHeaders[static_cast<std::size_t>(header)].name;
}

bool is_list(Header header) {
  return kHeaders[static_cast<std::size_t>(header)].list;
}

std::string_view default_reason(int status) {
  const auto* const found =
      std::lower_bound(std::begin(kPhrases), std::end(kPhrases), status,
                       [](const Phrase& phrase, int wanted) { return phrase.status < wanted; });
  return found != std::end(kPhrases) && found->status == status ? found->text : "Unknown";
}

}  // namespace madoguchi::sip
