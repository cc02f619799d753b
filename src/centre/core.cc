#include "centre/core.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "centre/api.h"
#include "centre/json_writer.h"
#include "centre/phones.h"
#include "routing/names.h"

namespace madoguchi::centre {
namespace {

constexpr const char* kVersion = "0.1.0";
// A message, a transaction and a wake-up cost as much as several calls in them. Of a rush only:
// what comes alone is done at once.
constexpr Micros kTick = std::chrono::milliseconds(20);
constexpr Micros kServingAtLatest = std::chrono::seconds(10);
constexpr Micros kClockToldFor = std::chrono::minutes(10);
constexpr Micros kSettleAgainAfter = std::chrono::seconds(3);
constexpr std::size_t kSettledAtOnce = 50;
constexpr Micros kSoundsAtLatest = std::chrono::seconds(30);  // after that
constexpr Micros kHousekeepingEvery = std::chrono::milliseconds(500);

// What people are told of a desk whose words nobody hears; empty: all are heard.
std::string unspoken_words(const DeskPart& desk, bool speech) {
  std::string names;
  for (const Sound sound : desk.unspoken(speech))
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name_of(sound));
  if (names.empty()) return {};
  return fmt::format(
      "desk {}: callers do not hear its words for {}: install espeak-ng, set enabled = true in "
      "[speech] of the centre's settings and start again, or choose a sound in the console",
      desk.routing.id.text(), names);
}

}  // namespace

Core::Core(Settings settings, CentreStore& store, const Clock& clock, Entropy& entropy)
    : settings_(std::move(settings)),
      store_(store),
      clock_(clock),
      entropy_(entropy),
      loop_(clock, kTick),
      accounts_(store, loop_, store_worker_, clock, entropy, settings_.session_length),
      world_(floor_, accounts_),
      hub_(world_, floor_, accounts_,
           {[this](const DeskPart& desk) { return desk_json(desk); },
            [this](const Viewer& who) { return balance_json(who); },
            [this] { return status_json(); }}),
      flow_(entropy),
      pipe_(
          store, loop_, [this](Effects effects) { on_committed(std::move(effects)); },
          [this](const Error& error) {
            const std::string text = fmt::format(
                "The store takes nothing just now ({}). Calls go on; what happens is kept by the "
                "exchange and stored as soon as the store is back.",
                error.message);
            if (status_.trouble(Status::From::kCentre, "store", text, clock_.now())) {
              log_error("store: {}", error.message);
              hub_.status_changed();
            }
          }) {}

Core::~Core() {
  door_.reset();
  server_.reset();
}

Result<std::unique_ptr<Core>> Core::make(Settings settings, CentreStore& store, const Clock& clock,
                                         Entropy& entropy) {
  std::unique_ptr<Core> core(new Core(std::move(settings), store, clock, entropy));
  for (const auto step : {&Core::load, &Core::connect, &Core::serve})
    if (auto done = (*core.*step)(); !done) return tl::unexpected<Error>(done.error());
  return core;
}

Result<void> Core::load() {
  std::vector<FloorRow> rows;
  for (const auto& [id, part] : settings_.floor.organisations) rows.push_back(to_row(part));
  for (const auto& [id, part] : settings_.floor.groups) rows.push_back(to_row(part));
  for (const auto& [id, part] : settings_.floor.desks) rows.push_back(to_row(part));
  if (auto put = store_.put_floor(rows); !put) return put;
  const auto stored_rows = store_.floor();
  if (!stored_rows) return tl::unexpected<Error>(stored_rows.error());
  auto parts = from_rows(*stored_rows);
  if (!parts) return tl::unexpected<Error>(parts.error());
  floor_ = std::move(*parts);
  if (auto people = ensure_people(); !people) return people;

  const Time now = clock_.now();
  flow_.set_floor(floor_for_flow(floor_, accounts_.all(), settings_.speech.enabled, {}), now);
  const auto stored = store_.load(now - std::chrono::hours(48));
  if (!stored) return tl::unexpected<Error>(stored.error());
  position_ = stored->position;
  for (const SettledWishRecord& one : stored->settled) to_settle_[one.wish] = one.outcome;
  for (const CallRecord& call : stored->calls)
    if (!call.ended) world_.apply(Record(call));
  flow_.restore(*stored, now);
  for (const View& view : flow_.views(now)) world_.apply(view, now);
  world_.take_changed();
  return {};
}

