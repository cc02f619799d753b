// An HTTP client for a handful of requests to one or few servers: keeps its connection, follows no
// redirects, speaks http and https only, and takes no more bytes than it is told. Blocking; one
// thread at a time. Owned by whoever asks.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace madoguchi::web {

struct ClientSettings {
  std::chrono::milliseconds connect_within{5'000};
  std::chrono::milliseconds answer_within{30'000};
  std::filesystem::path authorities;  // PEM; empty: the system's
};

struct ClientAnswer {
  int status = 0;
  std::string content_type;
  std::string body;
};

class Client {
 public:
  explicit Client(ClientSettings settings = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Any status is an answer. kUnavailable: none came; kInvalid: no http or https URL; kCorrupt: the
  // body is larger than `most`.
  Result<ClientAnswer> get(const std::string& url, std::size_t most);
  Result<ClientAnswer> post(const std::string& url, std::string_view body,
                            const std::string& content_type, std::size_t most);

  // Any thread: what is under way, and all that comes after, ends within a second or so.
  void give_up();

 private:
  class Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace madoguchi::web
