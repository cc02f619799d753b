#include "exchange/media/media_plane.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "base/process.h"
#include "exchange/media/media_engine.h"
#include "exchange/media/media_keys.h"
#include "exchange/media/port_pool.h"
#include "exchange/media/side_door.h"

namespace madoguchi::exchange {
namespace {

constexpr std::size_t kCommands = 65536;
constexpr std::size_t kEvents = 65536;
constexpr int kBrowserBuffer = 4 * 1024 * 1024;
constexpr std::chrono::seconds kSeatPatience{2};

Result<std::vector<rtp::Address>> candidates_of(const MediaSettings& settings, std::uint16_t port) {
  std::vector<std::string> texts = settings.browser_candidate_addresses;
  if (texts.empty()) texts.push_back(settings.browser_bind_address);
  std::vector<rtp::Address> made;
  for (const std::string& text : texts) {
    const auto address = rtp::Address::parse(text, port);
    if (!address || address->is_unspecified())
      return fail(
          ErrorCode::kInvalid,
          fmt::format("browsers can't be told to send to \"{}\": name an IP address of this "
                      "machine",
                      text));
    made.push_back(*address);
  }
  return made;
}

// A recorded call of two telephones takes five descriptors, and two more while there are plenty: an
// eighth of all may go to what is only for speed.
std::size_t sockets_to_spare() {
  return most_open_files() / 8;
}

// Sound goes before everything else of this machine, where we may ask for it: in real time (root,
// or a limit on rtprio above 0), else by niceness. A real-time thread that never rested would still
// be held back by the kernel (sched_rt_runtime_us).
void go_before_others() {
  const sched_param lowest{::sched_get_priority_min(SCHED_RR)};
  if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest) == 0) return;
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), -10));
}

Result<rtp::RemotePeer> peer_of(const BrowserOffer& offer) {
  constexpr std::string_view kHash = "sha-256 ";
  if (offer.ice_ufrag.size() < 4 || offer.ice_pwd.size() < 22)
    return fail(ErrorCode::kInvalid, "the offer lacks a=ice-ufrag or a=ice-pwd");
  std::string_view text = offer.fingerprint;
  const bool named = text.size() > kHash.size() && (text[0] == 's' || text[0] == 'S');
  if (named) text.remove_prefix(kHash.size());
  const auto fingerprint = rtp::Fingerprint::parse(text);
  if (!fingerprint)
    return fail(ErrorCode::kInvalid, "the offer's a=fingerprint is no SHA-256 of a certificate");
  if (offer.codecs.empty()) return fail(ErrorCode::kInvalid, "the offer has neither PCMU nor PCMA");
  return rtp::RemotePeer{offer.ice_ufrag, offer.ice_pwd, *fingerprint, rtp::DtlsSetup::kActpass};
}

}  // namespace

class MediaPlane::Impl {
 public:
  struct KnownCall {
    std::vector<LegId> legs;
    bool recorded = false;
    int recordings = 0;
  };
  struct KnownLeg {
    CallId call;
    bool is_seat = false;
  };

  Impl(const MediaSettings& settings, const Clock& clock)
      : settings_(settings),
        clock_(clock),
        ports_(settings.rtp_port_first, settings.rtp_port_last),
        events_(kEvents),
        commands_(kCommands) {}

  ~Impl() {
    if (thread_.joinable()) {
      if (!ended_) static_cast<void>(send(command::EndAll{}));
      stopping_.store(true);
      wake_.raise();
      thread_.join();
    }
    recordings_.reset();
  }

  Result<void> open(Entropy& entropy);
  bool send(MediaCommand command);
  [[nodiscard]] Result<void> admit() const;
  Result<BrowserAnswer> seat(const LegId& leg, const BrowserOffer& offer);
  Result<void> put(const LegId& leg, const CallId& call);
  void leave(const LegId& id, KnownLeg& leg);

  const MediaSettings settings_;
  const Clock& clock_;
  void take_back_ports();

