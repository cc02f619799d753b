#include "sip/method.h"

#include <array>
#include <cstddef>

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
  switch (status) {
    case 100:
      return "Trying";
    case 180:
      return "Ringing";
    case 181:
      return "Call Is Being Forwarded";
    case 182:
      return "Queued";
    case 183:
      return "Session Progress";
    case 199:
      return "Early Dialog Terminated";
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Notification";
    case 300:
      return "Multiple Choices";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Moved Temporarily";
    case 305:
      return "Use Proxy";
    case 380:
      return "Alternative Service";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 407:
      return "Proxy Authentication Required";
    case 408:
      return "Request Timeout";
    case 410:
      return "Gone";
    case 412:
      return "Conditional Request Failed";
    case 413:
      return "Request Entity Too Large";
    case 414:
      return "Request-URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Unsupported URI Scheme";
    case 420:
      return "Bad Extension";
    case 421:
      return "Extension Required";
    case 422:
      return "Session Interval Too Small";
    case 423:
      return "Interval Too Brief";
    case 433:
      return "Anonymity Disallowed";
    case 480:
      return "Temporarily Unavailable";
    case 481:
      return "Call/Transaction Does Not Exist";
    case 482:
      return "Loop Detected";
    case 483:
      return "Too Many Hops";
    case 484:
      return "Address Incomplete";
    case 485:
      return "Ambiguous";
    case 486:
      return "Busy Here";
    case 487:
      return "Request Terminated";
    case 488:
      return "Not Acceptable Here";
    case 489:
      return "Bad Event";
    case 491:
      return "Request Pending";
    case 493:
      return "Undecipherable";
    case 500:
      return "Server Internal Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Server Time-out";
    case 505:
      return "Version Not Supported";
    case 513:
      return "Message Too Large";
    case 580:
      return "Precondition Failure";
    case 600:
      return "Busy Everywhere";
    case 603:
      return "Decline";
    case 604:
      return "Does Not Exist Anywhere";
    case 606:
      return "Not Acceptable";
    default:
      return "Unknown";
  }
}

}  // namespace madoguchi::sip