Result<void> Core::ensure_people() {
  if (auto loaded = accounts_.load(); !loaded) return loaded;
  std::vector<Accounts::Wanted> wanted;
  if (!settings_.first_administrator.empty()) {
    AccountRow admin;
    admin.id = AccountId(is_valid_id(settings_.first_administrator) ? settings_.first_administrator
                                                                    : std::string("administrator"));
    admin.name = settings_.first_administrator;
    admin.display_name = settings_.first_administrator;
    admin.role = Role::kAdministrator;
    wanted.push_back({admin, Personal<std::string>(settings_.first_password)});
  }
  for (const StaffSettings& staff : settings_.staff) {
    AccountRow account;
    account.id = AccountId(staff.id.text());
    account.name = staff.name;
    account.display_name = staff.display_name;
    account.role = staff.role;
    if (staff.role == Role::kOperator || staff.role == Role::kSupervisor)
      account.operator_id = staff.id;
    account.organisation = staff.organisation;
    account.groups = staff.groups;
    wanted.push_back({std::move(account), Personal<std::string>(staff.password)});
  }
  if (auto made = accounts_.ensure(std::move(wanted)); !made) return made;
  accounts_.on_changed = [this] { floor_changed(); };
  accounts_.on_session_ended = [this](const Session& session) { session_ended(session); };
  return {};
}

Result<void> Core::connect() {
  const auto credentials = wire::channel_credentials(
      {settings_.rpc_authority, settings_.rpc_certificate, settings_.rpc_key});
  if (!credentials) return tl::unexpected<Error>(credentials.error());
  exchange_ = std::make_unique<ExchangeClient>(
      settings_.exchange_address, *credentials, loop_,
      ExchangeClient::Callbacks{[this](FromExchange batch) { on_exchange(std::move(batch)); },
                                [this] { on_exchange_lost(); }});
  vault_ = std::make_unique<VaultClient>(settings_.vault_address, *credentials, loop_);
  tickets_ =
      std::make_unique<OpeningTickets>(*vault_, [this](const CallId& call) { show_tickets(call); });
  prompts_ = std::make_unique<Prompts>(
      settings_, store_, loop_, *exchange_, clock_, entropy_, [this](const std::string& text) {
        if (status_.trouble(Status::From::kCentre, "prompts", text, clock_.now())) {
          if (!text.empty()) log_warn("prompts: {}", text);
          hub_.status_changed();
        }
      });
  if (auto loaded = prompts_->load(); !loaded) return loaded;
  if (const auto places = prompts_->place_sounds(); !places.empty())
    flow_.set_floor(floor_for_flow(floor_, accounts_.all(), settings_.speech.enabled, places),
                    clock_.now());
  prompts_->want(floor_);
  note_unspoken();
  return {};
}

Result<void> Core::serve() {
  api_ = std::make_unique<Api>(*this);
  auto server = web::Server::start(settings_.web, api_->routes());
  if (!server) return tl::unexpected<Error>(server.error());
  server_ = std::move(*server);
  if (settings_.rpc_listen.empty()) return {};
  auto door = AdminDoor::open(
      settings_.rpc_listen, {settings_.rpc_authority, settings_.rpc_certificate, settings_.rpc_key},
      [this](web::Request request, const web::Reply& reply) {
        api_->ask_as_administrator(std::move(request), reply);
      });
  if (!door) return tl::unexpected<Error>(door.error());
  door_ = std::move(*door);
  return {};
}

void Core::run() {
  serving_at_latest_ = clock_.now() + kServingAtLatest;
  loop_.run([this] { after_batch(); }, [this] { return next_wake(); });
}

void Core::stop() {
  loop_.stop();
}

void Core::after_batch() {
  const Time now = clock_.now();
  watch_clock(now);
  if (pipe_.is_stuck(now))
    flow_.store_is_away(now);
  else
    flow_.store_is_back(now);
  if (read_waits_) flow_.reading_waits(now);
  flow_.advance(now);
  tickets_->advance(now);
  if (now >= next_housekeeping_) housekeeping(now);
  say_serving(now);
  exchange_->tick(now);
  pipe_.add(flow_.drain());
  pipe_.pump(now);
  if (read_waits_ && !pipe_.is_full()) {
    read_waits_ = false;
    exchange_->read_on();
  }
  hub_.flush(now);
  exchange_->flush();
}

