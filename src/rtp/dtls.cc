#include "rtp/dtls.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "rtp/datagram_bio.h"
#include "rtp/dtls_identity_state.h"
#include "rtp/packet.h"

namespace madoguchi::rtp {
namespace {

constexpr Micros kLongestRetransmission = std::chrono::seconds(3);
constexpr std::string_view kExporterLabel = "EXTRACTOR-dtls_srtp";  // RFC 5764, 4.2

std::optional<SrtpProfile> profile_of(const SRTP_PROTECTION_PROFILE* chosen) {
  if (chosen == nullptr) return std::nullopt;
  if (chosen->id == SRTP_AES128_CM_SHA1_80) return SrtpProfile::kAes128CmSha1_80;
  if (chosen->id == SRTP_AEAD_AES_128_GCM) return SrtpProfile::kAeadAes128Gcm;
  return std::nullopt;
}

// RFC 6347, 4.1: type, version, epoch, sequence number, length.
constexpr std::size_t kRecordHeader = 13;
constexpr std::uint16_t kDtls12 = 0xFEFD, kDtls10 = 0xFEFF;  // hellos may still say 1.0
// RFC 5288, 3: the nonce's explicit part and the tag. All ciphers of ours are AES-GCM.
constexpr std::size_t kLeastSealed = 8 + 16;

// The datagram up to its first record that cannot be the peer's. OpenSSL (seen with 3.0.17 and
// 3.0.19, not with 3.0.22) ends the connection over a sealed record too short to be one, which
// anybody can forge; and it looks for records inside of one whose version it does not like.
ByteView plausible_records(ByteView datagram, bool connected) {
  std::size_t at = 0;
  while (at + kRecordHeader <= datagram.size()) {
    const std::uint8_t* record = datagram.data() + at;
    const std::uint16_t version = read_u16(record + 1);
    const bool is_sealed = read_u16(record + 3) != 0;
    const std::size_t length = read_u16(record + 11);
    if (version != kDtls12 && (connected || version != kDtls10)) break;
    if (is_sealed && length < kLeastSealed) break;
    if (at + kRecordHeader + length > datagram.size()) break;
    at += kRecordHeader + length;
  }
  return datagram.first(at);
}

}  // namespace

struct DtlsEndpoint::State {
  explicit State(const Settings& wanted)
      : settings(wanted),
        bio(wanted.mtu),
        expectation{wanted.peer},
        patience(wanted.first_retransmission) {}

  ~State() {
    if (keys) OPENSSL_cleanse(&*keys, sizeof *keys);
  }

  void handshake(MonoTime now);
  void read_connected(MonoTime now);
  void follow_timer(MonoTime now);
  void give_up(std::string reason);
  bool export_keys();

