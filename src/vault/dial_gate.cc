#include "vault/dial_gate.h"

#include <algorithm>

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostOutcome = 40;
constexpr std::string_view kPhoneKind = "own_phone";
constexpr std::string_view kWishField = "wish_number";
constexpr int kMostEarly = 200;  // a minute: a taken-over centre must not fill the store

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= kMostOutcome &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

}  // namespace

Result<WishAnswer> DialGate::keep(const WishAsked& asked) {
  const std::lock_guard lock(mutex_);
  if (asked.id.empty()) return WishAnswer{{}, "invalid"};
  const auto known = parts_.store.find_wish(asked.id);
  if (!known) return tl::unexpected<Error>(known.error());
  // One that was settled before it came has no call: its answer is made as for any other, and it
  // stays settled.
  const bool settled_early = *known && (*known)->call.empty();
  if (*known && !settled_early) return WishAnswer{(*known)->token, (*known)->refused};

  const auto directory = parts_.registry.directory();
  const Organisation* organisation = directory->find(asked.organisation);
  // Not kept, so that it may be sent again once the centre has told of the organisation.
  if (organisation == nullptr) return WishAnswer{{}, std::string(kUnknownOrganisation)};
  // A wish's answer carries a line token too.
  if (!parts_.registry.may_tokenise(asked.organisation))
    return WishAnswer{{}, std::string(kTokenLimit)};
  const Time now = parts_.clock.now();
  WishRow row;
  row.id = asked.id;
  row.call = asked.call;
  row.organisation = asked.organisation;
  row.other_line = asked.other_line;
  // The exchange's clock is not ours: a wish can't lie ahead, and one without a time is of now.
  row.asked = asked.asked > Time() && asked.asked < now ? asked.asked : now;
  const auto line = directory->read(asked.sealed_number, parts_.plan, now);
  if (line) {
    row.token = Directory::token_of(*line, *organisation);
    row.mark = directory->mark_of(*line);
    row.wrapped_number = wrap(as_bytes(line->e164.reveal()), organisation->wish_key,
                              {organisation->id.text(), kWishField, row.id.text()});
    if (const auto refused = parts_.rules.refuse_line(*line)) row.refused = refused->word;
    if (!directory->owner_of(line->e164.reveal()).empty()) row.refused = "own_number";
  } else {
    row.refused = line.error();
  }
  if (settled_early) return WishAnswer{row.token, row.refused};
  Act act;
  act.journal.push_back({row.refused.empty() ? "wish_kept" : "wish_refused",
                         {{"wish", row.id.text()},
                          {"call", row.call.text()},
                          {"organisation", row.organisation.text()},
                          {"line", row.token.text()},
                          {"other_line", row.other_line},
                          {"refused", row.refused}}});
  const WishAnswer answer{row.token, row.refused};
  act.changes.emplace_back(PutWish{std::move(row)});
  if (auto kept = parts_.store.commit(now, act); !kept) return tl::unexpected<Error>(kept.error());
  return answer;
}

Result<void> DialGate::settle(const WishId& wish, const std::string& outcome) {
  const std::lock_guard lock(mutex_);
  if (!is_word(outcome))
    return fail(ErrorCode::kInvalid, "an outcome is a word of a-z and _, at most 40 long");
  const auto known = parts_.store.find_wish(wish);
  if (!known) return tl::unexpected<Error>(known.error());
  if (!*known) return settle_early(wish, outcome);
  if (!(*known)->settled.empty()) return {};
  return parts_.store.commit(parts_.clock.now(),
                             {{SettleWish{wish, outcome}},
                              {{"wish_settled", {{"wish", wish.text()}, {"outcome", outcome}}}}});
}