std::optional<Time> Core::next_wake() const {
  Time next = next_housekeeping_;
  for (const auto& at :
       {flow_.next_deadline(), pipe_.next_retry(), hub_.next_flush(), tickets_->next_deadline()})
    if (at) next = std::min(next, *at);
  return next;
}

// Deadlines are in wall time, so that they outlive us; when somebody sets the clock, those of calls
// in hand move along.
void Core::watch_clock(Time now) {
  const MonoTime mono = clock_.mono();
  if (const auto by = clock_watch_.moved(now, mono)) {
    flow_.clock_was_set(*by, now);
    api_->clock_was_set(*by);
    hub_.clock_was_set(*by);
    pipe_.clock_was_set(*by);
    exchange_->clock_was_set(*by);
    serving_at_latest_ += *by;
    next_housekeeping_ = now;
    clock_set_ = mono;
    const double seconds = std::chrono::duration<double>(*by).count();
    const std::string text = fmt::format(
        "The clock of this machine was set by {:+.1f} seconds. Calls go on; times in "
        "the log before and after differ by that.",
        seconds);
    log_warn("the wall clock was set by {:+.1f} seconds", seconds);
    if (status_.trouble(Status::From::kCentre, "clock", text, now)) hub_.status_changed();
  }
  if (!clock_set_ || mono - *clock_set_ < kClockToldFor) return;
  clock_set_.reset();
  if (status_.trouble(Status::From::kCentre, "clock", "", now)) hub_.status_changed();
}

void Core::housekeeping(Time now) {
  next_housekeeping_ =
      now + (exchange_->attached() ? kHousekeepingEvery : Micros(std::chrono::milliseconds(100)));
  accounts_.expire(now);
  sign_off_the_gone(now);
  api_->expire(now);
  const bool vault_up = vault_->connected();
  if (vault_up && !vault_told_) tell_vault();
  settle_at_vault();
  vault_told_ = vault_up;
  bool changed = status_.vault.set(
      vault_up, vault_up ? "" : "the vault is away: calls go on, records stay closed", now);
  changed |= status_.exchange.set(exchange_->attached(), exchange_->detail(), now);
  const std::string store = store_.trouble();
  changed |= status_.store.set(store.empty(), store, now);
  if (changed) hub_.status_changed();
  std::set<DeskId> turned;
  for (const auto& [id, desk] : floor_.desks) {
    const bool open = desk.routing.hours.is_open(now);
    const auto known = desks_open_.find(id);
    if (known != desks_open_.end() && known->second != open) turned.insert(id);
    desks_open_[id] = open;
  }
  if (!turned.empty()) world_.desks_changed(turned);
}

void Core::on_exchange(FromExchange batch) {
  const Time now = clock_.now();
  if (batch.snapshot) {
    epoch_ = batch.epoch;
    if (position_.epoch == epoch_) exchange_->acknowledge(position_.sequence);
    flow_.attach(*batch.snapshot, now);
    send_phones();
    prompts_->attached();
    next_housekeeping_ = now;
    log_info("attached to the exchange: {} calls are up", batch.snapshot->calls.size());
  }
  for (const ExchangeEvent& event : batch.events) flow_.take(event, now);
  for (const SeatOpened& seat : batch.seats) api_->seat_opened(seat);
  for (const ExchangeTrouble& trouble : batch.troubles) {
    if (status_.trouble(Status::From::kExchange, trouble.kind, trouble.over ? "" : trouble.text,
                        trouble.at))
      hub_.status_changed();
  }
  if (pipe_.is_full())
    read_waits_ = true;
  else
    exchange_->read_on();
}

void Core::on_exchange_lost() {
  log_warn("the exchange is away: {}", exchange_->detail());
  flow_.detached(clock_.now());
  read_waits_ = false;
  next_housekeeping_ = {};
}