  Settings settings;
  DatagramBio bio;
  DtlsExpectation expectation;
  std::unique_ptr<SSL, FreeOpenSsl> connection;  // before the BIO it refers to goes
  DtlsState phase = DtlsState::kWaiting;
  std::string failure;
  std::optional<SrtpKeys> keys;
  Micros patience;
  std::optional<MonoTime> retransmit_at;
  std::optional<MonoTime> give_up_at;
};

void DtlsEndpoint::State::give_up(std::string reason) {
  phase = DtlsState::kFailed;
  failure = std::move(reason);
  retransmit_at.reset();
  give_up_at.reset();
}

void DtlsEndpoint::State::follow_timer(MonoTime now) {
  switch (bio.take_timer_change()) {
    case DatagramBio::Timer::kUntouched:
      return;
    case DatagramBio::Timer::kStarted:
      retransmit_at = now + patience;
      return;
    case DatagramBio::Timer::kStopped:
      retransmit_at.reset();
      patience = settings.first_retransmission;
      return;
  }
}

bool DtlsEndpoint::State::export_keys() {
  const auto profile = profile_of(SSL_get_selected_srtp_profile(connection.get()));
  if (!profile) {
    give_up("dtls: the peer offers no SRTP profile of ours (AES128_CM_SHA1_80, AEAD_AES_128_GCM)");
    return false;
  }
  const std::size_t salt = srtp_salt_size(*profile);
  std::array<std::uint8_t, 2 * (kSrtpKeySize + kMaxSrtpSaltSize)> material{};
  if (SSL_export_keying_material(connection.get(), material.data(), 2 * (kSrtpKeySize + salt),
                                 kExporterLabel.data(), kExporterLabel.size(), nullptr, 0,
                                 0) != 1) {
    give_up(openssl_error("dtls: no keys"));
    return false;
  }
  // RFC 5764, 4.2: client key, server key, client salt, server salt.
  SrtpMasterKey client;
  SrtpMasterKey server;
  const std::uint8_t* at = material.data();
  std::memcpy(client.key.data(), at, kSrtpKeySize);
  std::memcpy(server.key.data(), at + kSrtpKeySize, kSrtpKeySize);
  std::memcpy(client.salt.data(), at + 2 * kSrtpKeySize, salt);
  std::memcpy(server.salt.data(), at + 2 * kSrtpKeySize + salt, salt);
  const bool active = settings.role == DtlsRole::kActive;
  keys = SrtpKeys{*profile, active ? client : server, active ? server : client};
  OPENSSL_cleanse(material.data(), material.size());
  OPENSSL_cleanse(&client, sizeof client);
  OPENSSL_cleanse(&server, sizeof server);
  return true;
}

void DtlsEndpoint::State::handshake(MonoTime now) {
  ERR_clear_error();
  const int done = SSL_do_handshake(connection.get());
  const int error = SSL_get_error(connection.get(), done);
  follow_timer(now);
  if (done == 1) {
    if (!expectation.met) return give_up("dtls: the peer showed no certificate");
    if (!export_keys()) return;
    phase = DtlsState::kConnected;
    give_up_at.reset();
    return;
  }
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
  if (expectation.refused)
    return give_up("dtls: the peer's certificate is not the one whose fingerprint its SDP named");
  give_up(openssl_error("dtls: handshake failed"));
}

// Nothing but goodbyes and repeated handshake messages is expected; application data is thrown
// away.
void DtlsEndpoint::State::read_connected(MonoTime now) {
  std::array<std::uint8_t, kMaxDatagram> thrown_away{};
  ERR_clear_error();
  int count = 0;
  while ((count = SSL_read(connection.get(), thrown_away.data(),
                           static_cast<int>(thrown_away.size()))) > 0) {
  }
  const int error = SSL_get_error(connection.get(), count);
  follow_timer(now);
  if (error == SSL_ERROR_ZERO_RETURN) {
    phase = DtlsState::kClosed;
  } else if (error == SSL_ERROR_SSL) {
    give_up(openssl_error("dtls: the peer broke off"));
  }
}

DtlsEndpoint::DtlsEndpoint(std::unique_ptr<State> state) : state_(std::move(state)) {}
DtlsEndpoint::~DtlsEndpoint() = default;
DtlsEndpoint::DtlsEndpoint(DtlsEndpoint&&) noexcept = default;
DtlsEndpoint& DtlsEndpoint::operator=(DtlsEndpoint&&) noexcept = default;

Result<DtlsEndpoint> DtlsEndpoint::create(const DtlsIdentity& identity, const Settings& settings) {
  auto state = std::make_unique<State>(settings);
  state->connection.reset(SSL_new(identity.state_->context.get()));
  BIO* bio = state->connection ? state->bio.make() : nullptr;
  if (bio == nullptr)
    return fail(ErrorCode::kInternal, openssl_error("dtls: no connection could be made"));
  SSL* connection = state->connection.get();
  SSL_set_bio(connection, bio, bio);
  SSL_set_app_data(connection, &state->expectation);
  SSL_set_mtu(connection, static_cast<long>(settings.mtu));
  if (settings.role == DtlsRole::kActive) {
    SSL_set_connect_state(connection);
  } else {
    SSL_set_accept_state(connection);
  }
  return DtlsEndpoint(std::move(state));
}

void DtlsEndpoint::start(MonoTime now) {
  if (state_->phase != DtlsState::kWaiting) return;
  state_->phase = DtlsState::kHandshaking;
  state_->give_up_at = now + state_->settings.give_up;
  if (state_->settings.role == DtlsRole::kActive) state_->handshake(now);
}

void DtlsEndpoint::receive(ByteView datagram, MonoTime now) {
  if (datagram.size() > kMaxDatagram || classify(datagram) != PacketKind::kDtls) return;
  const ByteView records = plausible_records(datagram, state_->phase == DtlsState::kConnected);
  if (records.empty()) return;
  state_->bio.set_incoming(records);
  switch (state_->phase) {
    case DtlsState::kWaiting:
    case DtlsState::kClosed:
    case DtlsState::kFailed:
      break;
    case DtlsState::kHandshaking:
      state_->handshake(now);
      // The last flight may share its datagram with more.
      if (state_->phase == DtlsState::kConnected) state_->read_connected(now);
      break;
    case DtlsState::kConnected:
      state_->read_connected(now);
      break;
  }
  state_->bio.set_incoming({});
}

void DtlsEndpoint::advance(MonoTime now) {
  if (state_->give_up_at && now >= *state_->give_up_at)
    return state_->give_up("dtls: no handshake within the time allowed");
  if (!state_->retransmit_at || now < *state_->retransmit_at) return;
  state_->retransmit_at.reset();
  state_->patience = std::min(state_->patience * 2, kLongestRetransmission);
  ERR_clear_error();
  state_->bio.fire_timer();
  if (DTLSv1_handle_timeout(state_->connection.get()) < 0)
    return state_->give_up(openssl_error("dtls: the peer does not answer"));
  state_->follow_timer(now);
}

std::optional<MonoTime> DtlsEndpoint::next_deadline() const {
  if (!state_->retransmit_at) return state_->give_up_at;
  if (!state_->give_up_at) return state_->retransmit_at;
  return std::min(*state_->retransmit_at, *state_->give_up_at);
}

void DtlsEndpoint::close() {
  if (state_->phase == DtlsState::kConnected) {
    ERR_clear_error();
    SSL_shutdown(state_->connection.get());
  }
  if (state_->phase != DtlsState::kFailed) state_->phase = DtlsState::kClosed;
  state_->retransmit_at.reset();
  state_->give_up_at.reset();
}

std::optional<Bytes> DtlsEndpoint::poll_transmit() {
  auto& waiting = state_->bio.outgoing();
  if (waiting.empty()) return std::nullopt;
  Bytes datagram = std::move(waiting.front());
  waiting.pop_front();
  return datagram;
}

DtlsState DtlsEndpoint::state() const {
  return state_->phase;
}
const std::string& DtlsEndpoint::failure() const {
  return state_->failure;
}
const std::optional<DtlsEndpoint::SrtpKeys>& DtlsEndpoint::srtp_keys() const {
  return state_->keys;
}

}  // namespace madoguchi::rtp
