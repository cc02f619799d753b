// Setting up the floor: organisations, groups, desks. For administrators, in the console's API and
// at the command line. An organisation's numbers are the vault's to bind, so it is asked first:
// what it refuses is not stored.
#include <fmt/format.h>

#include "base/utf8.h"
#include "centre/api.h"
#include "centre/desk_input.h"
#include "centre/json_input.h"
#include "centre/json_writer.h"

namespace madoguchi::centre {
namespace {

std::string organisation_json(const OrganisationPart& part) {
  return JsonObject().id("id", part.id).text("name", part.name).done();
}

std::string name_in(JsonInput& input) {
  std::string name = input.text("name");
  if (name.empty()) input.refuse("name", "must not be empty");
  if (!is_clean_line(name)) input.refuse("name", "must be one line of text");
  return name;
}

}  // namespace

void Api::list_organisations(const Ask& ask) {
  const auto page = page_of(ask.request);
  if (!page) return ask.refuse(page.error());
  std::vector<ListItem> items;
  for (const auto& [id, part] : core_.floor_.organisations)
    items.push_back({id.text(), organisation_json(part)});
  ask.answer(200, page_json(items, *page));
}

void Api::agree_with_vault(const Ask& ask, const OrganisationPart& organisation,
                           std::vector<std::string> numbers, std::function<void()> then) {
  for (const auto& [id, desk] : core_.floor_.desks)
    if (desk.routing.organisation == organisation.id)
      numbers.insert(numbers.end(), desk.routing.numbers.begin(), desk.routing.numbers.end());
  core_.vault_->put_organisation(
      organisation.id, organisation.name, numbers, VaultClient::Numbers::kAllOrNone,
      [this, ask, then = std::move(then)](const std::string& error) {
        if (error.empty())
          then();
        else if (!core_.vault_->connected())
          ask.refuse(ErrorCode::kUnavailable, "the vault is away: try again");
        else
          ask.refuse(ErrorCode::kConflict, "the vault refused: " + error);
      });
}

void Api::store_floor(const Ask& ask, FloorRow row, std::function<void()> then) {
  read<bool>(
      ask,
      [row = std::move(row)](CentreStore& store) -> Result<bool> {
        const auto put = store.put_floor({row});
        if (!put) return tl::unexpected<Error>(put.error());
        return true;
      },
      [then = std::move(then)](const Ask&, bool) { then(); });
}

void Api::put_organisation(const Ask& ask) {
  OrganisationPart part{OrganisationId(std::string(ask.request.param("organisation"))), {}};
  JsonInput input(ask.request.body);
  part.name = name_in(input);
  if (const auto good = input.finish(); !good) return ask.refuse(good.error());
  agree_with_vault(ask, part, {}, [this, ask, part] {
    store_floor(ask, to_row(part), [this, ask, part] {
      core_.floor_.organisations[part.id] = part;
      core_.floor_changed();
      ask.answer(200, organisation_json(part));
    });
  });
}

void Api::put_group(const Ask& ask) {
  GroupPart part{GroupId(std::string(ask.request.param("group"))), {}};
  JsonInput input(ask.request.body);
  part.name = name_in(input);
  if (const auto good = input.finish(); !good) return ask.refuse(good.error());
  store_floor(ask, to_row(part), [this, ask, part] {
    core_.floor_.groups[part.id] = part;
    core_.floor_changed();
    ask.answer(200, core_.world_.group_json(part));
  });
}

void Api::put_desk(const Ask& ask) {
  const DeskId id(std::string(ask.request.param("desk")));
  const auto known = core_.floor_.desks.find(id);
  DeskPart desk = known == core_.floor_.desks.end() ? DeskPart() : known->second;
  const OrganisationId before = desk.routing.organisation;
  desk.routing.id = id;
  JsonInput input(ask.request.body);
  read_desk(input, core_.floor_, desk);
  if (!before.empty() && before != desk.routing.organisation)
    input.refuse("organisation_id", "a desk stays with its organisation");
  if (const auto good = input.finish(); !good) return ask.refuse(good.error());
  const OrganisationPart& owner = core_.floor_.organisations.at(desk.routing.organisation);
  agree_with_vault(ask, owner, desk.routing.numbers, [this, ask, id, desk] {
    store_floor(ask, to_row(desk), [this, ask, id, desk] {
      DeskPart& kept = core_.floor_.desks[id];
      const auto sounds = std::pair(kept.prompts, kept.silenced);  // may have been chosen meanwhile
      kept = desk;
      std::tie(kept.prompts, kept.silenced) = sounds;
      core_.floor_changed();
      ask.answer(200, core_.desk_json(kept));
    });
  });
}

}  // namespace madoguchi::centre