  PortPool ports_;
  BoundedQueue<PortPair> used_ports_{65536};  // more than there can be
  std::vector<PortPair> coming_back_;
  EventOutlet events_;
  std::unordered_map<CallId, KnownCall> calls_;
  std::unordered_map<LegId, KnownLeg> legs_;
  std::unordered_map<PromptId, std::shared_ptr<const Prompt>> prompts_;
  PlayId last_play_ = 0;
  std::uint16_t browser_port_ = 0;
  std::string fingerprint_;
  std::uint64_t commands_dropped_ = 0;
  bool ended_ = false;
  std::unique_ptr<RecordingPipe> recordings_;
  std::unique_ptr<MediaEngine> engine_;

 private:
  void run();
  void apply_commands(std::vector<MediaCommand>& commands);

  BoundedQueue<MediaCommand> commands_;
  std::atomic<std::size_t> commands_waiting_{0};
  WakeFd wake_;
  std::atomic<bool> stopping_{false};
  std::optional<rtp::DtlsIdentity> identity_;
  std::optional<SideDoor> side_door_;
  Poller poller_;
  std::thread thread_;
};

Result<void> MediaPlane::Impl::open(Entropy& entropy) {
  auto recordings = RecordingPipe::start(settings_.recordings_directory,
                                         settings_.recording_queue_chunks, events_, clock_);
  if (!recordings) return tl::unexpected(recordings.error());
  recordings_ = std::move(*recordings);
  auto socket =
      UdpSocket::bind(settings_.browser_bind_address, settings_.browser_port, kBrowserBuffer);
  if (!socket) return tl::unexpected(socket.error());
  browser_port_ = socket->port();
  const auto bound = rtp::Address::parse(settings_.browser_bind_address, browser_port_);
  if (bound && bound->is_loopback()) side_door_.emplace(*bound);
  auto candidates = candidates_of(settings_, browser_port_);
  if (!candidates) return tl::unexpected(candidates.error());
  auto identity = rtp::DtlsIdentity::create(clock_.now());
  if (!identity) return tl::unexpected(identity.error());
  identity_.emplace(std::move(*identity));
  fingerprint_ = "sha-256 " + identity_->fingerprint().text();

  rtp::BrowserPort::Settings browsers;
  browsers.candidates = std::move(*candidates);
  auto port = std::make_unique<rtp::BrowserPort>(*identity_, entropy, std::move(browsers));
  poller_.add(wake_.fd(), kCommandKey);
  engine_ = std::make_unique<MediaEngine>(
      MediaEngine::Parts{settings_.silent_after, poller_,
                         BrowserSocket(std::move(*socket), std::move(port)), entropy, events_,
                         *recordings_, sockets_to_spare(), &used_ports_},
      clock_.mono());
  thread_ = std::thread([this] { run(); });
  return {};
}

bool MediaPlane::Impl::send(MediaCommand command) {
  bool was_empty = false;
  commands_waiting_.fetch_add(1, std::memory_order_relaxed);
  if (!commands_.push(std::move(command), &was_empty)) {
    commands_waiting_.fetch_sub(1, std::memory_order_relaxed);
    ++commands_dropped_;
    return false;
  }
  if (was_empty) wake_.raise();
  return true;
}

Result<void> MediaPlane::Impl::admit() const {
  if (commands_waiting_.load(std::memory_order_relaxed) > kCommands / 2)
    return fail(ErrorCode::kExhausted, "the media thread does not keep up: try again later");
  return {};
}

// ---- the media thread

void MediaPlane::Impl::apply_commands(std::vector<MediaCommand>& commands) {
  wake_.clear();
  commands_.drain(commands);
  commands_waiting_.fetch_sub(commands.size(), std::memory_order_relaxed);
  for (MediaCommand& command : commands)
    engine_->apply(std::move(command), clock_.mono(), clock_.now());
  commands.clear();
}

