#include "app/url_fetcher.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "web/server.h"

namespace madoguchi::app {
namespace {

TEST(UrlFetcher, SaysByWhichNameALogIsAskedForWhereItWasAskedByAnother) {
  web::Routes routes;
  routes.add({web::Method::kGet, "/log/sakura/checkpoint",
              [](const web::Request& request, const web::Reply& reply) {
                const bool ours = request.header("Host").starts_with("vault.localhost");
                reply.send(ours ? web::text_response(200, "a checkpoint")
                                : web::error_response(421, "wrong_host", "another name"));
              }});
  web::ServerSettings settings;
  settings.port = 0;
  settings.hosts = {"vault.localhost"};
  const auto server = web::Server::start(settings, std::move(routes));
  ASSERT_TRUE(server) << server.error().message;
  const auto fetched = [&](const std::string& host) {
    return UrlFetcher(fmt::format("http://{}:{}/log/sakura", host, (*server)->port()),
                      "vault.localhost/log/sakura", {})
        .fetch("checkpoint", 1000);
  };
  const auto wrong = fetched("127.0.0.1");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(wrong.error().message.find("the log's own is \"vault.localhost\""), std::string::npos)
      << wrong.error().message;
  const auto right = fetched("vault.localhost");
  ASSERT_TRUE(right) << right.error().message;
  EXPECT_EQ(as_text(*right), "a checkpoint");
}

}  // namespace
}  // namespace madoguchi::app
