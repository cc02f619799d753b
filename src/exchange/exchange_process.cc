#include "exchange/exchange_process.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "exchange/events.h"
#include "exchange/media/prompt.h"
#include "exchange/media/udp_socket.h"

namespace madoguchi::exchange {
namespace {

constexpr std::chrono::milliseconds kRest{20};  // between two passes in a rush
// A message costs as much as the handling of several events: what gathers in this time goes in one.
constexpr std::chrono::milliseconds kBetweenSends{40};
// Nobody waits for a line's token or for a recording's entry in the vault's journal.
constexpr std::chrono::milliseconds kBetweenTokens{120};
// Telephones refresh all the time; each of them for much longer than this.
constexpr std::chrono::seconds kBetweenTelephones{2};
constexpr std::size_t kMostBatchBytes = 1 << 20;
constexpr int kMostAsksAMessage = 500;
constexpr std::size_t kCommandsRemembered = 20'000;
constexpr std::chrono::seconds kShutDownPatience{4};

std::string fresh_epoch(const Clock& clock) {
  SystemEntropy entropy;
  return fresh_id_text(clock.now(), entropy);
}

// Only this machine can say which addresses are its own.
Result<void> check_addresses(const Settings& settings) {
  const auto ours = [](std::string_view key, const std::string& address) -> Result<void> {
    const auto socket = UdpSocket::bind(address, 0);
    if (socket || socket.error().code != ErrorCode::kUnavailable) return {};
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: {} is no address of this machine", key, address));
  };
  for (const SipListen& one : settings.sip)
    if (auto good = ours(listen_key(one.transport), one.at.address.text()); !good) return good;
  if (auto good = ours("sound.bind", settings.sound_bind); !good) return good;
  return ours("browser.bind", settings.browser_bind);
}

}  // namespace

ExchangeProcess::ExchangeProcess(Settings settings, const Clock& clock)
    : settings_(std::move(settings)),
      clock_(clock),
      epoch_(fresh_epoch(clock)),
      loop_(clock, kRest),
      tables_(settings_.country),
      telephones_(settings_.data / "telephones") {}

ExchangeProcess::~ExchangeProcess() {
  vault_.reset();
  centre_.reset();
  resolver_.reset();
  worker_.reset();
}

Result<std::unique_ptr<ExchangeProcess>> ExchangeProcess::open(Settings settings,
                                                               const Clock& clock) {
  std::unique_ptr<ExchangeProcess> process(new ExchangeProcess(std::move(settings), clock));
  if (auto opened = process->open_parts(); !opened) return tl::unexpected(opened.error());
  return process;
}

Result<void> ExchangeProcess::lock_folder() {
  auto lock = FileLock::take(settings_.data / "lock");
  if (!lock && lock.error().code == ErrorCode::kConflict)
    return fail(ErrorCode::kConflict,
                fmt::format("{}: another exchange is using this folder", settings_.data.string()));
  if (!lock) return tl::unexpected<Error>(lock.error());
  lock_ = *std::move(lock);
  return {};
}

Result<void> ExchangeProcess::open_parts() {
  if (auto ours = check_addresses(settings_); !ours) return ours;
  const auto wake = [this] { loop_.wake(); };
  for (const char* part : {"", "recordings", "prompts"}) {
    std::error_code problem;
    std::filesystem::create_directories(settings_.data / part, problem);
    if (problem)
      return fail(ErrorCode::kDenied, fmt::format("{}: cannot be made: {}", settings_.data.string(),
                                                  problem.message()));
  }
  if (auto locked = lock_folder(); !locked) return locked;
  auto disk = open_spool_folder(settings_.data / "spool");
  if (!disk) return tl::unexpected(disk.error());
  auto journal = Journal::open(*std::move(disk), clock_, wake, settings_.data / "recordings");
  if (!journal) return tl::unexpected(journal.error());
  journal_ = *std::move(journal);
  load_tables();

  MediaSettings media;
  media.rtp_port_first = settings_.sound_first_port;
  media.rtp_port_last = settings_.sound_last_port;
  media.browser_bind_address = settings_.browser_bind;
  media.browser_port = settings_.browser_port;
  media.browser_candidate_addresses = settings_.browser_addresses;
  media.recordings_directory = (settings_.data / "recordings").string();
  auto plane = MediaPlane::start(media, clock_, entropy_);
  if (!plane) return tl::unexpected(plane.error());
  plane_ = *std::move(plane);
  sound_ = std::make_unique<MediaSound>(*plane_, settings_.sound_bind);
  load_prompts();

  auto transport = SipTransport::open(loop_, clock_, settings_);
  if (!transport) return tl::unexpected(transport.error());
  transport_ = *std::move(transport);
  auto resolver = Resolver::start([this](const sip::DnsQuestion& question, sip::DnsAnswer answer) {
    loop_.post([this, question, answer = std::move(answer)]() mutable {
      lines_->dns_answer(question, std::move(answer));
      loop_.wake();
    });
  });
  if (!resolver) return tl::unexpected(resolver.error());
  resolver_ = *std::move(resolver);
  lines_ = std::make_unique<SipLines>(
      settings_, tables_, *transport_, clock_, entropy_,
      [this](const sip::DnsQuestion& question) { return resolver_->ask(question); },
      [this](const std::string& operator_id, bool registered) {
        phone_changed(operator_id, registered);
      });
  VaultAsks& asks = *this;
  control_ = std::make_unique<CallControl>(
      settings_, tables_, ControlPorts{*lines_, *sound_, *journal_, asks}, entropy_);
  lines_->set_control(*control_);
  lines_->restore_telephones(telephones_.left());
  worker_ = std::make_unique<Worker>();

  auto centre = CentreLink::listen(settings_, wake);
  if (!centre) return tl::unexpected(centre.error());
  centre_ = *std::move(centre);
  auto vault = VaultLink::open(settings_, wake);
  if (!vault) return tl::unexpected(vault.error());
  vault_ = *std::move(vault);
  return {};
}

void ExchangeProcess::load_tables() {
  if (const auto bytes = kept_file(settings_.data / "directory")) {
    wire::Directory directory;
    if (!directory.ParseFromString(*bytes) || !tables_.set_directory(directory))
      log_warn("the kept directory is unreadable: waiting for the vault's");
  }
  if (const auto bytes = kept_file(settings_.data / "desks")) {
    wire::SetDesks desks;
    if (desks.ParseFromString(*bytes)) tables_.set_desks(desks);
  }
  if (const auto bytes = kept_file(settings_.data / "phones")) {
    wire::SetPhones phones;
    if (phones.ParseFromString(*bytes)) tables_.set_phones(phones);
  }
}

void ExchangeProcess::load_prompts() {
  std::error_code problem;
  for (const auto& entry :
       std::filesystem::directory_iterator(settings_.data / "prompts", problem)) {
    const std::string id = entry.path().stem().string();
    if (entry.path().extension() != ".wav" || !is_valid_id(id)) continue;
    const auto wav = kept_file(entry.path());
    if (!wav) continue;
    if (const auto loaded = plane_->load_prompt(PromptId(id), as_bytes(*wav)); !loaded)
      log_warn("prompt {}: {}", id, loaded.error().message);
  }
}

void ExchangeProcess::run() {
  const std::size_t cut_off = journal_->recover([this](const std::string& desk_id) {
    const wire::DeskPlan* desk = tables_.desk(desk_id);
    return desk != nullptr && desk->callback_policy() == wire::ANNOUNCED;
  });
  if (cut_off > 0) log_warn("{} calls were cut off when the exchange last ended", cut_off);
  ask_everything_again();
  lines_->start();
  loop_.on_signal([this] { stop(); });
  loop_.watch_once(plane_->event_fd());
  log_info("takes calls: SIP at {} port {}{}", settings_.public_address, transport_->port(0),
           tables_.has_directory() ? "" : ", none before the vault's directory comes");
  loop_.run([this] { return pump(); });
  keep_telephones();
}

void ExchangeProcess::stop() {
  loop_.post([this] {
    begin_shut_down();
    loop_.wake();
  });
}

// ---- one pass

std::optional<MonoTime> ExchangeProcess::pump() {
  control_->at({clock_.now(), clock_.mono()});
  journal_->settle(*control_);
  hear_vault();
  hear_centre();
  hear_media();
  control_->advance();
  lines_->pump();
  journal_->commit();
  tell_centre();
  ask_vault();
  if (lines_->has_changed_telephones() && clock_.mono() - last_kept_ >= kBetweenTelephones)
    keep_telephones();
  if (stop_at_ && shut_down_complete()) loop_.stop();

  std::optional<MonoTime> next = lines_->next_deadline();
  const auto sooner = [&](std::optional<MonoTime> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  sooner(control_->next_deadline());
  if (centre_->ready() && journal_->spool().next_event() - 1 > sent_event_)
    sooner(last_sent_ + kBetweenSends);
  if (const auto due = ask_due(); due && vault_->ready()) sooner(due);
  sooner(journal_->next_deadline());
  if (lines_->has_changed_telephones()) sooner(last_kept_ + kBetweenTelephones);
  sooner(tables_.forget_old_seals(clock_.mono()));
  if (stop_at_) sooner(clock_.mono() + std::chrono::milliseconds(50));
  return next;
}

void ExchangeProcess::hear_media() {
  plane_->poll(media_events_);
  for (const MediaEvent& event : media_events_) control_->media(event);
  loop_.watch_once(plane_->event_fd());
}

// ---- the centre

void ExchangeProcess::hear_centre() {
  CentreLink::Taken taken = centre_->take();
  if (taken.attached) snapshot_due_ = true;
  for (const wire::CommandBatch& batch : taken.batches) {
    if (batch.acknowledged() > 0) journal_->spool().acknowledge(batch.acknowledged());
    for (const wire::Command& command : batch.commands()) take_command(command);
  }
  for (auto& prompt : taken.prompts)
    prompt.wav.empty() ? forget_prompt(std::move(prompt)) : store_prompt(std::move(prompt));
  for (const auto& reply : taken.status) reply(status());
}

void ExchangeProcess::take_command(const wire::Command& command) {
  if (!command.command_id().empty()) {
    if (!done_commands_.insert(command.command_id()).second) return;
    done_order_.push_back(command.command_id());
    if (done_order_.size() > kCommandsRemembered) {
      done_commands_.erase(done_order_.front());
      done_order_.pop_front();
    }
  }
  if (command.has_set_desks()) {
    tables_.set_desks(command.set_desks());
    return keep("desks", command.set_desks().SerializeAsString());
  }
  if (command.has_set_phones()) {
    set_phones(command.set_phones());
    return keep("phones", command.set_phones().SerializeAsString());
  }
  control_->command(command);
}

void ExchangeProcess::phone_changed(const std::string& operator_id, bool registered) {
  wire::PhoneChanged changed;
  changed.set_operator_id(operator_id);
  changed.set_registered(registered);
  journal_->event(event_of(std::move(changed)));
}

// A telephone that was taken away, or given to another, rings no more though it stays registered.
void ExchangeProcess::set_phones(const wire::SetPhones& phones) {
  const auto registered = [this] {
    std::set<std::string> operators;
    for (const wire::PhoneState& phone : lines_->phones())
      if (phone.registered()) operators.insert(phone.operator_id());
    return operators;
  };
  const std::set<std::string> before = registered();
  tables_.set_phones(phones);
  const std::set<std::string> after = registered();
  for (const std::string& one : before)
    if (!after.contains(one)) phone_changed(one, false);
  for (const std::string& one : after)
    if (!before.contains(one)) phone_changed(one, true);
}

void ExchangeProcess::keep(const char* name, std::string bytes) {
  const bool posted = worker_->post([file = settings_.data / name, bytes = std::move(bytes)] {
    if (const auto kept = keep_file(file, bytes); !kept) log_error("{}", kept.error().message);
  });
  if (!posted) log_error("{}: not kept, the disk hangs", name);
}

void ExchangeProcess::keep_telephones() {
  last_kept_ = clock_.mono();
  auto changes = lines_->take_changed_telephones();
  if (changes.empty()) return;
  const bool posted = worker_->post([this, changes = std::move(changes)] {
    if (const auto kept = telephones_.put(changes); !kept) log_error("{}", kept.error().message);
  });
  if (!posted) log_error("telephones: not kept, the disk hangs");
}

void ExchangeProcess::store_prompt(CentreLink::Prompt prompt) {
  auto shared =
      std::make_shared<CentreLink::Prompt>(std::move(prompt));  // copied with the function
  const bool posted = worker_->post([this, shared] {
    wire::PromptStored reply;
    reply.set_prompt_id(shared->id);
    const auto sound = Prompt::from_wav(as_bytes(shared->wav));
    if (!sound) {
      reply.set_error(sound.error().message);
      return shared->stored(std::move(reply));
    }
    if (auto kept = keep_file(settings_.data / "prompts" / (shared->id + ".wav"), shared->wav);
        !kept) {
      reply.set_error(kept.error().message);
      return shared->stored(std::move(reply));
    }
    reply.set_duration_us((*sound)->duration().count());
    loop_.post([this, shared, sound = *sound, reply]() mutable {
      plane_->load_prompt(PromptId(shared->id), std::move(sound));
      shared->stored(std::move(reply));
    });
  });
  if (posted) return;
  wire::PromptStored reply;
  reply.set_prompt_id(shared->id);
  reply.set_error("the disk hangs");
  shared->stored(std::move(reply));
}

// A leg that plays it hears it to its end.
void ExchangeProcess::forget_prompt(CentreLink::Prompt prompt) {
  plane_->forget_prompt(PromptId(prompt.id));
  wire::PromptStored reply;
  reply.set_prompt_id(prompt.id);
  // In the order of what else is written there: it does not come after a sound of the same id.
  const bool posted = worker_->post([file = settings_.data / "prompts" / (prompt.id + ".wav"),
                                     stored = prompt.stored, reply]() mutable {
    std::error_code error;
    std::filesystem::remove(file, error);
    if (error) reply.set_error(fmt::format("{}: {}", file.string(), error.message()));
    stored(std::move(reply));
  });
  if (posted) return;
  reply.set_error("the disk hangs");
  prompt.stored(std::move(reply));
}

wire::Snapshot ExchangeProcess::snapshot() {
  wire::Snapshot snapshot;
  for (const auto& [id, call] : journal_->ledger().calls()) *snapshot.add_calls() = call;
  for (auto& seat : control_->seats()) *snapshot.add_seats() = std::move(seat);
  for (auto& phone : lines_->phones()) *snapshot.add_phones() = std::move(phone);
  snapshot.set_sequence(journal_->spool().next_event() - 1);
  return snapshot;
}

void ExchangeProcess::tell_centre() {
  if (!centre_->ready()) return;
  const MonoTime now = clock_.mono();
  wire::EventBatch batch;
  batch.set_epoch(epoch_);
  if (std::exchange(snapshot_due_, false)) {
    *batch.mutable_snapshot() = snapshot();
    sent_event_ = journal_->spool().acknowledged();
  } else if (now - last_sent_ < kBetweenSends) {
    return;
  }
  auto events = journal_->spool().events_after(sent_event_, kMostBatchBytes);
  wire::Event last;
  if (!events.empty() && last.ParseFromString(events.back()))
    sent_event_ = last.sequence();
  else if (!batch.has_snapshot())
    return;
  // Each stands in the spool as it stands in the message: it is put there as it is, not parsed only
  // to be written again.
  auto* fields = batch.GetReflection()->MutableUnknownFields(&batch);
  for (std::string& event : events)
    fields->AddLengthDelimited(wire::EventBatch::kEventsFieldNumber)->swap(event);
  last_sent_ = now;
  centre_->send(std::move(batch));
}

wire::StatusReply ExchangeProcess::status() {
  wire::StatusReply reply;
  reply.set_live_calls(control_->call_count());
  reply.set_spool_waiting(journal_->spool().waiting());
  reply.set_vault_connected(vault_->connected());
  auto& counters = *reply.mutable_counters();
  const auto& sip = lines_->agent().counters();
  counters["sip_received"] = sip.received;
  counters["sip_malformed_refused"] = sip.transactions.malformed_refused;
  counters["sip_malformed_dropped"] = sip.transactions.malformed_dropped;
  counters["sip_refused_by_check"] = sip.transactions.refused_by_check;
  counters["sip_ignored"] = sip.ignored;
  counters["sip_overload"] = sip.overload;
  counters["sip_strangers_refused"] = lines_->refused_strangers();
  counters["sip_wrong_passwords"] = lines_->password_guesses().wrong_count();
  counters["sip_guesses_slowed"] = lines_->password_guesses().slowed_count();
  counters["sip_connections_refused"] = transport_->counters().connections_refused;
  counters["sip_connections_cut"] = transport_->counters().connections_cut;
  const MediaCounters media = plane_->counters();
  counters["sound_malformed"] = media.malformed;
  counters["sound_foreign_sender"] = media.foreign_sender;
  counters["sound_not_authentic"] = media.not_authentic;
  counters["sound_unknown_payload"] = media.unknown_payload;
  counters["spool_torn_segments"] = journal_->spool().torn_segments();
  return reply;
}

// ---- the vault

bool ExchangeProcess::redeem(const wire::RedeemTicket& ticket) {
  if (!vault_->connected()) return false;
  *asks_.add_redeem() = ticket;
  return true;
}

void ExchangeProcess::dial_result(const wire::DialResult& result) {
  if (asks_.dial_results_size() < 10'000) *asks_.add_dial_results() = result;
}

void ExchangeProcess::ask_everything_again() {
  (void)journal_->take_fresh();
  leases_.again();
  const auto all = [](auto& queue, const auto& open) {
    queue.clear();
    for (const auto& [id, ask] : open) queue.push_back(id);
  };
  all(ask_tokens_, journal_->ledger().tokens_asked());
  all(ask_wishes_, journal_->ledger().wishes_asked());
  all(ask_recordings_, journal_->ledger().recordings_asked());
}

std::optional<MonoTime> ExchangeProcess::ask_due() const {
  if (!ask_wishes_.empty() || asks_.ByteSizeLong() > 0 || leases_.has_news())
    return last_asked_ + kBetweenSends;
  const auto renewal = leases_.renewal_due();
  if (!ask_tokens_.empty() || !ask_recordings_.empty()) {
    const MonoTime gathered = last_asked_ + kBetweenTokens;
    return renewal ? std::min(gathered, *renewal) : gathered;
  }
  return renewal;
}

void ExchangeProcess::ask_vault() {
  Journal::Fresh fresh = journal_->take_fresh();
  const auto more = [](auto& queue, const auto& ids) {
    queue.insert(queue.end(), ids.begin(), ids.end());
  };
  more(ask_tokens_, fresh.tokens);
  more(ask_wishes_, fresh.wishes);
  more(ask_recordings_, fresh.recordings);
  if (!vault_->connected()) {  // all of them stand in the ledger
    ask_tokens_.clear();
    ask_wishes_.clear();
    ask_recordings_.clear();
    return;
  }
  const auto due = ask_due();
  if (!due || clock_.mono() < *due || !vault_->ready()) return;
  const auto fill = [](auto& queue, const auto& open, auto&& add) {
    for (int count = 0; !queue.empty() && count < kMostAsksAMessage; queue.pop_front()) {
      const auto found = open.find(queue.front());
      if (found == open.end()) continue;  // answered meanwhile
      add(found->second);
      ++count;
    }
  };
  wire::ExchangeAsks asks = std::exchange(asks_, {});
  fill(ask_tokens_, journal_->ledger().tokens_asked(),
       [&](const auto& ask) { *asks.add_tokenise() = ask; });
  fill(ask_wishes_, journal_->ledger().wishes_asked(),
       [&](const auto& ask) { *asks.add_wishes() = ask; });
  fill(ask_recordings_, journal_->ledger().recordings_asked(),
       [&](const auto& ask) { *asks.add_recordings() = ask; });
  leases_.fill(asks, clock_.mono());
  if (asks.ByteSizeLong() == 0) return;
  last_asked_ = clock_.mono();
  vault_->send(std::move(asks));
}

void ExchangeProcess::hear_vault() {
  const VaultLink::Taken taken = vault_->take();
  if (taken.connected) ask_everything_again();
  for (const wire::VaultTells& tells : taken.tells) take_tells(tells);
}

void ExchangeProcess::take_tells(const wire::VaultTells& tells) {
  if (tells.has_directory()) {
    if (const auto set = tables_.set_directory(tells.directory()); set) {
      keep("directory", tells.directory().SerializeAsString());
      control_->lease_all();
    } else {
      log_error("the vault's directory: {}", set.error().message);
    }
  }
  Ledger& ledger = journal_->ledger();
  for (const auto& line : tells.lines()) {
    if (!ledger.tokens_asked().contains(line.call_id())) continue;
    if (line.line_token().empty()) {
      ledger.give_up_token(line.call_id());
      continue;
    }
    wire::CallIdentified identified;
    identified.set_call_id(line.call_id());
    identified.set_line_token(line.line_token());
    journal_->event(event_of(std::move(identified)));
  }
  for (const auto& kept : tells.wishes()) {
    const auto asked = ledger.wishes_asked().find(kept.wish_id());
    if (asked == ledger.wishes_asked().end()) continue;
    if (kept.line_token().empty()) {
      ledger.give_up_wish(kept.wish_id());
      continue;
    }
    wire::CallbackAsked again;
    again.set_call_id(asked->second.call_id());
    again.set_other_line(asked->second.other_line());
    again.set_wish_id(kept.wish_id());
    again.set_line_token(kept.line_token());
    journal_->event(event_of(std::move(again)));
  }
  for (const auto& grant : tells.grants()) control_->granted(grant);
  for (const auto& denial : tells.denials()) control_->denied(denial);
  for (const auto& recording : tells.recordings_journalled())
    journal_->recording_journalled(recording);
}

// ---- the end

void ExchangeProcess::begin_shut_down() {
  if (stop_at_) return;
  stop_at_ = clock_.mono() + kShutDownPatience;
  log_info("stopping: {} calls are ended politely", control_->call_count());
  control_->at({clock_.now(), clock_.mono()});
  control_->shut_down();
  lines_->stop();
  std::vector<MediaEvent> last;
  plane_->stop_all(std::chrono::milliseconds(1000), last);
  for (const MediaEvent& event : last) control_->media(event);
}

bool ExchangeProcess::shut_down_complete() const {
  if (clock_.mono() >= *stop_at_) return true;
  const bool told = !centre_->attached() || journal_->spool().waiting() == 0;
  return lines_->quiet() && told;
}

}  // namespace madoguchi::exchange
