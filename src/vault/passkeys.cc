#include "vault/passkeys.h"

#include <array>

#include "base/log.h"
#include "base/sealing.h"

namespace madoguchi::vault {
namespace {

// Base 32 (RFC 4648, 6), which leaves out the digits that are taken for letters.
constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t kCodeLetters = 16;  // of 5 bits
constexpr std::size_t kGroup = 4;
constexpr std::chrono::hours kCodeFresh{24};
constexpr std::size_t kMostPasskeys = 10;

constexpr std::string_view kSignIn = "sign in";

tl::unexpected<Error> refused() {
  return fail(ErrorCode::kDenied, "the passkey or code is not known, or was used, or is too old");
}

std::string end_of(const OperatorId& who) {
  return "make " + who.text();
}

// As typed: spaces and dashes are for people.
std::string digest_of_code(const std::string& typed) {
  std::string code;
  for (const char letter : typed) {
    if (letter == '-' || letter == ' ') continue;
    code += letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  }
  return to_hex(sha256(as_bytes("madoguchi.enrolment.1|" + code)));
}

}  // namespace

Result<StaffRow> Passkeys::known(const OperatorId& who) {
  auto row = parts_.store.find_staff(who);
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row)
    return fail(ErrorCode::kNotFound, who.text() +
                                          ": no such member of staff is known to the "
                                          "vault; the centre tells of new ones");
  return **std::move(row);
}

Result<std::string> Passkeys::make_code(const OperatorId& who) {
  const auto row = known(who);
  if (!row) return tl::unexpected<Error>(row.error());
  std::array<std::uint8_t, kCodeLetters> random{};
  parts_.entropy.fill(random.data(), random.size());
  std::string code;
  for (std::size_t i = 0; i < random.size(); ++i) {
    if (i > 0 && i % kGroup == 0) code += '-';
    code += kLetters[random[i] % kLetters.size()];
  }
  const Time now = parts_.clock.now();
  Act act;
  act.changes.emplace_back(PutEnrolment{{digest_of_code(code), who, now + kCodeFresh}});
  act.journal.push_back(
      {"enrolment_code", {{"operator", who.text()}, {"expires", format_utc(now + kCodeFresh)}}});
  if (auto told = parts_.authority.tell(act, who, "passkey_code", administrator()); !told)
    return tl::unexpected<Error>(told.error());
  if (auto kept = parts_.store.commit(now, act); !kept) return tl::unexpected<Error>(kept.error());
  return code;
}

// ---- making one

Result<Passkeys::Wanted> Passkeys::wanted(const StaffRow& row) {
  const auto passkeys = parts_.store.passkeys_of(row.id);
  if (!passkeys) return tl::unexpected<Error>(passkeys.error());
  if (passkeys->size() >= kMostPasskeys)
    return fail(ErrorCode::kConflict, "this person has as many passkeys as one may have");
  Wanted asked;
  asked.who = row.id;
  asked.display_name = row.display_name.empty() ? row.id.text() : row.display_name;
  const auto user = sha256(as_bytes("madoguchi.user.1|" + row.id.text()));
  asked.user.assign(user.begin(), user.end());
  asked.challenge = challenges_.make(end_of(row.id), parts_.clock.now());
  for (const PasskeyRow& one : *passkeys) asked.known.push_back(one.credential);
  return asked;
}

Result<EnrolmentRow> Passkeys::enrolment(const std::string& code) {
  auto found = parts_.store.find_enrolment(digest_of_code(code));
  if (!found) return tl::unexpected<Error>(found.error());
  if (!*found || (*found)->expires <= parts_.clock.now()) return refused();
  return **std::move(found);
}

Result<Passkeys::Wanted> Passkeys::wanted_with(const std::string& code) {
  const auto found = enrolment(code);
  if (!found) return tl::unexpected<Error>(found.error());
  return wanted_for(found->operator_id);
}

Result<Passkeys::Wanted> Passkeys::wanted_for(const OperatorId& who) {
  const auto row = known(who);
  if (!row) return tl::unexpected<Error>(row.error());
  return wanted(*row);
}

