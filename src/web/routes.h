// Which handler answers which method and path, and how large a body it takes. A table filled at
// start and then only read, from any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/http.h"

namespace madoguchi::web {

// The server's side of a WebSocket: text goes out, nothing is read (commands are HTTP requests,
// which have size limits and answers). Any thread.
class Socket {
 public:
  virtual ~Socket() = default;
  // False when it is closed, also by this very call: what waits unsent is bounded, and a client too
  // slow for that is cut off; it connects again and is given a whole new snapshot.
  virtual bool send(std::shared_ptr<const std::string> text) = 0;
  virtual void close() = 0;
  [[nodiscard]] virtual bool is_open() const = 0;
};

// Where a handler's answer goes; copies share one answer. It may be given later and from any
// thread; the first one counts. If all copies go without an answer the client gets 500.
class Reply {
 public:
  using OnSocket = std::function<void(std::shared_ptr<Socket>)>;

  class Channel {
   public:
    virtual ~Channel() = default;
    virtual void send(Response response) = 0;
    virtual void upgrade(OnSocket ready) = 0;
  };

  explicit Reply(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}

  void send(Response response) const { channel_->send(std::move(response)); }
  // Only where request.wants_socket; else answers 426. `ready` runs on the server's thread.
  void upgrade(OnSocket ready) const { channel_->upgrade(std::move(ready)); }

 private:
  std::shared_ptr<Channel> channel_;  // shared by the copies that a handler passes on
};

// Runs on the server's only thread: it must not block.
using Handler = std::function<void(Request, Reply)>;

inline constexpr std::size_t kUsualBody = 64 * 1024;

struct Route {
  Method method = Method::kGet;
  std::string pattern;  // "/api/v1/calls/{call}/hold": {name} stands for one segment
  Handler handler;
  std::size_t most_body = kUsualBody;
  std::string smaller = {};  // how to send less, in words; empty: nothing particular
};

class Routes {
 public:
  void add(Route route) { routes_.push_back(std::move(route)); }
  // For paths that no route has, e.g. static files.
  void otherwise(Handler handler) { otherwise_ = std::move(handler); }

  // Answers 404, 405 and 413 itself.
  void dispatch(Request request, const Reply& reply) const;

  // 413 with the limit of what was asked for. `size`: of the body, where not its header tells it.
  [[nodiscard]] Response too_large(const Request& request, std::optional<std::size_t> size) const;

  [[nodiscard]] const std::vector<Route>& all() const { return routes_; }
  [[nodiscard]] std::size_t most_body() const;

 private:
  std::vector<Route> routes_;
  Handler otherwise_;
};

// Fills `params` when the path fits the pattern.
bool fits(std::string_view pattern, std::string_view path,
          std::map<std::string, std::string>& params);

}  // namespace madoguchi::web
