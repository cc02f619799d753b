// The glass over real HTTP, on a real store: who may ask it, from where, and what a session is.
#include "vault/glass_site.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <set>

#include "store/vault/vault_fixture.h"
#include "vault/page_keys/page_key.h"
#include "vault/page_keys/software_page.h"
#include "vault/refusals.h"

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
    refusals_ =
        std::make_unique<vault::Refusals>(vault::Refusals::Parts{*store_, clock_, *registry_});
    settings_ = settings;
    restart_site();
    ASSERT_TRUE(staff_->put(OperatorId("hana"), "花", ""));
    ASSERT_TRUE(staff_->set_password(OperatorId("hana"), vault::Password("right password")));
  }
  void TearDown() override {
    site_.reset();
    refusals_.reset();
    VaultOn::TearDown();
  }
  // The vault's next run: of what pages had sent, nothing is remembered.
  void restart_site() {
    site_.reset();
    auto site = vault::GlassSite::start(
        settings_, {*staff_, *authority_, *registry_, {}, nullptr, refusals_.get()});
    ASSERT_TRUE(site) << site.error().message;
    site_ = std::move(*site);
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
    const std::string body = R"({"name":"hana","password":")" + password + R"("})";
    const std::string headers = "Origin: " + origin + "\r\nContent-Type: " + type + "\r\n";
    return send_signed("POST", "/api/session", headers, body);
  }
  // As the page does: once more when the answer says of which run proofs are to be.
  std::string send_signed(const std::string& method, const std::string& path,
                          const std::string& headers = "", const std::string& body = "") {
    std::string answer = send(method, path, own(), headers + proof(method, path, body), body);
    if (!has(answer, R"("other_run")")) return answer;
    learn(answer);
    return send(method, path, own(), headers + proof(method, path, body), body);
  }
  void learn(const std::string& answer) {
    const auto at = answer.find("Madoguchi-Run: ");
    ASSERT_NE(at, std::string::npos) << answer;
    page_.learn(answer.substr(at + 15, answer.find("\r\n", at) - at - 15), clock_.now());
  }
  std::string proof(const std::string& method, const std::string& path,
                    const std::string& body = "") {
    const std::string host = own();
    return "Madoguchi-Proof: " +
           page_.proof({method, host, path, "", "", body}, clock_.now()).header() + "\r\n";
  }
  // hana's cookie, as a header.
  std::string signed_in() {
    const std::string in = sign_in("right password", "http://" + own());
    EXPECT_EQ(status_of(in), 200) << in;
    const auto at = in.find("glass_session=");
    return "Cookie: " + in.substr(at, in.find(';', at) - at) + "\r\n";
  }
  // What the journal tells of who came without the page's proof.
  std::set<std::string> told_why() {
    site_.reset();
    refusals_ =
        std::make_unique<vault::Refusals>(vault::Refusals::Parts{*store_, clock_, *registry_});
    restart_site();
    std::set<std::string> why;
    for (const auto& line : journal_lines()) {
      const auto at = line.json.find(R"("why":")");
      if (at != std::string::npos && has(line.json, R"("asked":"glass")"))
        why.insert(line.json.substr(at + 7, line.json.find('"', at + 7) - at - 7));
    }
    return why;
  }

  static int status_of(const std::string& answer) {
    return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
  }
  static bool has(const std::string& answer, const std::string& text) {
    return answer.find(text) != std::string::npos;
  }

  vault::GlassSettings settings_;
  vault::SoftwarePage page_;
  std::unique_ptr<vault::Refusals> refusals_;
  std::unique_ptr<vault::GlassSite> site_;
};

TEST_P(GlassOn, SignsInRemembersAndSignsOut) {
  const std::string origin = "http://" + own();
  EXPECT_TRUE(has(send("GET", "/api/session", own()), R"("signed_in":false)"));
  const std::string in = sign_in("right password", origin);
  ASSERT_EQ(status_of(in), 200) << in;
  EXPECT_TRUE(has(in, R"("display_name":"花")"));
  for (const char* part : {"HttpOnly", "Secure", "Partitioned"}) EXPECT_TRUE(has(in, part));
  const std::string cookie = signed_in();
  EXPECT_TRUE(has(send_signed("GET", "/api/session", cookie), R"("signed_in":true)"));
  EXPECT_EQ(status_of(send_signed(
                "DELETE", "/api/session",
                cookie + "Origin: " + origin + "\r\nContent-Type: application/json\r\n", "{}")),
            200);
  EXPECT_TRUE(has(send_signed("GET", "/api/session", cookie), R"("signed_in":false)"));
}