// The exchange's word of it is still on its way here, or was lost.
Result<void> DialGate::settle_early(const WishId& wish, const std::string& outcome) {
  const Time now = parts_.clock.now();
  if (now - early_minute_ >= std::chrono::minutes(1) || now < early_minute_) {
    early_minute_ = now;
    early_ = 0;
  }
  if (early_ >= kMostEarly)
    return fail(ErrorCode::kExhausted, "too many wishes are settled that are not known here");
  ++early_;
  WishRow row;
  row.id = wish;
  row.asked = now;
  row.settled = outcome;
  return parts_.store.commit(
      now, {{PutWish{std::move(row)}},
            {{"wish_settled", {{"wish", wish.text()}, {"outcome", outcome}, {"known", false}}}}});
}

tl::expected<DialGate::Target, Refusal> DialGate::open(std::string_view wrapped, const Secret& key,
                                                       const Place& place) const {
  const auto plain = unwrap(wrapped, key, place);
  if (!plain) return tl::unexpected(parts_.rules.refusal("invalid"));
  const auto line =
      parts_.plan.read(Number(std::string(as_text(plain->reveal()))), parts_.clock.now());
  if (!line) return tl::unexpected(parts_.rules.refusal(word_of(line.error())));
  return Target{*line, parts_.registry.directory()->mark_of(*line)};
}

Result<tl::expected<DialGate::Target, Refusal>> DialGate::target_of_wish(const TicketAsked& asked) {
  const auto refused = [&](std::string_view word) {
    return tl::expected<Target, Refusal>(tl::unexpected(parts_.rules.refusal(word)));
  };
  const auto found = parts_.store.find_wish(asked.wish);
  if (!found) return tl::unexpected<Error>(found.error());
  // A wish of another organisation or line is told apart from none for nobody: it would say that
  // there is one.
  if (!*found || (*found)->organisation != asked.organisation || (*found)->token != asked.token)
    return refused("no_wish");
  const WishRow& wish = **found;
  if (!wish.refused.empty()) return refused(wish.refused);
  if (!wish.settled.empty()) return refused("settled");
  if (parts_.clock.now() - wish.asked > parts_.rules.wish_lifetime())
    return refused("wish_expired");
  const auto directory = parts_.registry.directory();
  const Organisation* organisation = directory->find(wish.organisation);
  if (organisation == nullptr) return refused("unknown_organisation");
  return open(wish.wrapped_number, organisation->wish_key,
              {organisation->id.text(), kWishField, wish.id.text()});
}

Result<tl::expected<DialGate::Target, Refusal>> DialGate::target_of_phone(
    const OperatorId& operator_id) {
  const auto staff = parts_.store.find_staff(operator_id);
  if (!staff) return tl::unexpected<Error>(staff.error());
  if (!*staff || (*staff)->wrapped_phone.empty())
    return tl::expected<Target, Refusal>(tl::unexpected(parts_.rules.refusal("no_phone")));
  return open((*staff)->wrapped_phone, parts_.registry.directory()->own_key(),
              {"", kPhoneKind, operator_id.text()});
}

// Asked when the ticket is made and again when it is redeemed: in between, a number may have become
// one of ours, or the line been rung.
Result<std::optional<Refusal>> DialGate::refuse(const Target& target) {
  if (auto refused = parts_.rules.refuse_line(target.line)) return refused;
  if (!parts_.registry.directory()->owner_of(target.line.e164.reveal()).empty())
    return std::optional(parts_.rules.refusal("own_number"));
  const Time now = parts_.clock.now();
  const auto dialled = parts_.store.dialled(target.mark, now - DialRules::kHistory);
  if (!dialled) return tl::unexpected<Error>(dialled.error());
  return parts_.rules.refuse_again(*dialled, now);
}

// The centre says for whom it asks; only a session that began here proves that this person is
// there.
Result<std::optional<Refusal>> DialGate::refuse_stranger(const OperatorId& operator_id) {
  if (!parts_.needs_session) return std::optional<Refusal>();
  const auto signed_in = parts_.store.signed_in({operator_id}, parts_.clock.now());
  if (!signed_in) return tl::unexpected<Error>(signed_in.error());
  if (!signed_in->empty()) return std::optional<Refusal>();
  return std::optional(parts_.rules.refusal("not_signed_in"));
}

