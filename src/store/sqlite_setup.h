// What holds for SQLite in the whole process.
#pragma once

namespace madoguchi::store {

// Before the first connection; again does nothing. Takes away two locks at every call of SQLite's:
// each connection of ours is used by one thread at a time, and nobody asks how much memory it has.
void configure_sqlite();

}  // namespace madoguchi::store
