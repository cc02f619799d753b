#include "store/sqlite_setup.h"

#include <sqlite3.h>

namespace madoguchi::store {

void configure_sqlite() {
  static const bool done = sqlite3_config(SQLITE_CONFIG_MULTITHREAD) == SQLITE_OK &&
                           sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK;
  static_cast<void>(done);  // too late where somebody else began with SQLite: then it is slower
}

}  // namespace madoguchi::store