// A browser's, as its page tells it.
std::string leg_told() {
  std::string pairs = "AB";
  for (int i = 0; i < 31; ++i) pairs += ":AB";
  return R"({"fingerprint":"sha-256 )" + pairs + R"("})";
}
const std::string kLeg = leg_told();

TEST_P(GlassOn, ACopiedCookieOpensNothingAndIsTold) {
  const std::string cookie = signed_in();
  const std::string post =
      cookie + "Origin: http://" + own() + "\r\nContent-Type: application/json\r\n";
  EXPECT_TRUE(has(send("GET", "/api/session", own(), cookie), R"("signed_in":false)"));
  EXPECT_TRUE(has(send("GET", "/api/owner/live", own(), cookie), R"("no_proof")"));
  EXPECT_TRUE(has(send("POST", "/api/leg", own(), post, kLeg), R"("no_proof")"));
  EXPECT_EQ(status_of(send("DELETE", "/api/session", own(), post, "{}")), 401);
  vault::SoftwarePage thief;
  std::swap(page_, thief);
  EXPECT_TRUE(has(send_signed("POST", "/api/leg", post, kLeg), R"("wrong_proof")"));
  std::swap(page_, thief);
  EXPECT_EQ(status_of(send_signed("POST", "/api/leg", post, kLeg)), 200);
  EXPECT_EQ(told_why(), (std::set<std::string>{"no_proof", "wrong_proof"}));
}

TEST_P(GlassOn, AProofIsOfOneRequestAndGoodOnce) {
  const std::string cookie = signed_in();
  const std::string post =
      cookie + "Origin: http://" + own() + "\r\nContent-Type: application/json\r\n";
  const std::string once = proof("POST", "/api/leg", kLeg);
  EXPECT_EQ(status_of(send("POST", "/api/leg", own(), post + once, kLeg)), 200);
  EXPECT_TRUE(has(send("POST", "/api/leg", own(), post + once, kLeg), R"("used_proof")"));
  const auto wrong = [&](const std::string& with, const std::string& path,
                         const std::string& body) {
    return has(send("POST", path, own(), post + with, body), R"("wrong_proof")");
  };
  EXPECT_TRUE(wrong(proof("POST", "/api/leg", kLeg), "/api/leg", "{ }"));
  EXPECT_TRUE(wrong(proof("POST", "/api/leg", kLeg), "/api/leg?x=1", kLeg));
  EXPECT_TRUE(wrong(proof("GET", "/api/leg", kLeg), "/api/leg", kLeg));
  const std::string old = proof("POST", "/api/leg", kLeg);
  clock_.advance(vault::ProofCheck::kFresh + std::chrono::seconds(1));
  const std::string refused = send("POST", "/api/leg", own(), post + old, kLeg);
  EXPECT_EQ(status_of(refused), 401);
  EXPECT_TRUE(has(refused, R"("old_proof")"));
  EXPECT_TRUE(has(refused, "Madoguchi-Run: "));
  EXPECT_EQ(told_why(), (std::set<std::string>{"used_proof", "wrong_proof", "old_proof"}));
}

TEST_P(GlassOn, SessionsOutliveTheVaultsRunAndProofsDoNot) {
  const std::string cookie = signed_in();
  const std::string before = proof("GET", "/api/session");
  restart_site();
  EXPECT_TRUE(has(send("GET", "/api/session", own(), cookie + before), R"("other_run")"));
  EXPECT_TRUE(has(send_signed("GET", "/api/session", cookie), R"("signed_in":true)"));
}

