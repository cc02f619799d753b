#include "vault/log_witnesses.h"

#include <fmt/format.h>

#include "base/log.h"
#include "web/client.h"

namespace madoguchi::vault {
namespace {

constexpr std::chrono::milliseconds kPatience{2'000};  // of a checkpoint that waits to be shown
constexpr std::chrono::milliseconds kConnectWithin{3'000};
constexpr std::chrono::milliseconds kAnswerWithin{10'000};
constexpr std::size_t kMostAnswer = std::size_t{64} * 1024;

class WebPoster final : public ledger::Poster {
 public:
  explicit WebPoster(web::ClientSettings settings) : client_(std::move(settings)) {}
  Result<Answer> post(const std::string& url, const std::string& body) override {
    auto answer = client_.post(url, body, "text/plain; charset=utf-8", kMostAnswer);
    if (!answer) return tl::unexpected<Error>(answer.error());
    return Answer{answer->status, std::move(answer->body)};
  }
  void give_up() override { client_.give_up(); }

 private:
  web::Client client_;
};

void report(const ledger::WitnessStanding& standing) {
  const std::string trouble = trouble_of(standing);
  if (trouble.empty())
    log_info("witness {} cosigns the log of {}", standing.witness, standing.log);
  else
    log_warn("{}", trouble);
}

}  // namespace

std::string trouble_of(const ledger::WitnessStanding& standing) {
  if (standing.trouble.empty()) return {};
  return fmt::format("witness {} does not cosign the log of {}: {}", standing.witness, standing.log,
                     standing.trouble);
}

std::unique_ptr<ledger::WitnessDesk> open_witness_desk(
    const std::vector<WitnessSettings>& witnesses, const Clock& clock) {
  if (witnesses.empty()) return nullptr;
  std::vector<ledger::WitnessDesk::Witnessed> asked;
  for (const WitnessSettings& one : witnesses) {
    asked.push_back({{one.url, one.key},
                     {one.organisations.begin(), one.organisations.end()},
                     std::make_unique<WebPoster>(
                         web::ClientSettings{kConnectWithin, kAnswerWithin, one.authorities})});
  }
  return std::make_unique<ledger::WitnessDesk>(std::move(asked), clock, kPatience, report);
}

}  // namespace madoguchi::vault