void MediaPlane::Impl::run() {
  ::pthread_setname_np(::pthread_self(), "media");
  go_before_others();
  std::vector<MediaCommand> commands;
  bool rested = false;
  while (!stopping_.load(std::memory_order_relaxed)) {
    // After a rest there is nothing to wait for: what gathered is served, and one sleep a pass is
    // enough. When nothing gathered, the next packet wakes us.
    const Micros left = rested ? Micros(0) : engine_->next_deadline() - clock_.mono();
    const auto wait = std::clamp<std::int64_t>((left.count() + 999) / 1000, 0, 1000);
    const auto ready = poller_.wait(static_cast<int>(wait));
    const MonoTime now = clock_.mono();
    for (std::size_t n = 0; n < ready.size(); ++n) {
      if (n + 2 < ready.size()) engine_->foresee(ready[n + 2].data.u64);
      if (n + 1 < ready.size()) engine_->foresee_nearer(ready[n + 1].data.u64);
      if (ready[n].data.u64 == kCommandKey) {
        apply_commands(commands);
      } else {
        engine_->serve(ready[n].data.u64, now);
      }
    }
    engine_->advance(now, clock_.now());
    rested = !ready.empty();
    if (!rested) continue;
    // Packets that come within this time are served together: one wake-up for all of them.
    const Micros rest = settings_.gather - (clock_.mono() - now);
    if (rest > Micros(0)) std::this_thread::sleep_for(rest);
  }
  apply_commands(commands);
}

// ---- the control thread

Result<BrowserAnswer> MediaPlane::Impl::seat(const LegId& leg, const BrowserOffer& offer) {
  auto remote = peer_of(offer);
  if (!remote) return tl::unexpected(remote.error());
  command::OpenSeat open{leg, offer, std::move(*remote), {}};
  auto answer = open.answer.get_future();
  if (side_door_)
    if (auto changed = side_door_->look(own_addresses())) send(std::move(*changed));
  if (!send(std::move(open)) || answer.wait_for(kSeatPatience) != std::future_status::ready)
    return fail(ErrorCode::kUnavailable, "the media thread does not answer: try again later");
  auto local = answer.get();
  if (!local) return tl::unexpected(local.error());
  BrowserAnswer made;
  made.ice_ufrag = local->ice.ufrag;
  made.ice_pwd = local->ice.password;
  made.fingerprint = "sha-256 " + local->fingerprint.text();
  for (const rtp::Address& candidate : local->candidates)
    made.candidates.push_back({candidate.ip_text(), candidate.port});
  made.codec = offer.codecs.front().codec;
  made.payload_type = offer.codecs.front().payload_type;
  return made;
}

void MediaPlane::Impl::leave(const LegId& id, KnownLeg& leg) {
  const auto from = calls_.find(leg.call);
  if (from != calls_.end()) std::erase(from->second.legs, id);
  leg.call = CallId();
}

void MediaPlane::Impl::take_back_ports() {
  used_ports_.drain(coming_back_);
  const MonoTime now = clock_.mono();
  for (PortPair& ports : coming_back_) ports_.give_back(std::move(ports), now);
}

Result<void> MediaPlane::Impl::put(const LegId& leg, const CallId& call) {
  const auto found = legs_.find(leg);
  const auto to = calls_.find(call);
  if (found == legs_.end() || to == calls_.end())
    return fail(ErrorCode::kNotFound, "there is no such call or leg");
  if (found->second.call == call) return {};
  if (to->second.legs.size() >= MediaPlane::kMostLegs)
    return fail(ErrorCode::kExhausted, "the call has as many legs as it can");
  leave(leg, found->second);
  found->second.call = call;
  to->second.legs.push_back(leg);
  send(command::PutLeg{leg, call});
  return {};
}