TEST_P(GlassOn, NobodySignsInWithoutAKeyAtHand) {
  const std::string post = "Origin: http://" + own() + "\r\nContent-Type: application/json\r\n";
  const std::string body = R"({"name":"hana","password":"right password"})";
  EXPECT_TRUE(has(send("POST", "/api/session", own(), post, body), R"("no_proof")"));
  EXPECT_TRUE(
      has(send("POST", "/api/session", own(), post + proof("POST", "/api/session", body), body),
          R"("other_run")"));
  learn(send("POST", "/api/session", own(), post + proof("POST", "/api/session", body), body));
  EXPECT_TRUE(
      has(send("POST", "/api/session", own(), post + proof("POST", "/api/session", "{}"), body),
          R"("wrong_proof")"));
  EXPECT_EQ(count_of("signed_in"), 0);
}

TEST_P(GlassOn, WhoseKeyACookieIsBoundToIsPartOfTheCookie) {
  const std::string cookie = signed_in();
  vault::SoftwarePage thief;
  const std::string own_end = vault::thumbprint_of(page_.public_key());
  std::string changed = cookie;
  changed.replace(changed.find(own_end), own_end.size(), vault::thumbprint_of(thief.public_key()));
  std::swap(page_, thief);
  EXPECT_TRUE(has(send_signed("GET", "/api/owner/live", changed), R"("signed_out")"));
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
  const std::string stranger = send_signed(
      "POST", "/api/session", "Origin: " + origin + "\r\nContent-Type: application/json\r\n",
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

TEST_P(GlassOn, AnOwnerGivesTheOwnNumbersFreeAndNobodyElseDoes) {
  const OrganisationId sakura("sakura");
  ASSERT_TRUE(registry_->put_organisation(sakura, "A", {"+81300000001", "*77#", "+81300000002"}));
  ASSERT_TRUE(registry_->put_organisation(OrganisationId("ume"), "B", {"+81300000003"}));
  const std::string cookie = signed_in();
  const std::string post =
      cookie + "Origin: http://" + own() + "\r\nContent-Type: application/json\r\n";
  const std::string release = "/api/owner/numbers/%2B81300000001/release";
  const auto by = [&](vault::StaffRole role) {
    ASSERT_TRUE(authority_->put_place({OperatorId("hana"), sakura, role, ""}));
  };
  by(vault::StaffRole::kSupervisor);
  EXPECT_EQ(status_of(send_signed("POST", release, post, "{}")), 403);
  EXPECT_EQ(status_of(send_signed("GET", "/api/owner/numbers", cookie)), 403);
  by(vault::StaffRole::kOwner);
  EXPECT_EQ(status_of(send_signed("POST", release, post, "{}")), 200);
  EXPECT_EQ(status_of(send_signed("POST", "/api/owner/numbers/*77%23/release", post, "{}")), 200);
  EXPECT_EQ(status_of(send_signed("POST", "/api/owner/numbers/%2B81300000003/release", post, "{}")),
            404);
  const std::string all = send_signed("GET", "/api/owner/numbers", cookie);
  EXPECT_TRUE(has(all, R"({"given_free_at":"2026-11-22T03:00:00.000000Z",)"
                       R"("given_free_by":"hana","number":"+81300000001"})"))
      << all;
  EXPECT_TRUE(has(all, R"("given_free_by":null,"number":"+81300000002")")) << all;
  EXPECT_FALSE(has(all, "+81300000003"));
  EXPECT_EQ(status_of(send_signed("DELETE", release, post, "{}")), 200);
  EXPECT_FALSE(has(send_signed("GET", "/api/owner/numbers", cookie), R"(:"hana","number":"+8130)"));
  const std::string first = send_signed("GET", "/api/owner/numbers?limit=2", cookie);
  EXPECT_TRUE(has(first, R"("next":"+81300000001")")) << first;
  const std::string rest =
      send_signed("GET", "/api/owner/numbers?limit=2&after=%2B81300000001", cookie);
  EXPECT_TRUE(has(rest, R"("next":null)") && has(rest, "+81300000002")) << rest;
  EXPECT_FALSE(has(rest, "+81300000001"));
}

INSTANTIATE_TEST_SUITE_P(Both, GlassOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
