// Commands of one family, as `desk put`, `desk list`: each takes --data and --json, and says what
// is to be run once all is parsed. `Words` is what the family's options fill, with `data` and
// `as_json` among it; it is shared by the parser's callbacks. For the main thread, before anything
// runs.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

#include "app/administration.h"

namespace madoguchi::app {

template <typename Words>
CLI::App* family(CLI::App& app, const char* name, const char* what,
                 const std::shared_ptr<Words>& words) {
  CLI::App* command = app.add_subcommand(name, what);
  command->require_subcommand(1);
  command->add_option("--data", words->data, "Folder of `madoguchi up`")
      ->envname("MADOGUCHI_DATA")
      ->capture_default_str();
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
