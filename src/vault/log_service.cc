#include "vault/log_service.h"

#include <algorithm>

#include "vault/rpc.h"

namespace madoguchi::vault {
namespace {

void tell(const ledger::WitnessStanding& one, wire::ListedWitness& into) {
  into.set_name(one.witness);
  into.set_state(std::string(name_of(one.state)));
  into.set_since_us(to_micros(one.since));
  into.set_size(one.size);
  into.set_cosigned(one.cosigned);
  into.set_seen_us(one.seen ? to_micros(*one.seen) : 0);
  into.set_trouble(one.trouble);
}

}  // namespace

Result<void> LogService::list(const std::string& organisation, wire::ListLogsTold& told) {
  auto sizes = store_.sizes();
  if (!sizes) return tl::unexpected<Error>(sizes.error());
  if (!organisation.empty()) {
    const auto is_other = [&](const ledger::LogSize& one) { return one.log != organisation; };
    sizes->erase(std::remove_if(sizes->begin(), sizes->end(), is_other), sizes->end());
    if (sizes->empty()) sizes->push_back({organisation, 0});
  }
  for (const ledger::LogSize& one : *sizes) {
    const auto key = logs_.logs().verifier_of(one.log);
    // Entries of an organisation that the vault does not know, as older versions took them, hide
    // nobody else's key.
    const bool keyless = !key && key.error().code == ErrorCode::kNotFound && one.size > 0;
    if (!key && !keyless) return tl::unexpected<Error>(key.error());
    wire::ListedLog& log = *told.add_logs();
    log.set_organisation_id(one.log);
    log.set_entries(one.size);
    if (keyless) continue;
    log.set_origin(key->name);
    log.set_key(key->text());
    if (logs_.witnesses() == nullptr) continue;
    for (const ledger::WitnessStanding& witness : logs_.witnesses()->standings(one.log))
      tell(witness, *log.add_witnesses());
  }
  return {};
}

grpc::Status LogService::List(grpc::ServerContext* context, const wire::ListLogsAsk* ask,
                              wire::ListLogsTold* told) {
  if (auto refused = require_role(*context, "admin"); !refused.ok()) return refused;
  const auto listed = list(ask->organisation_id(), *told);
  if (!listed && !is_callers(listed.error())) return status_of(listed.error());
  if (!listed) told->set_error(listed.error().message);
  return grpc::Status::OK;
}

}  // namespace madoguchi::vault
