// Desks, groups, sounds, the balance and the status.
#include <fmt/format.h>

#include <algorithm>

#include "centre/api.h"
#include "centre/json_input.h"
#include "centre/json_writer.h"
#include "centre_data/openapi.h"
#include "web/counters.h"

namespace madoguchi::centre {
namespace {

constexpr std::size_t kReadAtOnce = 5'000;

// All pages of what `read` gives a page of.
template <typename Row, typename Read>
Result<std::vector<Row>> whole(const Read& read) {
  std::vector<Row> all;
  PageAsk page{kReadAtOnce, ""};
  while (true) {
    auto part = read(page);
    if (!part) return part;
    all.insert(all.end(), part->begin(), part->end());
    if (part->size() < page.limit) return all;
    page.after = all.back().id.text();
  }
}

// Who would miss it, for people; empty: nobody.
std::string use_of(const PromptId& id, const FloorParts& floor, const PlaceSounds& places) {
  const bool tells_places = std::any_of(places.begin(), places.end(),
                                        [&](const auto& one) { return one.second == id.text(); });
  for (const auto& [desk_id, desk] : floor.desks) {
    for (std::size_t i = 0; i < kSounds; ++i)
      if (desk.prompts[i] == id.text())
        return fmt::format("desk {} plays it ({})", desk_id.text(), name_of(static_cast<Sound>(i)));
    if (tells_places && desk.routing.announce_place)
      return fmt::format("desk {} tells places in the queue with it", desk_id.text());
  }
  return {};
}

}  // namespace

void Api::list_desks(const Ask& ask) {
  const auto page = page_of(ask.request);
  if (!page) return ask.refuse(page.error());
  std::vector<ListItem> items;
  for (const auto& [id, desk] : core_.floor_.desks)
    if (core_.world_.may_see(ask.viewer, desk)) items.push_back({id.text(), core_.desk_json(desk)});
  ask.answer(200, page_json(items, *page));
}

void Api::get_desk(const Ask& ask) {
  const auto desk = core_.floor_.desks.find(DeskId(std::string(ask.request.param("desk"))));
  if (desk == core_.floor_.desks.end() || !core_.world_.may_see(ask.viewer, desk->second))
    return ask.refuse(ErrorCode::kNotFound, "there is no such desk");
  ask.answer(200, core_.desk_json(desk->second));
}

void Api::set_desk_prompts(const Ask& ask) {
  const DeskId id(std::string(ask.request.param("desk")));
  const auto desk = core_.floor_.desks.find(id);
  if (desk == core_.floor_.desks.end())
    return ask.refuse(ErrorCode::kNotFound, "there is no such desk");
  DeskPart changed = desk->second;
  JsonInput input(ask.request.body);
  for (std::size_t i = 0; i < kSounds; ++i) {
    const std::string_view name = name_of(static_cast<Sound>(i));
    const auto prompt = input.optional_text(name, 64);
    if (!prompt) continue;
    if (!prompt->empty() && !core_.prompts_->all().contains(PromptId(*prompt)))
      input.refuse(name, "there is no such prompt");
    changed.prompts[i] = *prompt;
    changed.silenced[i] = prompt->empty();
  }
  if (const auto good = input.finish(); !good) return ask.refuse(good.error());
  read<bool>(
      ask,
      [row = to_prompts_row(changed)](CentreStore& store) -> Result<bool> {
        const auto put = store.put_floor({row});
        if (!put) return tl::unexpected<Error>(put.error());
        return true;
      },
      [this, id, changed](const Ask& to, bool) {
        DeskPart& kept = core_.floor_.desks[id];  // its other settings may have changed meanwhile
        kept.prompts = changed.prompts;
        kept.silenced = changed.silenced;
        core_.floor_changed();
        to.answer(200, core_.desk_json(kept));
      });
}

void Api::list_groups(const Ask& ask) {
  const auto page = page_of(ask.request);
  if (!page) return ask.refuse(page.error());
  std::vector<ListItem> items;
  for (const auto& [id, group] : core_.floor_.groups)
    items.push_back({id.text(), core_.world_.group_json(group)});
  ask.answer(200, page_json(items, *page));
}

void Api::list_prompts(const Ask& ask) {
  const auto page = page_of(ask.request);
  if (!page) return ask.refuse(page.error());
  std::vector<ListItem> items;
  for (const auto& [id, prompt] : core_.prompts_->all())
    items.push_back({id.text(), prompt_json(prompt, core_.prompts_->at_exchange(id))});
  ask.answer(200, page_json(items, *page));
}

void Api::upload_prompt(const Ask& ask) {
  const std::string name(ask.request.query_or("name", ""));
  if (name.empty() || name.size() > 300)
    return ask.refuse(ErrorCode::kInvalid, "name: is missing, or longer than 100 characters");
  const ByteView wav = as_bytes(ask.request.body);
  core_.prompts_->add(name, Bytes(wav.begin(), wav.end()),
                      [this, ask](const Result<PromptRow>& made) {
                        if (!made) return ask.refuse(made.error());
                        if (made->name.starts_with("place-")) core_.floor_changed();
                        ask.answer(201, prompt_json(*made, false));
                      });
}

void Api::delete_prompt(const Ask& ask) {
  const PromptId id(std::string(ask.request.param("prompt")));
  const auto known = core_.prompts_->all().find(id);
  if (known == core_.prompts_->all().end())
    return ask.refuse(ErrorCode::kNotFound, "there is no such prompt");
  if (known->second.source != PromptSource::kUploaded)
    return ask.refuse(ErrorCode::kConflict, "the centre makes this sound itself, and would again");
  if (const std::string use = use_of(id, core_.floor_, core_.prompts_->place_sounds());
      !use.empty())
    return ask.refuse(ErrorCode::kConflict, use + ": choose another there first");
  if (!core_.exchange_->attached())
    return ask.refuse(ErrorCode::kUnavailable, "the exchange is away: it is tried again by itself");
  core_.prompts_->drop(id, [this, ask](const Result<void>& dropped) {
    if (!dropped) return ask.refuse(dropped.error());
    core_.floor_changed();
    ask.done();
  });
}

void Api::get_prompt_audio(const Ask& ask) {
  const PromptId id(std::string(ask.request.param("prompt")));
  read<std::optional<Bytes>>(
      ask, [id](CentreStore& store) { return store.prompt_audio(id); },
      [](const Ask& to, const std::optional<Bytes>& wav) {
        if (!wav) return to.refuse(ErrorCode::kNotFound, "there is no such prompt");
        to.reply.send({200, std::string(as_text(*wav)), "audio/wav", {}});
      });
}

void Api::get_balance(const Ask& ask) {
  const std::string_view text = ask.request.query_or("day", "");
  calendar::Day day = core_.today();
  if (!text.empty()) {
    const auto parsed = calendar::parse_day(text);
    if (!parsed) return ask.refuse(ErrorCode::kInvalid, "day: a date looks like 2026-11-22");
    day = *parsed;
  }
  // The call flow keeps yesterday and today in memory; older days are counted from the log.
  const auto days = [](calendar::Day of) { return std::chrono::sys_days(of); };
  if (days(day) < days(core_.today()) - std::chrono::days(1)) return old_balance(ask, day);
  std::map<DeskId, routing::DeskBalance> of;
  for (const auto& [id, desk] : core_.floor_.desks) of[id] = core_.flow_.balance(id, day).balance;
  ask.answer(200, core_.world_.balance_json(ask.viewer, day, of));
}

void Api::old_balance(const Ask& ask, calendar::Day day) {
  const calendar::Zone zone = core_.zone();
  const Time from = zone.start_of(day);
  const Time to = zone.start_of(calendar::Day(std::chrono::sys_days(day) + std::chrono::days(1)));
  using Counted = std::map<DeskId, routing::DeskBalance>;
  read<Counted>(
      ask,
      [from, to](CentreStore& store) -> Result<Counted> {
        CallQuery calls;
        calls.from = from;
        calls.to = to;
        PromiseQuery asked;
        asked.open_only = false;
        asked.asked_from = from;
        asked.asked_to = to;
        const auto found = whole<CallRecord>([&](const PageAsk& page) {
          calls.page = page;
          return store.calls(calls);
        });
        if (!found) return tl::unexpected<Error>(found.error());
        const auto promises = whole<PromiseRecord>([&](const PageAsk& page) {
          asked.page = page;
          return store.promises(asked);
        });
        if (!promises) return tl::unexpected<Error>(promises.error());
        return count_balance(*found, *promises);
      },
      [this, day](const Ask& to_whom, const Counted& of) {
        to_whom.answer(200, core_.world_.balance_json(to_whom.viewer, day, of));
      });
}

void Api::get_status(const Ask& ask) {
  ask.answer(200, core_.status_json());
}

void Api::get_counters(const Ask& ask) {
  core_.exchange_->read_counters([this, ask](const Result<ExchangeClient::Counters>& exchange) {
    JsonList items;
    const auto list = [&](std::string_view process, const ExchangeClient::Counters& counters) {
      for (const auto& [name, count] : counters)
        items.raw(JsonObject()
                      .text("process", process)
                      .text("name", name)
                      .number("count", static_cast<std::int64_t>(count))
                      .done());
    };
    list("centre", web::named_counters(core_.server_->counters()));
    if (exchange) list("exchange", *exchange);
    ask.answer(200, JsonObject().raw("items", std::move(items).done()).done());
  });
}

void Api::get_openapi(const Ask& ask) {
  ask.reply.send({200, std::string(kOpenapi), "application/yaml; charset=utf-8", {}});
}

}  // namespace madoguchi::centre
