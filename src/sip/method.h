// Methods and header names known by number, so that code compares integers rather than text. What
// is not known is kept as text and travels as kOther.
#pragma once

#include <cstdint>
#include <string_view>

namespace madoguchi::sip {

enum class Method : std::uint8_t {
  kOther,
  kInvite,
  kAck,
  kBye,
  kCancel,
  kOptions,
  kRegister,
  kPrack,
  kUpdate,
  kInfo,
  kRefer,
  kNotify,
  kSubscribe,
  kMessage,
  kPublish,
};

// Methods compare with regard to case (RFC 3261, 7.1): "invite" is kOther.
Method method_from(std::string_view name);
std::string_view name_of(Method method);  // "" for kOther

enum class Header : std::uint8_t {
  kOther,
  kAccept,
  kAcceptEncoding,
  kAcceptLanguage,
  kAlertInfo,
  kAllow,
  kAllowEvents,
  kAuthenticationInfo,
  kAuthorization,
  kCallId,
  kCallInfo,
  kContact,
  kContentDisposition,
  kContentEncoding,
  kContentLanguage,
  kContentLength,
  kContentType,
  kCSeq,
  kDate,
  kDiversion,
  kErrorInfo,
  kEvent,
  kExpires,
  kFlowTimer,
  kFrom,
  kHistoryInfo,
  kInReplyTo,
  kMaxForwards,
  kMimeVersion,
  kMinExpires,
  kMinSe,
  kOrganization,
  kPath,
  kPAssertedIdentity,
  kPPreferredIdentity,
  kPriority,
  kPrivacy,
  kProxyAuthenticate,
  kProxyAuthorization,
  kProxyRequire,
  kRAck,
  kReason,
  kRecordRoute,
  kReferredBy,
  kReferSub,
  kReferTo,
  kRemotePartyId,
  kReplaces,
  kReplyTo,
  kRequire,
  kRetryAfter,
  kRoute,
  kRSeq,
  kServer,
  kServiceRoute,
  kSessionExpires,
  kSubject,
  kSubscriptionState,
  kSupported,
  kTimestamp,
  kTo,
  kUnsupported,
  kUserAgent,
  kVia,
  kWarning,
  kWwwAuthenticate,
};
inline constexpr std::size_t kHeaderCount = static_cast<std::size_t>(Header::kWwwAuthenticate) + 1;

// Long or compact form ("i", "v"...), without regard to case.
Header header_from(std::string_view name);
std::string_view name_of(Header header);  // the long form as RFCs write it; "" for kOther
// Whether RFC grammar makes its value a comma-separated list, so that several fields equal one
// joined.
bool is_list(Header header);

// The reason phrase RFCs give a status code; "Unknown" for one without.
std::string_view default_reason(int status);

}  // namespace madoguchi::sip
