#include "vault/page_keys/proof_check.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace madoguchi::vault {
namespace {

constexpr std::size_t kRunBytes = 8;
constexpr std::size_t kSweepFrom = 4096;

std::string fresh_run(Entropy& entropy) {
  std::array<std::uint8_t, kRunBytes> random{};
  entropy.fill(random.data(), random.size());
  return to_hex(random);
}

}  // namespace

std::string_view word_of(ProofFault fault) {
  switch (fault) {
    case ProofFault::kMissing:
      return "no_proof";
    case ProofFault::kOtherRun:
      return "other_run";
    case ProofFault::kOld:
      return "old_proof";
    case ProofFault::kWrong:
      return "wrong_proof";
    case ProofFault::kUsed:
      return "used_proof";
    case ProofFault::kTooMany:
      return "too_many_proofs";
  }
  return "";
}

ProofCheck::ProofCheck(const Clock& clock, Entropy& entropy)
    : clock_(clock), run_(fresh_run(entropy)) {}

std::string ProofCheck::run() const {
  return fmt::format("{} {}", run_, to_micros(clock_.now()) / 1000);
}

std::optional<ProofFault> ProofCheck::fault_in_time(const RequestProof& proof) const {
  if (proof.run != run_) return ProofFault::kOtherRun;
  const Time now = clock_.now();
  if (proof.made + kFresh < now || proof.made > now + kFresh) return ProofFault::kOld;
  return std::nullopt;
}

std::shared_ptr<ProofCheck::Session> ProofCheck::session_of(const std::string& name,
                                                            std::string_view key) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(name);
    if (found != sessions_.end()) return found->second;
  }
  auto parsed = page_key_of(key);
  if (!parsed) return nullptr;
  auto made = std::make_shared<Session>(*std::move(parsed));
  const Time now = clock_.now();
  made->turned = now;
  const std::lock_guard lock(mutex_);
  if (sessions_.size() >= kSweepFrom)
    std::erase_if(sessions_, [&](const auto& one) {
      if (one.second.use_count() > 1) return false;  // a check is under way
      const std::lock_guard inner(one.second->mutex);
      return one.second->turned + 4 * kFresh < now;  // two generations: none is fresh any more
    });
  return sessions_.emplace(name, std::move(made)).first->second;
}

std::optional<ProofFault> ProofCheck::of_session(const std::string& name, std::string_view bound_to,
                                                 std::string_view header,
                                                 const AskedRequest& request) {
  const auto proof = RequestProof::parse(header);
  if (!proof) return ProofFault::kMissing;
  if (auto fault = fault_in_time(*proof)) return fault;
  if (thumbprint_of(proof->key) != bound_to) return ProofFault::kWrong;
  const auto session = session_of(name, proof->key);
  if (!session || !session->key.verifies(as_bytes(proof->message(request)), proof->signature))
    return ProofFault::kWrong;
  const std::lock_guard lock(session->mutex);
  const Time now = clock_.now();
  if (session->turned + 2 * kFresh < now) {
    session->before = std::exchange(session->now, {});
    session->turned = now;
  }
  if (session->now.size() >= kMostRemembered) return ProofFault::kTooMany;
  if (session->before.contains(proof->name) || !session->now.insert(proof->name).second)
    return ProofFault::kUsed;
  return std::nullopt;
}

tl::expected<std::string, ProofFault> ProofCheck::of_beginning(std::string_view header,
                                                               const AskedRequest& request) const {
  const auto proof = RequestProof::parse(header);
  if (!proof) return tl::unexpected(ProofFault::kMissing);
  if (auto fault = fault_in_time(*proof)) return tl::unexpected(*fault);
  const auto key = page_key_of(proof->key);
  if (!key || !key->verifies(as_bytes(proof->message(request)), proof->signature))
    return tl::unexpected(ProofFault::kWrong);
  return thumbprint_of(proof->key);
}

}  // namespace madoguchi::vault