MediaPlane::MediaPlane(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MediaPlane::~MediaPlane() = default;

Result<std::unique_ptr<MediaPlane>> MediaPlane::start(const MediaSettings& settings,
                                                      const Clock& clock, Entropy& entropy) {
  if (settings.rtp_port_first % 2 != 0 || settings.rtp_port_last <= settings.rtp_port_first)
    return fail(ErrorCode::kInvalid,
                fmt::format("RTP ports {} to {} are no range that begins with an even number",
                            settings.rtp_port_first, settings.rtp_port_last));
  allow_many_files();
  auto impl = std::make_unique<Impl>(settings, clock);
  if (auto opened = impl->open(entropy); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<MediaPlane>(new MediaPlane(std::move(impl)));
}

Result<void> MediaPlane::create_call(const CallId& call) {
  if (auto admitted = impl_->admit(); !admitted) return admitted;
  if (!impl_->calls_.try_emplace(call).second)
    return fail(ErrorCode::kConflict, "the call exists already");
  impl_->send(command::CreateCall{call});
  return {};
}

void MediaPlane::remove_call(const CallId& call) {
  const auto known = impl_->calls_.find(call);
  if (known == impl_->calls_.end()) return;
  for (const LegId& id : known->second.legs) {
    const auto leg = impl_->legs_.find(id);
    if (leg == impl_->legs_.end()) continue;
    leg->second.call = CallId();
    if (!leg->second.is_seat) impl_->legs_.erase(leg);
  }
  impl_->calls_.erase(known);
  impl_->send(command::RemoveCall{call});
}

Result<LocalSound> MediaPlane::add_sip_leg(const CallId& call, const LegId& leg,
                                           const SipLegSpec& spec) {
  if (auto admitted = impl_->admit(); !admitted) return tl::unexpected(admitted.error());
  const auto found = impl_->calls_.find(call);
  if (found == impl_->calls_.end()) return fail(ErrorCode::kNotFound, "there is no such call");
  if (impl_->legs_.contains(leg)) return fail(ErrorCode::kConflict, "the leg exists already");
  if (found->second.legs.size() >= kMostLegs || impl_->legs_.size() >= impl_->settings_.most_legs)
    return fail(ErrorCode::kExhausted, "there are as many legs as can be");
  impl_->take_back_ports();
  auto ports = impl_->ports_.take(spec.local_address, impl_->clock_.mono());
  if (!ports) return tl::unexpected(ports.error());
  const LocalSound local{ports->rtp.port(), ports->rtcp.port()};
  impl_->legs_[leg] = {call, false};
  found->second.legs.push_back(leg);
  // Its sockets close with a command that is not taken.
  if (!impl_->send(command::AddSipLeg{call, leg, spec.side, std::move(*ports)}))
    impl_->ports_.forget(local.rtp_port);
  return local;
}

Result<void> MediaPlane::set_remote(const LegId& leg, const RemoteSound& remote) {
  const auto address = rtp::Address::parse(remote.address, remote.port);
  if (!address)
    return fail(ErrorCode::kInvalid, "the connection address of the SDP is no IP address");
  if (remote.codecs.empty()) return fail(ErrorCode::kInvalid, "neither PCMU nor PCMA was agreed");
  impl_->send(command::SetRemote{leg, remote, *address});
  return {};
}

void MediaPlane::remove_leg(const LegId& leg) {
  const auto found = impl_->legs_.find(leg);
  if (found == impl_->legs_.end()) return;
  impl_->leave(leg, found->second);
  impl_->legs_.erase(found);
  impl_->send(command::RemoveLeg{leg});
}

Result<void> MediaPlane::move_leg(const LegId& leg, const CallId& to) {
  return impl_->put(leg, to);
}

Result<BrowserAnswer> MediaPlane::add_browser_seat(const LegId& leg, const BrowserOffer& offer) {
  if (auto admitted = impl_->admit(); !admitted) return tl::unexpected(admitted.error());
  if (impl_->legs_.contains(leg)) return fail(ErrorCode::kConflict, "the leg exists already");
  if (impl_->legs_.size() >= impl_->settings_.most_legs)
    return fail(ErrorCode::kExhausted, "there are as many legs as can be");
  auto answer = impl_->seat(leg, offer);
  if (answer) impl_->legs_[leg] = {CallId(), true};
  return answer;
}

Result<BrowserAnswer> MediaPlane::renew_browser_seat(const LegId& leg, const BrowserOffer& offer) {
  const auto found = impl_->legs_.find(leg);
  if (found == impl_->legs_.end() || !found->second.is_seat)
    return fail(ErrorCode::kNotFound, "there is no such seat");
  return impl_->seat(leg, offer);
}

Result<void> MediaPlane::attach_seat(const CallId& call, const LegId& seat) {
  return impl_->put(seat, call);
}

void MediaPlane::detach_seat(const LegId& seat) {
  const auto found = impl_->legs_.find(seat);
  if (found == impl_->legs_.end()) return;
  impl_->leave(seat, found->second);
  impl_->send(command::PutLeg{seat, CallId()});
}

void MediaPlane::connect(const CallId& call, const LegId& listener, const LegId& speaker,
                         Hearing hearing) {
  impl_->send(command::Connect{call, listener, speaker, hearing});
}
void MediaPlane::disconnect(const CallId& call, const LegId& one, const LegId& other) {
  impl_->send(command::Disconnect{call, one, other});
}
void MediaPlane::mute(const LegId& leg, OnOff muted) {
  impl_->send(command::Mute{leg, muted});
}
void MediaPlane::hold(const LegId& leg, OnOff held) {
  impl_->send(command::Hold{leg, held});
}

Result<Micros> MediaPlane::load_prompt(const PromptId& prompt, ByteView wav) {
  auto sound = Prompt::from_wav(wav);
  if (!sound) return tl::unexpected(sound.error());
  const Micros duration = (*sound)->duration();
  load_prompt(prompt, std::move(*sound));
  return duration;
}
void MediaPlane::load_prompt(const PromptId& prompt, std::shared_ptr<const Prompt> sound) {
  impl_->prompts_[prompt] = std::move(sound);
}
void MediaPlane::forget_prompt(const PromptId& prompt) {
  impl_->prompts_.erase(prompt);
}
bool MediaPlane::has_prompt(const PromptId& prompt) const {
  return impl_->prompts_.contains(prompt);
}

Result<PlayId> MediaPlane::play(const LegId& leg, const Playlist& list) {
  command::Play play{leg, impl_->last_play_ + 1, {}, list.loop};
  for (const PromptId& prompt : list.prompts)
    if (const auto found = impl_->prompts_.find(prompt); found != impl_->prompts_.end())
      play.list.push_back(found->second);
  if (play.list.empty()) return fail(ErrorCode::kNotFound, "none of the prompts is loaded");
  impl_->send(std::move(play));
  return ++impl_->last_play_;
}
void MediaPlane::stop(const LegId& leg) {
  impl_->send(command::Stop{leg});
}

Result<void> MediaPlane::start_recording(const CallId& call, const RecordingSpec& spec) {
  const auto found = impl_->calls_.find(call);
  if (found == impl_->calls_.end()) return fail(ErrorCode::kNotFound, "there is no such call");
  if (found->second.recorded)
    return fail(ErrorCode::kConflict, "the call is being recorded already");
  found->second.recorded = true;
  impl_->send(command::StartRecording{
      call, spec, fmt::format("{}.{}.mdgrec", call.text(), ++found->second.recordings)});
  return {};
}
void MediaPlane::pause_recording(const CallId& call) {
  impl_->send(command::PauseRecording{call, OnOff::kOn});
}
void MediaPlane::resume_recording(const CallId& call) {
  impl_->send(command::PauseRecording{call, OnOff::kOff});
}
void MediaPlane::mark_recording(const CallId& call, RecordingMark mark, std::string note) {
  impl_->send(command::MarkRecording{call, mark, std::move(note)});
}
void MediaPlane::stop_recording(const CallId& call, RecordingFate fate) {
  const auto found = impl_->calls_.find(call);
  if (found == impl_->calls_.end()) return;
  found->second.recorded = false;
  impl_->send(command::StopRecording{call, fate});
}

void MediaPlane::ask_statistics(const CallId& call) {
  impl_->send(command::AskStatistics{call});
}
std::uint16_t MediaPlane::browser_port() const {
  return impl_->browser_port_;
}
const std::string& MediaPlane::fingerprint() const {
  return impl_->fingerprint_;
}

MediaCounters MediaPlane::counters() const {
  MediaCounters counters = impl_->engine_->counters();
  counters.commands_dropped = impl_->commands_dropped_;
  counters.events_dropped = impl_->events_.dropped();
  return counters;
}

int MediaPlane::event_fd() const {
  return impl_->events_.fd();
}
void MediaPlane::poll(std::vector<MediaEvent>& into) {
  impl_->events_.drain(into);
}

void MediaPlane::stop_all(std::chrono::milliseconds patience, std::vector<MediaEvent>& into) {
  command::EndAll end;
  auto done = end.done.get_future();
  if (!impl_->ended_ && impl_->send(std::move(end)) &&
      done.wait_for(patience) == std::future_status::ready)
    impl_->recordings_->wait_until_idle(patience);
  impl_->ended_ = true;
  impl_->calls_.clear();
  impl_->legs_.clear();
  poll(into);
}

}  // namespace madoguchi::exchange
