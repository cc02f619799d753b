#include "web/client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <atomic>
#include <mutex>

#include "base/check.h"

namespace madoguchi::web {
namespace {

// libcurl's own start, once a process and before the first handle.
void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] { CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
}

struct Incoming {
  std::string body;
  std::size_t most = 0;
  bool too_large = false;
};

std::size_t take(char* bytes, std::size_t size, std::size_t count, void* into) {
  auto& incoming = *static_cast<Incoming*>(into);
  if (incoming.body.size() + size * count > incoming.most) {
    incoming.too_large = true;
    return 0;  // ends the transfer
  }
  incoming.body.append(bytes, size * count);
  return size * count;
}

int ask_whether_given_up(void* flag, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0;  // 1 ends the transfer
}

}  // namespace

class Client::Handle {
 public:
  explicit Handle(ClientSettings settings) : settings_(std::move(settings)) {
    start_curl();
    curl_ = curl_easy_init();
    CHECK(curl_ != nullptr);
  }
  ~Handle() { curl_easy_cleanup(curl_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  Result<ClientAnswer> perform(const std::string& url, std::size_t most,
                               const std::string_view* body, const std::string& content_type) {
    Incoming incoming{{}, most, false};
    curl_easy_reset(curl_);  // keeps connections
    set_common(url, incoming);
    curl_slist* headers = nullptr;
    if (body != nullptr) {
      headers = curl_slist_append(nullptr, ("Content-Type: " + content_type).c_str());
      headers = curl_slist_append(headers, "Expect:");
      curl_easy_setopt(curl_, CURLOPT_POST, 1L);
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body->data());
      curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers);
    }
    const CURLcode done = curl_easy_perform(curl_);
    curl_slist_free_all(headers);
    if (incoming.too_large)
      return fail(ErrorCode::kCorrupt, fmt::format("{}: is larger than {} bytes", url, most));
    if (done == CURLE_UNSUPPORTED_PROTOCOL || done == CURLE_URL_MALFORMAT)
      return fail(ErrorCode::kInvalid, fmt::format("{}: is no http or https URL", url));
    if (done != CURLE_OK)
      return fail(ErrorCode::kUnavailable,
                  fmt::format("{}: no answer: {}", url, curl_easy_strerror(done)));
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    const char* type = nullptr;
    curl_easy_getinfo(curl_, CURLINFO_CONTENT_TYPE, &type);
    return ClientAnswer{static_cast<int>(status), type != nullptr ? type : "",
                        std::move(incoming.body)};
  }

  void give_up() { given_up_ = true; }

 private:
  void set_common(const std::string& url, Incoming& incoming) {
    curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(settings_.connect_within.count()));
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.answer_within.count()));
    curl_easy_setopt(curl_, CURLOPT_USERAGENT, "madoguchi");
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &incoming);
    curl_easy_setopt(curl_, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl_, CURLOPT_XFERINFOFUNCTION, ask_whether_given_up);
    curl_easy_setopt(curl_, CURLOPT_XFERINFODATA, &given_up_);
    if (!settings_.authorities.empty())
      curl_easy_setopt(curl_, CURLOPT_CAINFO, settings_.authorities.c_str());
  }

  const ClientSettings settings_;
  std::atomic<bool> given_up_ = false;
  CURL* curl_ = nullptr;
};

Client::Client(ClientSettings settings) : handle_(std::make_unique<Handle>(std::move(settings))) {}
Client::~Client() = default;

Result<ClientAnswer> Client::get(const std::string& url, std::size_t most) {
  return handle_->perform(url, most, nullptr, "");
}

Result<ClientAnswer> Client::post(const std::string& url, std::string_view body,
                                  const std::string& content_type, std::size_t most) {
  return handle_->perform(url, most, &body, content_type);
}

void Client::give_up() {
  handle_->give_up();
}

}  // namespace madoguchi::web
