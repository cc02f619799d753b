// Tells whoever started this process that it serves now, in systemd's notification protocol
// (sd_notify(3)): a datagram to the socket named in NOTIFY_SOCKET. Without that variable nothing is
// sent.
#pragma once

#include <string_view>

namespace madoguchi {

// `status` is one line for people: addresses, what is missing.
void notify_ready(std::string_view status);
void notify_stopping();

}  // namespace madoguchi
