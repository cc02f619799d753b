// How the call flow's records lie in columns, said once: the same list makes the SQL that writes,
// the SQL that reads, and the conversion both ways. No column is ever NULL: 0 is no time, ""
// nothing else. Internal to this folder; values, no thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "centre/centre_store.h"
#include "routing/names.h"

namespace madoguchi::centre {

// The stored words: never change one.
std::string_view name_of(LegKind kind);
std::string_view name_of(LegEnd how);

}  // namespace madoguchi::centre

namespace madoguchi::store {

template <typename Enum>
std::optional<Enum> stored_enum(std::string_view name) {
  for (std::uint8_t i = 0; i < 64; ++i) {
    const std::string_view known = name_of(static_cast<Enum>(i));
    if (known.empty()) break;
    if (known == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

template <typename Visitor>
void columns(centre::CallRecord& row, Visitor& visit) {
  visit("id", row.id);
  visit("number_called", row.number_called);
  visit("number_desk", row.number_desk);
  visit("desk", row.desk);
  visit("organisation", row.organisation);
  visit("line", row.line);
  visit("withheld", row.withheld);
  visit("outbound", row.outbound);
  visit("trunk", row.trunk);
  visit("in_hours", row.in_hours);
  visit("phase", row.phase);
  visit("bucket", row.bucket);
  visit("agreed", row.agreed);
  visit("returned", row.returned);
  visit("talking_at_end", row.talking_at_end);
  visit("recording_refused", row.recording_refused);
  visit("talked_with", row.with);
  visit("arrived", row.arrived);
  visit("answered", row.answered);
  visit("talked", row.talked);
  visit("ended", row.ended);
  visit("settled", row.settled);
  visit("cause", row.cause);
  visit("cause_detail", row.cause_detail);
  visit("promise", row.promise);
  visit("disposition", row.disposition);
}

template <typename Visitor>
void columns(centre::LegRecord& row, Visitor& visit) {
  visit("id", row.id);
  visit("call_id", row.call);
  visit("kind", row.kind);
  visit("who", row.who);
  visit("by_phone", row.by_phone);
  visit("offered", row.offered);
  visit("connected", row.connected);
  visit("ended", row.ended);
  visit("how", row.how);
}

template <typename Visitor>
void columns(centre::StateRecord& row, Visitor& visit) {
  visit("id", row.id);
  visit("who", row.who);
  visit("state", row.state);
  visit("reason", row.reason);
  visit("call_id", row.call);
  visit("since", row.since);
  visit("ended", row.until);
}

template <typename Visitor>
void columns(centre::PromiseRecord& row, Visitor& visit) {
  visit("id", row.id);
  visit("organisation", row.organisation);
  visit("desk", row.desk);
  visit("line", row.line);
  visit("basis", row.basis);
  visit("kind", row.kind);
  visit("wish", row.wish);
  visit("call_id", row.call);
  visit("state", row.state);
  visit("asked", row.asked);
  visit("deadline", row.deadline);
  visit("missed", row.missed);
  visit("asks", row.asks);
  visit("merged", row.merged);
  visit("attempts", row.attempts);
  visit("taken_by", row.owner);
  visit("absorbed_by", row.absorbed_by);
  visit("ended", row.ended);
  visit("how", row.how);
  visit("reason", row.reason);
  visit("closed_by", row.closed_by);
  visit("stated_reason", row.stated_reason);
  visit("last_outcome", row.last_outcome);
}

template <typename Visitor>
void columns(centre::AttemptRecord& row, Visitor& visit) {
  visit("call_id", row.call);
  visit("promise", row.promise);
  visit("who", row.who);
  visit("ticket", row.ticket);
  visit("started", row.started);
  visit("ended", row.ended);
  visit("outcome", row.outcome);
  visit("detail", row.detail);
}

template <typename Visitor>
void columns(centre::RecordingRecord& row, Visitor& visit) {
  visit("id", row.id);
  visit("call_id", row.call);
  visit("started", row.started);
  visit("pauses", row.pauses);
  visit("closed", row.closed);
  visit("digest", row.digest_hex);
  visit("bytes", row.bytes);
  visit("cut_off", row.cut_off);
}

template <typename Visitor>
void columns(centre::SettledWishRecord& row, Visitor& visit) {
  visit("wish", row.wish);
  visit("outcome", row.outcome);
  visit("at", row.at);
}

template <typename Visitor>
void columns(centre::AccountRow& row, Visitor& visit) {
  visit("id", row.id);
  visit("name", row.name);
  visit("display_name", row.display_name);
  visit("role", row.role);
  visit("operator_id", row.operator_id);
  visit("organisation", row.organisation);
  visit("floor_groups", row.groups);
  visit("password_hash", row.password_hash);
  visit("disabled", row.disabled);
  visit("failures", row.failures);
  visit("locked_until", row.locked_until);
  visit("phone_user", row.phone.user);
  visit("phone_ha1_md5", row.phone.ha1_md5);
  visit("phone_ha1_sha256", row.phone.ha1_sha256);
  visit("own_phone", row.own_phone);
}

template <typename Visitor>
void columns(centre::SessionRow& row, Visitor& visit) {
  visit("token_digest", row.token_digest);
  visit("account", row.account);
  visit("csrf_token", row.csrf_token);
  visit("expires", row.expires);
}

template <typename Visitor>
void columns(centre::PromptRow& row, Visitor& visit) {
  visit("id", row.id);
  visit("name", row.name);
  visit("spoken_text", row.text);
  visit("source", row.source);
  visit("duration", row.duration);
  visit("bytes", row.bytes);
  visit("digest", row.digest);
  visit("made", row.made);
}

template <typename Visitor>
void columns(centre::FloorRow& row, Visitor& visit) {
  visit("kind", row.kind);
  visit("id", row.id);
  visit("body", row.body);
}

// Where each record lives; the first column of each is its key.
constexpr const char* table_of(const centre::CallRecord*) {
  return "calls";
}
constexpr const char* table_of(const centre::LegRecord*) {
  return "legs";
}
constexpr const char* table_of(const centre::StateRecord*) {
  return "operator_states";
}
constexpr const char* table_of(const centre::PromiseRecord*) {
  return "promises";
}
constexpr const char* table_of(const centre::AttemptRecord*) {
  return "promise_attempts";
}
constexpr const char* table_of(const centre::RecordingRecord*) {
  return "recordings";
}
constexpr const char* table_of(const centre::SettledWishRecord*) {
  return "settled_wishes";
}
constexpr const char* table_of(const centre::AccountRow*) {
  return "accounts";
}
constexpr const char* table_of(const centre::SessionRow*) {
  return "sessions";
}
constexpr const char* table_of(const centre::PromptRow*) {
  return "prompts";
}
constexpr const char* table_of(const centre::FloorRow*) {
  return "floor_parts";
}

}  // namespace madoguchi::store
