#include "ledger/log_store.h"

#include <fmt/format.h>

#include "base/id.h"
#include "ledger/entry.h"

namespace madoguchi::ledger {

Result<void> check_draft(const Draft& draft) {
  // "." and ".." would be folders of their own.
  if (!is_valid_id(draft.log) || draft.log.starts_with('.'))
    return fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" is no id of a log", draft.log.substr(0, 80)));
  if (auto right = check_entry(draft.entry); !right)
    return fail(ErrorCode::kInvalid, "entry: " + right.error().message);
  return {};
}

}  // namespace madoguchi::ledger
