#include "store/scratch_database.h"

#include <fmt/format.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <vector>

namespace madoguchi::store {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> find_program(const std::string& name) {
  std::vector<fs::path> folders;
  for (int version = 17; version >= 13; --version)
    folders.emplace_back(fmt::format("/usr/lib/postgresql/{}/bin", version));
  std::string path = std::getenv("PATH") == nullptr ? "" : std::getenv("PATH");
  for (std::size_t begin = 0; begin < path.size();) {
    const auto end = std::min(path.find(':', begin), path.size());
    folders.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  for (const auto& folder : folders)
    if (::access((folder / name).c_str(), X_OK) == 0) return folder / name;
  return std::nullopt;
}

// PostgreSQL refuses to run as root, so root becomes the server's own user or nobody.
const passwd* other_user() {
  if (::geteuid() != 0) return nullptr;
  const passwd* user = ::getpwnam("postgres");
  return user != nullptr ? user : ::getpwnam("nobody");
}

int run(const std::vector<std::string>& words) {
  const passwd* user = other_user();
  const pid_t child = ::fork();
  if (child == 0) {
    if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 ||
                            ::setuid(user->pw_uid) != 0))
      ::_exit(126);
    if (::chdir("/") != 0 || std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(126);
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

class Cluster {
 public:
  // Null when there is none; `why` says the reason.
  static Cluster* shared(std::string* why) {
    static std::string reason;
    static const std::unique_ptr<Cluster> cluster = start(&reason);
    *why = reason;
    return cluster.get();
  }

  ~Cluster() {
    if (!folder_.empty()) {
      run({control_, "-D", (folder_ / "data").string(), "-m", "immediate", "-w", "stop"});
      std::error_code ignored;
      fs::remove_all(folder_, ignored);
    }
  }

  std::string make_database() {
    static std::atomic<int> count{0};
    const std::string name = fmt::format("scratch_{}_{}", ::getpid(), ++count);
    soci::session sql(soci::postgresql, url_for("postgres"));
    sql << "CREATE DATABASE " + name;
    return url_for(name);
  }

 private:
  static std::unique_ptr<Cluster> start(std::string* why) {
    auto cluster = std::make_unique<Cluster>();
    if (const char* given = std::getenv("MADOGUCHI_TEST_POSTGRES")) {
      cluster->base_ = given;
      return cluster;
    }
    const auto initdb = find_program("initdb");
    const auto control = find_program("pg_ctl");
    if (!initdb || !control) {
      *why = "PostgreSQL is not installed here (no initdb); set MADOGUCHI_TEST_POSTGRES to a URL";
      return nullptr;
    }
    std::string pattern = testing::TempDir() + "mpgXXXXXX";
    cluster->folder_ = ::mkdtemp(pattern.data());
    cluster->control_ = control->string();
    if (const passwd* user = other_user())
      if (::chown(cluster->folder_.c_str(), user->pw_uid, user->pw_gid) != 0) return nullptr;
    const std::string data = (cluster->folder_ / "data").string();
    const std::string options = fmt::format(
        "-c listen_addresses= -c unix_socket_directories={} -c fsync=off "
        "-c shared_buffers=16MB -c max_connections=30",
        cluster->folder_.string());
    if (run({initdb->string(), "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "-N",
             "--locale=C"}) != 0 ||
        run({control->string(), "-D", data, "-l", (cluster->folder_ / "log").string(), "-o",
             options, "-w", "start"}) != 0) {
      *why = "PostgreSQL is installed but its private cluster did not start";
      ADD_FAILURE() << *why;
      return nullptr;
    }
    return cluster;
  }

  std::string url_for(const std::string& name) const {
    if (base_.empty())
      return fmt::format("postgresql://tester@/{}?host={}", name, folder_.string());
    // postgresql://user@host:port/base?options: only the base differs.
    const auto slash = base_.find('/', base_.find("://") + 3);
    const auto query = base_.find('?');
    return base_.substr(0, std::min(slash, query)) + "/" + name +
           (query == std::string::npos ? "" : base_.substr(query));
  }

  fs::path folder_;
  std::string control_;
  std::string base_;
};

}  // namespace

std::unique_ptr<ScratchDatabase> ScratchDatabase::make(Backend backend, std::string* why) {
  std::unique_ptr<ScratchDatabase> scratch(new ScratchDatabase());
  if (backend == Backend::kPostgres) {
    Cluster* cluster = Cluster::shared(why);
    if (cluster == nullptr) return nullptr;
    scratch->url_ = cluster->make_database();
    return scratch;
  }
  std::string pattern = testing::TempDir() + "storeXXXXXX";
  scratch->folder_ = ::mkdtemp(pattern.data());
  scratch->url_ = "sqlite:" + (scratch->folder_ / "scratch.db").string();
  return scratch;
}

ScratchDatabase::~ScratchDatabase() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

}  // namespace madoguchi::store
