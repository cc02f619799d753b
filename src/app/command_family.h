// What commands have in common. --data, as every one that works with a deployment takes it; and
// commands of one family, as `desk put`, `desk list`: each takes --data and --json, and says what
// is to be run once all is parsed. `Words` is what the family's options fill, with `data` and
// `as_json` among it; it is shared by the parser's callbacks. For the main thread, before anything
// runs.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "app/administration.h"

namespace madoguchi::app {

inline CLI::Option* add_data_option(CLI::App& command, std::filesystem::path& data,
                                    const std::string& what = "Folder of `madoguchi up`") {
  const auto named = [](const std::string& given) {
    return given.empty() ? std::string("is empty; name a folder") : std::string();
  };
  return command.add_option("--data", data, what)
      ->check(CLI::Validator(named, "FOLDER"))
      ->envname("MADOGUCHI_DATA")
      ->capture_default_str();
}

template <typename Words>
CLI::App* family(CLI::App& app, const char* name, const char* what,
                 const std::shared_ptr<Words>& words) {
  CLI::App* command = app.add_subcommand(name, what);
  command->require_subcommand(1);
  add_data_option(*command, words->data);
  return command;
}

template <typename Words>
CLI::App* member(CLI::App* family, const char* name, const char* what, Chosen& chosen,
                 const std::shared_ptr<Words>& words, Result<void> (*run)(const Words&)) {
  CLI::App* command = family->add_subcommand(name, what);
  command->fallthrough();  // --data is the family's
  command->add_flag("--json", words->as_json, "JSON, one line each");
  command->callback([&chosen, words, run] { chosen = [words, run] { return run(*words); }; });
  return command;
}

}  // namespace madoguchi::app