void Core::on_committed(Effects effects) {
  const Time now = clock_.now();
  exchange_->send(effects.commands);
  for (const Record& record : effects.records) {
    world_.apply(record);
    if (const auto* settled = std::get_if<SettledWishRecord>(&record))
      to_settle_[settled->wish] = settled->outcome;
    if (const auto* position = std::get_if<PositionRecord>(&record)) {
      position_ = *position;
      if (position_.epoch == epoch_) exchange_->acknowledge(position_.sequence);
    }
  }
  for (const View& view : effects.views) {
    world_.apply(view, now);
    if (const auto* call = std::get_if<CallView>(&view)) tickets_->apply(*call, now);
    if (const auto* who = std::get_if<OperatorView>(&view)) tickets_->apply(*who, now);
  }
  for (const TicketWanted& wanted : effects.tickets) ask_vault(wanted);
  if (status_.trouble(Status::From::kCentre, "store", "", now)) {
    log_info("the store is back");
    hub_.status_changed();
  }
}

// A wish that is fulfilled opens the vault's gate no more: told until the vault has acknowledged,
// also over restarts of either.
void Core::settle_at_vault() {
  if (to_settle_.empty() || !vault_->connected()) return;
  if (settle_again_at_ && clock_.mono() < *settle_again_at_) return;
  settle_again_at_.reset();
  for (const auto& [wish, outcome] : to_settle_) {
    if (settling_.size() >= kSettledAtOnce) return;
    if (!settling_.insert(wish).second) continue;
    vault_->settle_wish(wish, outcome, [this, wish = wish](const std::string& error) {
      settled_at_vault(wish, error);
    });
  }
}

void Core::settled_at_vault(const WishId& wish, const std::string& error) {
  settling_.erase(wish);
  if (!error.empty()) {
    log_warn("a settled wish is still open at the vault: {}", error);
    settle_again_at_ = clock_.mono() + kSettleAgainAfter;
    return;
  }
  to_settle_.erase(wish);
  // If this is lost it is told once more after the next start, which changes nothing.
  static_cast<void>(store_worker_.post([this, wish] {
    if (const auto dropped = store_.drop_settled_wish(wish); !dropped)
      log_warn("a wish that is settled stays in the store: {}", dropped.error().message);
  }));
}

void Core::ask_vault(const TicketWanted& wanted) {
  vault_->ask_ticket(wanted, [this, wanted](const Result<TicketAnswer>& answer) {
    const Time now = clock_.now();
    if (answer && answer->denied.empty()) {
      if (wanted.own_phone) return flow_.own_phone_ticket(wanted, answer->ticket, now);
      flow_.ticket_given(wanted.call, answer->ticket, now);
      api_->ticket_answered(wanted, "", "");
      return;
    }
    const std::string word = answer ? answer->denied : "vault_away";
    const std::string why = answer ? answer->why : answer.error().message;
    if (wanted.own_phone) {
      flow_.own_phone_denied(wanted, word, now);
      return hub_.refuse(wanted.who, wanted.call, word, why);
    }
    flow_.ticket_denied(wanted.call, word, now);
    if (!api_->ticket_answered(wanted, word, why)) hub_.refuse(wanted.who, wanted.call, word, why);
  });
}

void Core::show_tickets(const CallId& id) {
  const CallView* call = world_.call(id);
  if (call == nullptr) return;
  for (const OperatorId& who : {call->with, call->consulted})
    if (!who.empty()) world_.ticket_changed(id, who, tickets_->ticket_of(id, who));
}

void Core::tell_vault() {
  for (const char* kind : {"vault_organisation", "vault_staff"})
    if (status_.forget(Status::From::kCentre, kind)) hub_.status_changed();
  // A trouble of its own for each, so that the next one's success does not take it back.
  const auto note = [this](const std::string& kind, const std::string& about) {
    return [this, kind, about](const std::string& error) {
      const std::string text = error.empty() ? error : fmt::format("{}: {}", about, error);
      if (!text.empty()) log_warn("{}: {}", kind, text);
      if (status_.trouble(Status::From::kCentre, kind, text, clock_.now(), about))
        hub_.status_changed();
    };
  };
  for (const auto& [id, organisation] : floor_.organisations) {
    std::vector<std::string> numbers;
    for (const auto& [desk_id, desk] : floor_.desks)
      if (desk.routing.organisation == id)
        numbers.insert(numbers.end(), desk.routing.numbers.begin(), desk.routing.numbers.end());
    const auto heard = note("vault_organisation", id.text());
    vault_->put_organisation(id, organisation.name, numbers, VaultClient::Numbers::kThoseThatCanBe,
                             [this, id = id, heard](const std::string& error) {
                               if (error.empty()) told_.insert(id);
                               heard(error);
                             });
  }
  for (const AccountRow& account : accounts_.all())
    if (!account.operator_id.empty() && !account.disabled)
      vault_->put_staff(account.operator_id, account.display_name,
                        settings_.demo.vault_passwords ? account.password_hash : "",
                        note("vault_staff", account.operator_id.text()));
  // Again at each connection, should the word be lost: it changes nothing for who is signed out.
  for (const AccountRow& account : accounts_.all())
    if (!account.operator_id.empty() && account.disabled)
      vault_->end_staff_sessions(account.operator_id,
                                 note("vault_staff", account.operator_id.text()));
}

