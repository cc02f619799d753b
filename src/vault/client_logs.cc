#include "vault/client_logs.h"

#include <fmt/format.h>

#include "base/log.h"
#include "vault/core/crypto.h"
#include "vault/log_witnesses.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kLogKind = "log";
constexpr std::chrono::milliseconds kEvery{1000};

}  // namespace

// ---- keys

Result<ledger::NoteSigner> LogSigners::signer_of(std::string_view log, const std::string& origin) {
  const OrganisationId organisation{std::string(log)};
  if (parts_.registry.directory()->find(organisation) == nullptr)
    return fail(ErrorCode::kNotFound, fmt::format("there is no organisation {}", log));
  // Read each time: what a failed commit has kept all the same counts.
  const auto wrapping = wrapping_->use();
  if (!wrapping) return tl::unexpected<Error>(wrapping.error());
  const auto image = parts_.store.load();
  if (!image) return tl::unexpected<Error>(image.error());
  auto key = [&]() -> Result<SigningKey> {
    for (const KeyRow& row : image->keys) {
      if (row.organisation != organisation || row.kind != kLogKind) continue;
      const auto seed = unwrap(row.wrapped, wrapping->key(),
                               {row.organisation.text(), row.kind, std::to_string(row.version)});
      if (!seed) return tl::unexpected<Error>(seed.error());
      return SigningKey::of_seed(seed->reveal());
    }
    return make(organisation, wrapping->key());
  }();
  if (!key) return tl::unexpected<Error>(key.error());
  auto signer = ledger::NoteSigner::make(origin, ledger::KeyType::kEd25519, *std::move(key));
  if (signer) log_info("the log of {} is verified with {}", log, signer->verifier().text());
  return signer;
}

Result<SigningKey> LogSigners::make(const OrganisationId& organisation, const Secret& wrapping) {
  const Time now = parts_.clock.now();
  SigningKey key = SigningKey::fresh();
  KeyRow row;
  row.organisation = organisation;
  row.kind = kLogKind;
  row.key_id = fresh_id_text(now, parts_.entropy);
  row.made = now;
  row.wrapped =
      wrap(key.seed(), wrapping, {organisation.text(), row.kind, std::to_string(row.version)});
  Act act;
  act.journal.push_back({"key_made",
                         {{"organisation", organisation.text()},
                          {"kind", row.kind},
                          {"key", row.key_id},
                          {"version", row.version}}});
  act.changes.emplace_back(PutKey{std::move(row)});
  if (auto kept = parts_.store.commit(now, act); !kept) return tl::unexpected<Error>(kept.error());
  return key;
}

// ---- publishing

ClientLogs::ClientLogs(const Parts& parts)
    : registry_(parts.signers.registry),
      signers_(parts.signers, parts.master.shared_wrapping()),
      witnesses_(open_witness_desk(parts.witnesses, parts.signers.clock)),
      logs_(parts.log, signers_, {parts.folder, parts.host + "/log"}) {
  if (witnesses_) logs_.set_cosigning(*witnesses_);
  publisher_.emplace(logs_, parts.signers.clock, kEvery,
                     [this](const Result<ledger::PublishedRound>& round) { report(round); });
}

// A trouble that lasts is told once. An owner whom the centre has not told of yet is none: what was
// signed for it is published as soon as it is known.
void ClientLogs::report(const Result<ledger::PublishedRound>& round) {
  std::string trouble;
  if (!round) trouble = round.error().message;
  const auto directory = registry_.directory();
  if (round)
    for (const ledger::LogTrouble& one : round->troubles) {
      if (directory->find(OrganisationId(one.log)) == nullptr) continue;
      trouble += fmt::format("{}{}: {}", trouble.empty() ? "" : "; ", one.log, one.error.message);
    }
  if (trouble == trouble_) return;
  if (trouble.empty())
    log_info("the clients' logs are published again");
  else
    log_warn("the clients' logs are not published: {}", trouble);
  trouble_ = std::move(trouble);
}

}  // namespace madoguchi::vault
