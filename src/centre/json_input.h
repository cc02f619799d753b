// A request's JSON body, read strictly: an object of known members with the right types. The first
// mistake is kept; read everything, then ask finish() once. A value used on one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace madoguchi::centre {

class JsonInput {
 public:
  explicit JsonInput(std::string_view body);
  ~JsonInput();
  JsonInput(const JsonInput&) = delete;
  JsonInput& operator=(const JsonInput&) = delete;

  // Required: a missing or mistyped one records a mistake and gives an empty value.
  std::string text(std::string_view name, std::size_t most = 200);
  // std::nullopt when absent.
  std::optional<std::string> optional_text(std::string_view name, std::size_t most = 200);
  std::optional<bool> optional_flag(std::string_view name);
  std::optional<std::vector<std::string>> optional_texts(std::string_view name);

  void refuse(std::string_view name, std::string_view cause);
  // kInvalid naming the member; members that nobody asked for are mistakes too.
  [[nodiscard]] Result<void> finish() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace madoguchi::centre
