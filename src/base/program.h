// Programs of others that a process of ours may start. Looks at the disk; any thread.
#pragma once

#include <string>

namespace madoguchi {

// Found by its path, or by its name in PATH; executable; and of the system (beneath /usr), since a
// confined process starts no other (base/confine.h).
bool is_program(const std::string& name);

}  // namespace madoguchi