Result<TicketAnswer> DialGate::deny(const TicketAsked& asked, Refusal refusal) {
  const auto kept =
      parts_.store.commit(parts_.clock.now(), {{},
                                               {{"ticket_denied",
                                                 {{"wish", asked.wish.text()},
                                                  {"own_phone", asked.own_phone},
                                                  {"organisation", asked.organisation.text()},
                                                  {"operator", asked.operator_id.text()},
                                                  {"promise", asked.promise.text()},
                                                  {"denied", refusal.word},
                                                  {"why", refusal.why}}}}});
  if (!kept) return tl::unexpected<Error>(kept.error());
  TicketAnswer answer;
  answer.refused = std::move(refusal);
  return answer;
}

Result<TicketAnswer> DialGate::ask(const TicketAsked& asked) {
  const std::lock_guard lock(mutex_);
  if (asked.operator_id.empty())
    return fail(ErrorCode::kInvalid, "a ticket is for an operator: operator_id is missing");
  auto stranger = refuse_stranger(asked.operator_id);
  if (!stranger) return tl::unexpected<Error>(stranger.error());
  if (*stranger) return deny(asked, **stranger);
  auto target = asked.own_phone ? target_of_phone(asked.operator_id) : target_of_wish(asked);
  if (!target) return tl::unexpected<Error>(target.error());
  if (!*target) return deny(asked, target->error());
  auto refused = refuse(**target);
  if (!refused) return tl::unexpected<Error>(refused.error());
  if (*refused) return deny(asked, **refused);

  const Time now = parts_.clock.now();
  const WishId wish = asked.own_phone ? WishId() : asked.wish;
  const auto open = parts_.store.open_tickets(wish, asked.operator_id, now);
  if (!open) return tl::unexpected<Error>(open.error());
  for (const TicketRow& ticket : *open) {
    if (ticket.operator_id != asked.operator_id)
      return deny(asked, parts_.rules.refusal("ticket_open"));
    return TicketAnswer{ticket.id, ticket.expires, std::nullopt};  // the answer had been lost
  }
  TicketRow row;
  row.id = TicketId::fresh(now, parts_.entropy);
  row.wish = wish;
  row.organisation = asked.organisation;
  row.operator_id = asked.operator_id;
  row.desk = asked.desk;
  row.promise = asked.promise;
  row.mark = (*target)->mark;
  row.made = now;
  row.expires = now + parts_.rules.ticket_lifetime();
  const TicketAnswer answer{row.id, row.expires, std::nullopt};
  Act act;
  act.journal.push_back({"ticket_made",
                         {{"ticket", row.id.text()},
                          {"wish", row.wish.text()},
                          {"own_phone", asked.own_phone},
                          {"organisation", row.organisation.text()},
                          {"operator", row.operator_id.text()},
                          {"desk", row.desk.text()},
                          {"promise", row.promise.text()},
                          {"expires", format_utc(row.expires)}}});
  act.changes.emplace_back(PutTicket{std::move(row)});
  if (auto kept = parts_.store.commit(now, act); !kept) return tl::unexpected<Error>(kept.error());
  return answer;
}

Result<Grant> DialGate::deny(const TicketId& ticket, const CallId& call, Refusal refusal) {
  const auto kept = parts_.store.commit(parts_.clock.now(), {{},
                                                             {{"ticket_refused",
                                                               {{"ticket", ticket.text()},
                                                                {"call", call.text()},
                                                                {"denied", refusal.word},
                                                                {"why", refusal.why}}}}});
  if (!kept) return tl::unexpected<Error>(kept.error());
  Grant grant;
  grant.refused = std::move(refusal);
  return grant;
}

