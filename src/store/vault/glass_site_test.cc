// The glass over real HTTP, on a real store: who may ask it, from where, and what a session is.
#include "vault/glass_site.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "store/vault/vault_fixture.h"

namespace madoguchi::store {
namespace {

class GlassOn : public VaultOn {
 protected:
  void SetUp() override {
    VaultOn::SetUp();
    if (IsSkipped()) return;
    std::filesystem::create_directories(folder_ / "pages");
    std::ofstream(folder_ / "pages" / "index.html") << "<title>glass</title>";
    vault::GlassSettings settings;
    settings.web.address = "127.0.0.1";
    settings.host = "vault.localhost";
    settings.web.hosts = {settings.host};
    settings.pages = folder_ / "pages";
    settings.parents = {"https://desk.example.jp:8080"};
    settings.passwords = true;
    auto site = vault::GlassSite::start(settings, {*staff_, *authority_, *registry_});
    ASSERT_TRUE(site) << site.error().message;
    site_ = std::move(*site);
    ASSERT_TRUE(staff_->put(OperatorId("hana"), "花", ""));
    ASSERT_TRUE(staff_->set_password(OperatorId("hana"), vault::Password("right password")));
  }
  void TearDown() override {
    site_.reset();
    VaultOn::TearDown();
  }

  [[nodiscard]] std::string own() const {
    return "vault.localhost:" + std::to_string(site_->port());
  }
  // The whole answer.
  std::string send(const std::string& method, const std::string& path, const std::string& host,
                   const std::string& headers = "", const std::string& body = "") {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(site_->port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    const std::string request = method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" +
                                headers + "Content-Length: " + std::to_string(body.size()) +
                                "\r\nConnection: close\r\n\r\n" + body;
    EXPECT_EQ(::write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
    std::string answer;
    char part[4096];
    for (ssize_t got = 0; (got = ::read(fd, part, sizeof part)) > 0;)
      answer.append(part, static_cast<std::size_t>(got));
    ::close(fd);
    return answer;
  }
  std::string sign_in(const std::string& password, const std::string& origin,
                      const std::string& type = "application/json") {
    return send("POST", "/api/session", own(),
                "Origin: " + origin + "\r\nContent-Type: " + type + "\r\n",
                R"({"name":"hana","password":")" + password + R"("})");
  }

  static int status_of(const std::string& answer) {
    return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
  }
  static bool has(const std::string& answer, const std::string& text) {
    return answer.find(text) != std::string::npos;
  }

  std::unique_ptr<vault::GlassSite> site_;
};

TEST_P(GlassOn, SignsInRemembersAndSignsOut) {
  const std::string origin = "http://" + own();
  EXPECT_TRUE(has(send("GET", "/api/session", own()), R"("signed_in":false)"));
  const std::string in = sign_in("right password", origin);
  ASSERT_EQ(status_of(in), 200) << in;
  EXPECT_TRUE(has(in, R"("display_name":"花")"));
  for (const char* part : {"HttpOnly", "Secure", "Partitioned"}) EXPECT_TRUE(has(in, part));
  const auto at = in.find("glass_session=");
  const std::string cookie = "Cookie: " + in.substr(at, in.find(';', at) - at) + "\r\n";
  EXPECT_TRUE(has(send("GET", "/api/session", own(), cookie), R"("signed_in":true)"));
  EXPECT_EQ(status_of(send("DELETE", "/api/session", own(),
                           cookie + "Origin: " + origin + "\r\nContent-Type: application/json\r\n",
                           "{}")),
            200);
  EXPECT_TRUE(has(send("GET", "/api/session", own(), cookie), R"("signed_in":false)"));
}

TEST_P(GlassOn, AnswersToItsOwnNameAndItsOwnPagesAlone) {
  const std::string port = ":" + std::to_string(site_->port());
  for (const std::string& host : {"127.0.0.1" + port, "localhost" + port, std::string("evil.jp")})
    EXPECT_GE(status_of(send("GET", "/", host)), 400) << host;
  EXPECT_EQ(status_of(send("GET", "/", own())), 200);
  for (const std::string& origin :
       {std::string("https://desk.example.jp:8080"), "http://localhost" + port, std::string("null"),
        std::string("https://") + own()})
    EXPECT_EQ(status_of(sign_in("right password", origin)), 403) << origin;
  EXPECT_EQ(status_of(sign_in("right password", "http://" + own(), "text/plain")), 415);
  EXPECT_EQ(count_of("signed_in"), 0);
}

TEST_P(GlassOn, MayBeFramedByItsConsolesAndLoadsNothingFromElsewhere) {
  const std::string page = send("GET", "/", own());
  EXPECT_TRUE(has(page, "frame-ancestors https://desk.example.jp:8080\r\n")) << page;
  EXPECT_TRUE(has(page, "default-src 'none'"));
  EXPECT_FALSE(has(page, "unsafe"));
  EXPECT_TRUE(has(send("GET", "/api/parents", own()), R"(["https://desk.example.jp:8080"])"));
}

TEST_P(GlassOn, SaysTheSameOfEveryFailureAndNothingOfAnyText) {
  const std::string origin = "http://" + own();
  const std::string wrong = sign_in("wrong", origin);
  EXPECT_EQ(status_of(wrong), 403);
  const std::string stranger = send("POST", "/api/session", own(),
                                    "Origin: " + origin + "\r\nContent-Type: application/json\r\n",
                                    R"({"name":"09087654321","password":"x"})");
  const auto body_of = [](const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n"));
  };
  EXPECT_EQ(body_of(wrong), body_of(stranger));
  for (const char* body : {"", "{", "[]", R"({"name":1,"password":"x"})", R"({"name":"x"})"})
    EXPECT_EQ(status_of(send("POST", "/api/session", own(),
                             "Origin: " + origin + "\r\nContent-Type: application/json\r\n", body)),
              400)
        << body;
  for (const auto& line : journal_lines())
    EXPECT_EQ(line.json.find("9087654321"), std::string::npos) << line.json;
}

TEST_P(GlassOn, ClosesWhileNothingCanBeWritten) {
  fault_ = CommitFault::kFailed;
  EXPECT_EQ(status_of(sign_in("right password", "http://" + own())), 503);
  EXPECT_EQ(status_of(sign_in("right password", "http://" + own())), 200);
}

INSTANTIATE_TEST_SUITE_P(Both, GlassOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
