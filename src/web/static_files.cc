#include "web/static_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "web/hosts.h"

namespace madoguchi::web {
namespace {

namespace fs = std::filesystem;

constexpr off_t kMostFile = 16 * 1024 * 1024;

std::string_view type_of(const fs::path& file) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".wav", "audio/wav"},
      {".mp3", "audio/mpeg"},
      {".woff2", "font/woff2"},
      {".map", "application/json; charset=utf-8"},
      {".txt", "text/plain; charset=utf-8"},
      {".webmanifest", "application/manifest+json"},
      {".wasm", "application/wasm"},
  }};
  const std::string extension = file.extension().string();
  for (const auto& [name, type] : kTypes)
    if (name == extension) return type;
  return "application/octet-stream";
}

bool plain_segments(std::string_view path) {
  if (path.find('\0') != std::string_view::npos || path.find('\\') != std::string_view::npos)
    return false;
  while (!path.empty()) {
    const auto end = path.find('/');
    const std::string_view segment = path.substr(0, end);
    if (!segment.empty() && segment.front() == '.') return false;
    path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
  }
  return true;
}

struct Found {
  std::string bytes;
  std::string tag;
};

std::optional<Found> read(const fs::path& root, const fs::path& file) {
  std::error_code error;
  const fs::path real = fs::canonical(file, error);
  if (error) return std::nullopt;
  const fs::path base = fs::canonical(root, error);
  if (error || real.lexically_relative(base).string().starts_with("..")) return std::nullopt;

  const int fd = open(real.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  struct stat info {};
  std::optional<Found> found;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= kMostFile) {
    found.emplace();
    found->bytes.resize(static_cast<std::size_t>(info.st_size));
    std::size_t have = 0;
    while (have < found->bytes.size()) {
      const ssize_t got = ::read(fd, found->bytes.data() + have, found->bytes.size() - have);
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    found->bytes.resize(have);
    found->tag = fmt::format("\"{:x}-{:x}-{:x}\"", info.st_mtim.tv_sec, info.st_mtim.tv_nsec, have);
  }
  close(fd);
  return found;
}

}  // namespace

StaticFiles::StaticFiles(std::string prefix, fs::path folder)
    : prefix_(std::move(prefix)), folder_(std::move(folder)) {}

bool StaticFiles::covers(const Request& request) const {
  return request.path == prefix_ || request.path.starts_with(prefix_ + "/");
}

Response StaticFiles::serve(const Request& request) const {
  if (request.method != Method::kGet && request.method != Method::kHead)
    return error_response(405, "method_not_allowed", "allowed here: GET");
  // A page's relative links count from the folder, so the folder's own address ends in a slash.
  if (request.path == prefix_ && !prefix_.empty()) {
    Response moved = text_response(308, "");
    moved.headers.emplace_back("Location", prefix_ + "/");
    return moved;
  }
  const std::string_view within = std::string_view(request.path).substr(prefix_.size() + 1);
  if (!plain_segments(within))
    return error_response(404, "not_found", "there is nothing at this path");

  fs::path file = folder_ / (within.empty() ? fs::path("index.html") : fs::path(within));
  auto found = read(folder_, file);
  if (!found && !file.has_extension()) {
    file = folder_ / "index.html";
    found = read(folder_, file);
  }
  if (!found) return error_response(404, "not_found", "there is nothing at this path");

  Response response;
  response.content_type = std::string(type_of(file));
  const bool for_good = within.starts_with("assets/");
  response.headers.emplace_back("Cache-Control",
                                for_good ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.emplace_back("ETag", found->tag);
  if (request.header("If-None-Match") == found->tag) {
    response.status = 304;
    return response;
  }
  response.body = std::move(found->bytes);
  return response;
}

Response at_its_name(const Request& request, Response response) {
  if (!response.content_type.starts_with("text/html")) return response;
  const auto host = loopback_by_name(request.header("Host"));
  if (!host) return response;
  Response moved = text_response(307, "");
  moved.headers.emplace_back("Location", fmt::format("{}://{}{}", request.secure ? "https" : "http",
                                                     *host, request.header(":path")));
  return moved;
}

}  // namespace madoguchi::web