Result<Grant> DialGate::redeem(const TicketId& ticket, const CallId& call) {
  const std::lock_guard lock(mutex_);
  if (call.empty()) return fail(ErrorCode::kInvalid, "a ticket is redeemed for a call: call_id");
  const auto found = parts_.store.find_ticket(ticket);
  if (!found) return tl::unexpected<Error>(found.error());
  if (!*found) return deny(ticket, call, parts_.rules.refusal("no_ticket"));
  const TicketRow& row = **found;
  const Time now = parts_.clock.now();
  const bool repeated = row.redeemed_by == call;
  if (!row.redeemed_by.empty() && !repeated)
    return deny(ticket, call, parts_.rules.refusal("ticket_used"));
  if (now >= row.expires || now < row.made - std::chrono::minutes(1))
    return deny(ticket, call, parts_.rules.refusal("ticket_expired"));
  if (!repeated) {
    auto stranger = refuse_stranger(row.operator_id);
    if (!stranger) return tl::unexpected<Error>(stranger.error());
    if (*stranger) return deny(ticket, call, **stranger);
  }
  TicketAsked asked;
  asked.wish = row.wish;
  asked.organisation = row.organisation;
  asked.operator_id = row.operator_id;
  if (!row.wish.empty()) {
    const auto wish = parts_.store.find_wish(row.wish);
    if (!wish) return tl::unexpected<Error>(wish.error());
    if (*wish) asked.token = (*wish)->token;
  }
  auto target = row.wish.empty() ? target_of_phone(row.operator_id) : target_of_wish(asked);
  if (!target) return tl::unexpected<Error>(target.error());
  if (!*target) return deny(ticket, call, target->error());
  Grant grant{(*target)->line.e164, row.organisation, std::nullopt};
  if (repeated) return grant;
  auto refused = refuse(**target);
  if (!refused) return tl::unexpected<Error>(refused.error());
  if (*refused) return deny(ticket, call, **refused);
  const auto kept = parts_.store.commit(
      now, {{RedeemTicket{ticket, call, now}},
            {{"ticket_redeemed",
              {{"ticket", ticket.text()}, {"call", call.text()}, {"wish", row.wish.text()}}}}});
  if (!kept) return tl::unexpected<Error>(kept.error());
  return grant;
}

Result<void> DialGate::end(const TicketId& ticket, const std::string& outcome) {
  const std::lock_guard lock(mutex_);
  if (!is_word(outcome))
    return fail(ErrorCode::kInvalid, "an outcome is a word of a-z and _, at most 40 long");
  const auto found = parts_.store.find_ticket(ticket);
  if (!found) return tl::unexpected<Error>(found.error());
  if (!*found || (*found)->outcome == outcome) return {};
  Act act;
  act.changes.emplace_back(EndTicket{ticket, outcome});
  act.journal.push_back({"dial_ended", {{"ticket", ticket.text()}, {"outcome", outcome}}});
  return parts_.store.commit(parts_.clock.now(), act);
}

Result<void> DialGate::put_phone(const OperatorId& operator_id, const Number& number) {
  const std::lock_guard lock(mutex_);
  const auto found = parts_.store.find_staff(operator_id);
  if (!found) return tl::unexpected<Error>(found.error());
  if (!*found) return fail(ErrorCode::kNotFound, "no such member of staff is known to the vault");
  PutPhone put{operator_id, "", ""};
  if (!number.reveal().empty()) {
    const auto line = parts_.plan.read(number, parts_.clock.now());
    if (!line) return fail(ErrorCode::kInvalid, parts_.rules.refusal(word_of(line.error())).why);
    if (const auto refused = parts_.rules.refuse_line(*line))
      return fail(ErrorCode::kDenied, refused->why);
    const auto directory = parts_.registry.directory();
    put.wrapped_phone = wrap(as_bytes(line->e164.reveal()), directory->own_key(),
                             {"", kPhoneKind, operator_id.text()});
    put.phone_mark = directory->mark_of(*line);
  }
  const bool known = !put.wrapped_phone.empty();
  Act act{{std::move(put)}, {{"phone_put", {{"operator", operator_id.text()}, {"known", known}}}}};
  if (auto told = parts_.authority.tell(act, operator_id, known ? "phone_set" : "phone_removed",
                                        administrator());
      !told)
    return told;
  return parts_.store.commit(parts_.clock.now(), act);
}

}  // namespace madoguchi::vault
