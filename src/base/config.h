// Settings from a TOML file. Every error is one line naming file, key and cause; keys nobody asked
// for are errors too, since a misspelt key would otherwise silently keep its default.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace madoguchi {

// One table of the file. Reading a key marks it as known; finish() reports the unknown ones.
// The first error is kept: read everything, then ask finish() once.
class Config {
 public:
  static Result<Config> from_file(const std::filesystem::path& file);
  static Result<Config> from_text(std::string_view text, std::string file_name);

  Config(Config&&) noexcept;
  Config& operator=(Config&&) noexcept;
  ~Config();

  // Required values: a missing or mistyped key records an error and returns an empty value.
  std::string text(std::string_view key);
  std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most);

  // With a default for when the key is absent.
  std::string text_or(std::string_view key, std::string fallback);
  std::int64_t integer_or(std::string_view key, std::int64_t fallback, std::int64_t least,
                          std::int64_t most);
  bool flag_or(std::string_view key, bool fallback);
  std::vector<std::string> texts_or(std::string_view key, std::vector<std::string> fallback);
  std::filesystem::path path_or(std::string_view key, std::filesystem::path fallback);

  [[nodiscard]] bool has(std::string_view key) const;

  // A sub-table ([key]); an absent one reads as empty. Errors land in this Config's finish().
  Config table(std::string_view key);
  // An array of tables ([[key]]).
  std::vector<Config> tables(std::string_view key);

  // Records an error of meaning found by the reader: `cause` completes "file: key: ".
  void refuse(std::string_view key, std::string cause);

  // The first error of this table and all tables under it, unknown keys included.
  [[nodiscard]] Result<void> finish() const;

 private:
  struct State;
  struct Node;
  Config(std::shared_ptr<State> state, std::shared_ptr<Node> node);

  std::shared_ptr<State> state_;  // shared by all tables of one file: it owns the parsed text
  std::shared_ptr<Node> node_;    // this table's known keys, read again by the root's finish()
};

}  // namespace madoguchi