void Core::say_serving(Time now) {
  if (!serving_) return;
  const bool attached = !epoch_.empty() && told_.size() == floor_.organisations.size();
  // Sounds that are still being spoken are waited for longer than a part that may not come.
  const bool complete = attached && prompts_->complete();
  const Time latest = serving_at_latest_ + (attached ? kSoundsAtLatest : Micros(0));
  if (complete || now >= latest) std::exchange(serving_, nullptr)();
}

void Core::floor_changed() {
  flow_.set_floor(
      floor_for_flow(floor_, accounts_.all(), settings_.speech.enabled, prompts_->place_sounds()),
      clock_.now());
  prompts_->want(floor_);
  note_unspoken();
  world_.floor_changed();
  vault_told_ = false;
  if (exchange_->attached()) send_phones();
}

// Words that callers should hear and don't: nothing else would tell.
void Core::note_unspoken() {
  bool changed = false;
  for (const auto& [id, desk] : floor_.desks)
    changed |=
        status_.trouble(Status::From::kCentre, "unspoken",
                        unspoken_words(desk, settings_.speech.enabled), clock_.now(), id.text());
  if (changed) hub_.status_changed();
}

void Core::send_phones() {
  exchange_->set_phones(phones_of(settings_.staff, accounts_.all()), command_id());
}

// The last session of an operator has ended: nobody sits there any more.
void Core::session_ended(const Session& session) {
  hub_.end_session(session.token_digest);
  const AccountRow* account = accounts_.find(session.account);
  if (account == nullptr || account->operator_id.empty() || accounts_.has_session(account->id))
    return;
  gone_.insert(account->operator_id);
}

void Core::sign_off_the_gone(Time now) {
  std::erase_if(gone_, [&](const OperatorId& who) {
    const AccountRow* account = accounts_.of_operator(who);
    const auto view = flow_.look(who);
    if (account == nullptr || !view || accounts_.has_session(account->id)) return true;
    using routing::OperatorState;
    // Who signed out said so; what rings is answered, or missed, first.
    if (view->state == OperatorState::kOffline || view->next == OperatorState::kOffline)
      return true;
    return flow_.away(who, routing::AwayReason::kSignedOff, now).has_value();
  });
}

std::string Core::command_id() {
  return fresh_id_text(clock_.now(), entropy_);
}

calendar::Zone Core::zone() const {
  static const calendar::OpeningHours anywhere = calendar::OpeningHours::always();
  const auto& desks = floor_.desks;
  return (desks.empty() ? anywhere : desks.begin()->second.routing.hours).zone();
}

calendar::Day Core::today() const {
  return zone().day_of(clock_.now());
}

std::string Core::status_json() const {
  JsonObject out;
  out.text("version", kVersion)
      .flag("demo", settings_.demo.ring_me)
      .raw("exchange", status_.exchange.json())
      .raw("vault", status_.vault.json())
      .raw("store", status_.store.json())
      .raw("troubles", status_.troubles_json())
      .text("guarantee", settings_.guarantee)
      .text_or_null("glass_url", settings_.glass_origin)
      .flag("https", settings_.web.certificate.has_value())
      .number("live_calls", static_cast<std::int64_t>(world_.live_calls()));
  return std::move(out).done();
}

std::string Core::desk_json(const DeskPart& desk) const {
  return world_.desk_json(desk, settings_.speech.enabled, clock_.now());
}

std::string Core::balance_json(const Viewer& who) const {
  return world_.balance_json(who, today(), world_.today(today()));
}

std::string Core::not_now() const {
  if (pipe_.failing())
    return "the store is away: calls go on, but nothing can be changed until it is back";
  if (!exchange_->attached()) return "the exchange is away: it is tried again by itself";
  return {};
}

}  // namespace madoguchi::centre
