#include "vault/exchange_service.h"

#include "base/log.h"
#include "vault/rpc.h"

namespace madoguchi::vault {
namespace {

Bytes bytes_of(const std::string& text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
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

// gRPC allows one write at a time; the mutex orders answers of several threads.
class ExchangeService::Stream final : public Outbox {
 public:
  explicit Stream(grpc::ServerReaderWriter<wire::VaultTells, wire::ExchangeAsks>* stream)
      : stream_(stream) {}

  void send(const wire::VaultTells& tells) override {
    const std::lock_guard lock(mutex_);
    if (stream_ != nullptr && !stream_->Write(tells)) stream_ = nullptr;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    stream_ = nullptr;
  }

 private:
  std::mutex mutex_;
  grpc::ServerReaderWriter<wire::VaultTells, wire::ExchangeAsks>* stream_;  // null once over
};

ExchangeService::ExchangeService(Registry& registry, Keeper& keeper)
    : registry_(registry), keeper_(keeper) {
  registry_.on_change([this] { push_directory(); });
}

ExchangeService::~ExchangeService() {
  registry_.on_change({});
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
  fill(*registry_.directory(), *tells.mutable_directory());
  for (const auto& stream : to) stream->send(tells);
}

grpc::Status ExchangeService::Attach(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<wire::VaultTells, wire::ExchangeAsks>* stream) {
  if (auto refused = require_role(*context, "exchange"); !refused.ok()) return refused;
  const auto outbox = std::make_shared<Stream>(stream);  // shared with the keeper's waiting items
  {
    const std::lock_guard lock(mutex_);
    streams_.push_back(outbox);
  }
  wire::VaultTells first;
  fill(*registry_.directory(), *first.mutable_directory());
  outbox->send(first);
  log_info("an exchange attached");
  wire::ExchangeAsks asks;
  while (stream->Read(&asks)) take(asks, outbox);
  outbox->close();
  log_info("an exchange went");
  return grpc::Status::OK;
}

void ExchangeService::take(const wire::ExchangeAsks& asks, const std::shared_ptr<Stream>& stream) {
  wire::VaultTells tells;
  for (const wire::Tokenise& ask : asks.tokenise()) {
    wire::LineIs* line = tells.add_lines();
    line->set_call_id(ask.call_id());
    const auto token =
        registry_.tokenise(OrganisationId(ask.organisation_id()), as_bytes(ask.sealed_number()));
    if (token)
      line->set_line_token(token->text());
    else
      line->set_error(std::string(token.error()));
  }
  for (const wire::Wish& ask : asks.wishes()) {
    const bool good = is_valid_id(ask.wish_id()) && is_valid_id(ask.call_id());
    WishAsked wish{
        WishId(ask.wish_id()),         CallId(ask.call_id()), OrganisationId(ask.organisation_id()),
        bytes_of(ask.sealed_number()), ask.other_line(),      time_from_micros(ask.asked_us())};
    if (good && keeper_.push(stream, std::move(wish))) continue;
    wire::WishKept* kept = tells.add_wishes();
    kept->set_wish_id(ask.wish_id());
    kept->set_error(good ? "away" : "invalid");
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