ChallengeCheck Passkeys::is_ours(std::string end) {
  return [this, end = std::move(end)](ByteView challenge) {
    return challenges_.use(challenge, end, parts_.clock.now());
  };
}

Result<PasskeyRow> Passkeys::checked(const OperatorId& who, const CeremonyPlace& place,
                                     const Made& made) {
  const auto passkey =
      check_registration(place, is_ours(end_of(who)), made.client_data, made.attestation_object);
  if (!passkey) return refuse("passkey_refused", who, passkey.error());
  PasskeyRow row;
  row.credential = to_base64url(passkey->credential);
  row.operator_id = who;
  row.public_key = to_base64(passkey->public_key);
  row.sign_count = passkey->sign_count;
  row.made = parts_.clock.now();
  const auto there = parts_.store.find_passkey(row.credential);
  if (!there) return tl::unexpected<Error>(there.error());
  if (*there) return fail(ErrorCode::kConflict, "this passkey is there already");
  return row;
}

Result<SignedIn> Passkeys::make_with(const std::string& code, const CeremonyPlace& place,
                                     const Made& made, const std::string& bound_to) {
  const auto found = enrolment(code);
  if (!found) return tl::unexpected<Error>(found.error());
  auto row = checked(found->operator_id, place, made);
  if (!row) return tl::unexpected<Error>(row.error());
  Act act;
  act.changes.emplace_back(UseEnrolment{found->digest});
  act.changes.emplace_back(PutPasskey{*std::move(row)});
  act.journal.push_back(
      {"passkey_made",
       {{"operator", found->operator_id.text()}, {"by", std::string("enrolment_code")}}});
  if (auto told =
          parts_.authority.tell(act, found->operator_id, "passkey_made", found->operator_id);
      !told)
    return tl::unexpected<Error>(told.error());
  return parts_.staff.begin(found->operator_id, std::move(act), "passkey", bound_to);
}

Result<void> Passkeys::make_for(const OperatorId& who, const CeremonyPlace& place,
                                const Made& made) {
  auto row = checked(who, place, made);
  if (!row) return tl::unexpected<Error>(row.error());
  Act act;
  act.changes.emplace_back(PutPasskey{*std::move(row)});
  act.journal.push_back(
      {"passkey_made", {{"operator", who.text()}, {"by", std::string("session")}}});
  if (auto told = parts_.authority.tell(act, who, "passkey_made", who); !told) return told;
  return parts_.store.commit(parts_.clock.now(), act);
}

// ---- signing in

Bytes Passkeys::challenge() {
  return challenges_.make(kSignIn, parts_.clock.now());
}

// Refusals are journalled only of passkeys that are known: strangers fill nothing.
tl::unexpected<Error> Passkeys::refuse(std::string_view act, const OperatorId& who,
                                       const Error& why) {
  if (why.code != ErrorCode::kDenied && why.code != ErrorCode::kInvalid)
    return tl::unexpected<Error>(why);
  log_warn("{} {}: {}", act, who.text(), why.message);
  if (auto kept = parts_.store.commit(parts_.clock.now(),
                                      {{}, {{std::string(act), {{"operator", who.text()}}}}});
      !kept)
    return tl::unexpected<Error>(kept.error());
  return refused();
}

Result<SignedIn> Passkeys::sign_in(const CeremonyPlace& place, const std::string& credential,
                                   const Assertion& assertion, const std::string& bound_to) {
  const auto found = parts_.store.find_passkey(credential);
  if (!found) return tl::unexpected<Error>(found.error());
  if (!*found) return refused();
  const PasskeyRow& row = **found;
  const auto key = from_base64(row.public_key);
  if (!key) return fail(ErrorCode::kCorrupt, "a passkey's stored key is no base64");
  const auto count = check_assertion(place, is_ours(std::string(kSignIn)),
                                     {*key, static_cast<std::uint32_t>(row.sign_count)}, assertion);
  if (!count) return refuse("passkey_refused", row.operator_id, count.error());
  Act act;
  act.changes.emplace_back(CountPasskey{row.credential, row.sign_count, *count});
  return parts_.staff.begin(row.operator_id, std::move(act), "passkey", bound_to);
}

}  // namespace madoguchi::vault
