#include "base/config.h"

#include <fmt/format.h>

#include <fstream>
#include <set>
#include <sstream>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace madoguchi {

struct Config::State {
  std::string file;
  toml::table root;
  std::optional<Error> first_error;
  std::vector<std::shared_ptr<Node>> nodes;
};

struct Config::Node {
  const toml::table* table = nullptr;  // null: the table is absent, every key is missing
  std::string prefix;                  // "sip." in front of this table's keys in messages
  std::set<std::string, std::less<>> known;
};

Config::Config(std::shared_ptr<State> state, std::shared_ptr<Node> node)
    : state_(std::move(state)), node_(std::move(node)) {
  state_->nodes.push_back(node_);
}
Config::Config(Config&&) noexcept = default;
Config& Config::operator=(Config&&) noexcept = default;
Config::~Config() = default;

Result<Config> Config::from_file(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return fail(ErrorCode::kNotFound, fmt::format("{}: cannot be opened", file.string()));
  std::ostringstream text;
  text << in.rdbuf();
  return from_text(text.str(), file.string());
}

Result<Config> Config::from_text(std::string_view text, std::string file_name) {
  toml::parse_result parsed = toml::parse(text, file_name);
  if (!parsed)
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: line {}: {}", file_name, parsed.error().source().begin.line,
                            parsed.error().description()));
  auto state = std::make_shared<State>();
  state->file = std::move(file_name);
  state->root = std::move(parsed).table();
  auto node = std::make_shared<Node>();
  node->table = &state->root;
  return Config(std::move(state), std::move(node));
}

void Config::refuse(std::string_view key, std::string cause) {
  if (state_->first_error) return;
  state_->first_error = Error{ErrorCode::kInvalid,
                              fmt::format("{}: {}{}: {}", state_->file, node_->prefix, key, cause)};
}

bool Config::has(std::string_view key) const {
  return node_->table != nullptr && node_->table->contains(key);
}

std::string Config::text(std::string_view key) {
  if (!has(key)) refuse(key, "is missing");
  return text_or(key, "");
}

std::int64_t Config::integer(std::string_view key, std::int64_t least, std::int64_t most) {
  if (!has(key)) refuse(key, "is missing");
  return integer_or(key, least, least, most);
}

std::string Config::text_or(std::string_view key, std::string fallback) {
  node_->known.emplace(key);
  if (!has(key)) return fallback;
  if (auto value = (*node_->table)[key].value_exact<std::string>()) return *value;
  refuse(key, "must be text in quotes");
  return fallback;
}

std::int64_t Config::integer_or(std::string_view key, std::int64_t fallback, std::int64_t least,
                                std::int64_t most) {
  node_->known.emplace(key);
  if (!has(key)) return fallback;
  const auto value = (*node_->table)[key].value_exact<std::int64_t>();
  if (value && *value >= least && *value <= most) return *value;
  refuse(key, fmt::format("must be a whole number from {} to {}", least, most));
  return fallback;
}

bool Config::flag_or(std::string_view key, bool fallback) {
  node_->known.emplace(key);
  if (!has(key)) return fallback;
  if (auto value = (*node_->table)[key].value_exact<bool>()) return *value;
  refuse(key, "must be true or false");
  return fallback;
}

std::vector<std::string> Config::texts_or(std::string_view key, std::vector<std::string> fallback) {
  node_->known.emplace(key);
  if (!has(key)) return fallback;
  const toml::array* array = (*node_->table)[key].as_array();
  std::vector<std::string> values;
  if (array != nullptr)
    for (const toml::node& element : *array)
      if (auto value = element.value_exact<std::string>()) values.push_back(*value);
  if (array != nullptr && values.size() == array->size()) return values;
  refuse(key, "must be a list of texts, [\"…\", \"…\"]");
  return fallback;
}

std::filesystem::path Config::path_or(std::string_view key, std::filesystem::path fallback) {
  return text_or(key, fallback.string());
}

Config Config::table(std::string_view key) {
  node_->known.emplace(key);
  auto node = std::make_shared<Node>();
  node->prefix = fmt::format("{}{}.", node_->prefix, key);
  if (has(key)) {
    node->table = (*node_->table)[key].as_table();
    if (node->table == nullptr) refuse(key, "must be a table");
  }
  return Config(state_, std::move(node));
}

std::vector<Config> Config::tables(std::string_view key) {
  node_->known.emplace(key);
  std::vector<Config> found;
  if (!has(key)) return found;
  const toml::array* array = (*node_->table)[key].as_array();
  if (array == nullptr) {
    refuse(key, fmt::format("must be a list of tables, [[{}{}]]", node_->prefix, key));
    return found;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    auto node = std::make_shared<Node>();
    node->prefix = fmt::format("{}{}[{}].", node_->prefix, key, i);
    node->table = array->get(i)->as_table();
    if (node->table == nullptr)
      refuse(key, fmt::format("must be a list of tables, [[{}{}]]", node_->prefix, key));
    found.push_back(Config(state_, std::move(node)));
  }
  return found;
}

Result<void> Config::finish() const {
  if (state_->first_error) return tl::unexpected<Error>(*state_->first_error);
  for (const auto& node : state_->nodes) {
    if (node->table == nullptr) continue;
    for (const auto& [key, value] : *node->table)
      if (!node->known.contains(key.str()))
        return fail(ErrorCode::kInvalid, fmt::format("{}: {}{}: is not a setting", state_->file,
                                                     node->prefix, key.str()));
  }
  return {};
}

}  // namespace madoguchi
