// The process's own log, on standard error, one line an event: time, level, process, text. Never
// personal data (Personal<T> prints as [redacted]); libraries' own prints are silenced, not passed
// through. Thread-safe. Pure domain modules do not log.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace madoguchi {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

void start_log(std::string_view process, LogLevel least);
void log_line(LogLevel level, std::string_view text);

template <typename... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kWarn, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace madoguchi
