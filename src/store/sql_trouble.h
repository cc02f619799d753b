// What an exception of SOCI means for us. SOCI's own text may quote stored values (it appends the
// bound parameters, and PostgreSQL quotes keys), so none of it is passed on: only codes are.
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/database.h"

namespace madoguchi::store {

struct Trouble {
  ErrorCode code = ErrorCode::kInternal;
  std::string text;                 // completes "<store>: "
  std::optional<StoreState> state;  // none: the store itself is well, the statement was not
  bool reconnect = false;
};

// Somebody else holds the lock longer than we wait.
Trouble locked_trouble();

// `path` is SQLite's file: an I/O error there is told apart from a full disk by asking the system.
Trouble trouble_of(const std::exception& thrown, Backend backend, const std::string& path);

}  // namespace madoguchi::store
