#include "vault/exchange_service.h"

#include <utility>

#include "base/log.h"
#include "vault/rpc.h"

namespace madoguchi::vault {
namespace {

Bytes bytes_of(const std::string& text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

constexpr std::string_view kRole = "exchange";
// What one lease may claim: a call has few operators.
constexpr int kMostLegs = 8;

// Nothing for what is malformed; legs that prove nothing are left out.
std::optional<CallLease> lease_of(const wire::CallLease& told) {
  if (!is_valid_id(told.call_id()) || !is_valid_id(told.organisation_id()) ||
      !is_valid_id(told.desk_id()) || told.legs_size() > kMostLegs)
    return std::nullopt;
  CallLease lease{CallId(told.call_id()),
                  OrganisationId(told.organisation_id()),
                  DeskId(told.desk_id()),
                  told.sealed_number(),
                  {}};
  for (const wire::LeasedLeg& leg : told.legs()) {
    if (!leg.phone_user().empty())
      lease.legs.push_back({LegKind::kPhone, leg.phone_user()});
    else if (auto spelled = fingerprint_of(leg.fingerprint()))
      lease.legs.push_back({LegKind::kBrowser, *std::move(spelled)});
  }
  return lease;
}

void fill(const Directory& known, wire::Directory& directory) {
  directory.set_sealing_key(known.sealing_key().data(), known.sealing_key().size());
  for (const auto& [id, organisation] : known.organisations()) {
    wire::OrganisationEntry* entry = directory.add_organisations();
    entry->set_organisation_id(id.text());
    for (const std::string& number : organisation.numbers_called) entry->add_numbers_called(number);
    const RecordingKey& key = organisation.recording_keys.back();
    entry->set_recording_key_id(key.key_id);
    entry->set_recording_key(key.keys.public_key.data(), key.keys.public_key.size());
  }
}

}  // namespace

class ExchangeService::Stream final
    : public grpc::ServerBidiReactor<wire::ExchangeAsks, wire::VaultTells>,
      public Outbox {
 public:
  explicit Stream(ExchangeService& service) : service_(service) {}

  // gRPC refers to this object until OnDone().
  void begin(const std::shared_ptr<Stream>& self) {
    self_ = self;
    StartRead(&asks_);
  }

  void send(const wire::VaultTells& tells) override {
    const std::lock_guard lock(mutex_);
    if (over_) return;
    if (tells.has_directory()) pending_.clear_directory();  // the newest replaces, never adds
    pending_.MergeFrom(tells);
    if (++waiting_ > kMostWaiting) {
      log_warn("an exchange does not read what it asked for; it is cut off");
      finish({grpc::StatusCode::RESOURCE_EXHAUSTED, "read faster"});
    } else if (!writing_) {
      write();
    }
  }

  // An organisation that the centre has not told of yet: answered when it has. False when too many
  // wait for that.
  bool hold(const wire::Tokenise& ask) {
    const std::lock_guard lock(mutex_);
    if (held_.size() >= kMostHeld) return false;
    held_.push_back(ask);
    return true;
  }
  std::vector<wire::Tokenise> release() {
    const std::lock_guard lock(mutex_);
    return std::exchange(held_, {});
  }

  void OnReadDone(bool ok) override {
    if (ok) {
      service_.take(asks_, self_);
      StartRead(&asks_);
      return;
    }
    const std::lock_guard lock(mutex_);
    finish(grpc::Status::OK);
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (over_) return;
    if (!ok)
      finish(grpc::Status::OK);
    else if (waiting_ > 0)
      write();
  }
  void OnDone() override {
    log_info("an exchange went");
    const auto last = std::move(self_);  // may delete this
  }

 private:
  static constexpr std::size_t kMostWaiting = 20'000;
  static constexpr std::size_t kMostHeld = 2'000;

  // Both with the mutex held.
  void write() {
    out_.Clear();
    out_.Swap(&pending_);
    waiting_ = 0;
    writing_ = true;
    StartWrite(&out_);
  }
  void finish(const grpc::Status& status) {
    if (std::exchange(over_, true)) return;
    Finish(status);
  }

  ExchangeService& service_;
  std::shared_ptr<Stream> self_;  // shared with the keeper's waiting items
  wire::ExchangeAsks asks_;       // the reading thread's

  std::mutex mutex_;  // guards the rest
  wire::VaultTells pending_;
  wire::VaultTells out_;  // gRPC's while writing_
  std::size_t waiting_ = 0;
  std::vector<wire::Tokenise> held_;
  bool writing_ = false;
  bool over_ = false;
};

ExchangeService::ExchangeService(Registry& registry, Keeper& keeper, AuthorityDesk& authority,
                                 Refusals& refusals)
    : registry_(registry), keeper_(keeper), authority_(authority), refusals_(refusals) {
  registry_.on_change([this] { push_directory(); });
  authority_.on_change([this] { push_directory(); });
}

ExchangeService::~ExchangeService() {
  authority_.on_change({});
  registry_.on_change({});
}

void ExchangeService::fill_directory(wire::Directory& directory) {
  fill(*registry_.directory(), directory);
  for (wire::OrganisationEntry& entry : *directory.mutable_organisations())
    entry.set_leased(authority_.concerns(OrganisationId(entry.organisation_id())));
}

// A lease counts for the organisation whose number was called, as it was bound here: the exchange
// and the centre behind it can't say that it was another's.
void ExchangeService::take_leases(const wire::ExchangeAsks& asks) {
  for (const wire::CallLease& told : asks.leases()) {
    const auto lease = lease_of(told);
    const OrganisationId owner = registry_.owner_of_number(told.number_called());
    if (!lease || owner != lease->called) {
      refusals_.note({"lease",
                      lease ? "other_number" : "malformed",
                      std::string(kRole),
                      owner,
                      {},
                      lease ? lease->call : CallId(),
                      lease ? lease->desk : DeskId()});
      log_warn("a call's lease was not taken: {}",
               lease ? "the number called is not that organisation's" : "not valid");
      continue;
    }
    authority_.lease(*lease);
  }
  std::vector<CallId> renewed;
  for (const std::string& call : asks.renewed_calls()) renewed.emplace_back(call);
  if (!renewed.empty()) authority_.renew(renewed);
  for (const std::string& call : asks.ended_calls()) authority_.end_call(CallId(call));
}

void ExchangeService::push_directory() {
  std::vector<std::shared_ptr<Stream>> to;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(streams_, [](const auto& stream) { return stream.expired(); });
    for (const auto& stream : streams_)
      if (auto live = stream.lock()) to.push_back(std::move(live));
  }
  wire::VaultTells tells;
  fill_directory(*tells.mutable_directory());
  for (const auto& stream : to) {
    stream->send(tells);
    wire::ExchangeAsks held;
    for (wire::Tokenise& ask : stream->release()) *held.add_tokenise() = std::move(ask);
    take(held, stream);
  }
}

grpc::ServerBidiReactor<wire::ExchangeAsks, wire::VaultTells>* ExchangeService::Attach(
    grpc::CallbackServerContext* context) {
  if (const auto refused = require_role(*context, kRole); !refused.ok()) {
    class Refusal final : public grpc::ServerBidiReactor<wire::ExchangeAsks, wire::VaultTells> {
     public:
      explicit Refusal(const grpc::Status& status) { Finish(status); }
      void OnDone() override { delete this; }
    };
    return std::make_unique<Refusal>(refused).release();  // gRPC's until OnDone()
  }
  const auto stream = std::make_shared<Stream>(*this);
  {
    const std::lock_guard lock(mutex_);
    streams_.push_back(stream);
  }
  log_info("an exchange attached");
  wire::VaultTells first;
  fill_directory(*first.mutable_directory());
  stream->send(first);
  stream->begin(stream);
  return stream.get();
}

void ExchangeService::take(const wire::ExchangeAsks& asks, const std::shared_ptr<Stream>& stream) {
  take_leases(asks);
  wire::VaultTells tells;
  for (const wire::Tokenise& ask : asks.tokenise()) {
    const auto token =
        registry_.tokenise(OrganisationId(ask.organisation_id()), as_bytes(ask.sealed_number()));
    if (!token && token.error() == kUnknownOrganisation && stream->hold(ask)) continue;
    wire::LineIs* line = tells.add_lines();
    line->set_call_id(ask.call_id());
    if (token)
      line->set_line_token(token->text());
    else
      line->set_error(std::string(token.error()));
    if (!token && token.error() == kTokenLimit)
      refusals_.note({"line_token",
                      "limit",
                      std::string(kRole),
                      OrganisationId(ask.organisation_id()),
                      {},
                      {},
                      {}});
  }
  for (const wire::Wish& ask : asks.wishes()) {
    const bool good = is_valid_id(ask.wish_id()) && is_valid_id(ask.call_id());
    WishAsked wish{
        WishId(ask.wish_id()),         CallId(ask.call_id()), OrganisationId(ask.organisation_id()),
        bytes_of(ask.sealed_number()), ask.other_line(),      time_from_micros(ask.asked_us())};
    if (good && keeper_.push(stream, std::move(wish))) continue;
    if (good) {
      // Not answered: the exchange keeps the wish and sends it again with its next stream.
      log_warn("a wish was not taken: too much waits for the store");
      continue;
    }
    wire::WishKept* kept = tells.add_wishes();
    kept->set_wish_id(ask.wish_id());
    kept->set_error("invalid");
  }
  for (const wire::RedeemTicket& ask : asks.redeem()) {
    const bool good = is_valid_id(ask.ticket_id()) && is_valid_id(ask.call_id());
    if (good && keeper_.push(stream, RedeemAsked{TicketId(ask.ticket_id()), CallId(ask.call_id())}))
      continue;
    wire::DialDenied* denied = tells.add_denials();
    denied->set_ticket_id(ask.ticket_id());
    denied->set_call_id(ask.call_id());
    denied->set_why(good ? "away" : "no_ticket");
  }
  for (const wire::RecordingDigest& ask : asks.recordings()) {
    RecordingRow row{RecordingId(ask.recording_id()),
                     CallId(ask.call_id()),
                     OrganisationId(ask.organisation_id()),
                     ask.digest_hex(),
                     ask.bytes(),
                     ask.cut_off()};
    const bool good = is_valid_id(ask.recording_id()) && is_valid_id(ask.call_id()) &&
                      is_valid_id(ask.organisation_id()) && from_hex(ask.digest_hex()) &&
                      ask.digest_hex().size() == 64;
    if (!good || !keeper_.push(stream, std::move(row)))
      log_warn("a recording's digest was not taken: {}", good ? "the queue is full" : "not valid");
  }
  for (const wire::DialResult& ask : asks.dial_results())
    if (!is_valid_id(ask.ticket_id()) ||
        !keeper_.push(stream, DialEnded{TicketId(ask.ticket_id()), ask.outcome()}))
      log_warn("a dial's result was not taken");
  if (tells.lines_size() + tells.wishes_size() + tells.denials_size() > 0) stream->send(tells);
}

}  // namespace madoguchi::vault
