#include "vault/core/token_session.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <p11-kit/pkcs11.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "vault/core/crypto.h"
#include "vault/core/private_file.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostPin = 256;
constexpr CK_ULONG kMostSlots = 64;
constexpr std::size_t kMostObjects = 100'000;  // a module may hold others' keys too
constexpr std::size_t kMostKeyLabel = 256;
constexpr CK_OBJECT_CLASS kSecretKey = CKO_SECRET_KEY;

CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void* value, std::size_t size) {
  return {type, const_cast<void*>(value), static_cast<CK_ULONG>(size)};  // PKCS#11 has no const
}

// Labels of tokens are 32 bytes, filled up with spaces.
std::string label_of(const CK_TOKEN_INFO& info) {
  std::string label(reinterpret_cast<const char*>(info.label), sizeof info.label);
  label.erase(label.find_last_not_of(' ') + 1);
  return label;
}

// "k" is the first of the keys of its name, "k.3" the third; 0: the label is another name's.
unsigned number_of(std::string_view label, std::string_view name) {
  if (!label.starts_with(name)) return 0;
  if (label.size() == name.size()) return 1;
  if (label[name.size()] != '.') return 0;
  const std::string_view digits = label.substr(name.size() + 1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && number > 1 && digits[0] != '0' ? number : 0;
}

Result<Secret> pin_of(const std::filesystem::path& file) {
  auto text = read_private_file(file, kMostPin);
  if (!text)
    return fail(text.error().code, fmt::format("token.pin_file: {}", text.error().message));
  const std::string_view all = as_text(text->reveal());
  const std::string_view pin = all.substr(0, all.find_first_of("\r\n"));
  if (pin.empty())
    return fail(ErrorCode::kInvalid,
                fmt::format("token.pin_file: {}: its first line is empty", file.string()));
  return Secret::copy_of(as_bytes(pin));
}

}  // namespace

struct TokenSession::Parts {
  TokenPlace place;
  CK_FUNCTION_LIST* module = nullptr;
  CK_SLOT_ID slot = 0;
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  bool initialised = false;
  int lock_fd = -1;                           // held while the token's keys may be changed
  CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;  // by make_key()

  [[nodiscard]] tl::unexpected<Error> failed(std::string_view what, CK_RV code) const {
    return fail(ErrorCode::kUnavailable,
                fmt::format("token.label: token \"{}\" {} (0x{:x})", place.label, what, code));
  }
  Result<void> load();
  Result<void> find_token();
  Result<void> lock();
  Result<void> log_in(Access access);
  Result<std::vector<CK_OBJECT_HANDLE>> found_by(std::vector<CK_ATTRIBUTE> wanted,
                                                 std::size_t most) const;
  Result<std::vector<CK_OBJECT_HANDLE>> keys_named(const std::string& key) const;
  // A key's label does not tell it from every other: two hosts may have made one at once.
  struct Key {
    std::string label;
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
  };
  Result<Key> the_key(const std::string& label) const;
  // Of the place's name, in the order of their numbers.
  Result<std::vector<Key>> all_keys() const;
  Result<void> check(const Key& key) const;
  Result<Secret> hmac(const Key& key, ByteView text) const;
  Result<void> destroy(const Key& key) const;
  std::string key_label(CK_OBJECT_HANDLE object) const;
};

Result<void> TokenSession::Parts::load() {
  const auto refuse = [this](std::string_view cause) {
    return fail(ErrorCode::kNotFound,
                fmt::format("token.module: {}: {}", place.module.string(), cause));
  };
  // Never closed: modules leave threads and exit handlers behind, and the process ends soon.
  void* library = ::dlopen(place.module.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return refuse("cannot be loaded; is it there, and a shared library?");
  const auto list = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  if (list == nullptr || list(&module) != CKR_OK || module == nullptr)
    return refuse("is no PKCS#11 module");
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  if (const CK_RV code = module->C_Initialize(&arguments); code != CKR_OK)
    return refuse(fmt::format("does not start (0x{:x}); are its own settings right?", code));
  initialised = true;
  return {};
}

Result<void> TokenSession::Parts::find_token() {
  std::array<CK_SLOT_ID, kMostSlots> slots{};
  CK_ULONG count = kMostSlots;
  if (const CK_RV code = module->C_GetSlotList(CK_TRUE, slots.data(), &count); code != CKR_OK)
    return failed("cannot be looked for", code);
  std::string others;
  int found = 0;
  for (CK_ULONG i = 0; i < count; ++i) {
    CK_TOKEN_INFO info{};
    if (module->C_GetTokenInfo(slots[i], &info) != CKR_OK) continue;
    const std::string label = label_of(info);
    if (label == place.label) {
      slot = slots[i];
      ++found;
    } else if (!label.empty()) {
      others += fmt::format("{}\"{}\"", others.empty() ? "" : ", ", label);
    }
  }
  if (found == 1) return {};
  return fail(ErrorCode::kNotFound,
              found > 1
                  ? fmt::format("token.label: there are {} tokens \"{}\"", found, place.label)
                  : fmt::format("token.label: token \"{}\" is not there (the module sees {}); "
                                "put it back, or correct the label",
                                place.label, others.empty() ? "none" : others));
}

// Whoever changes the keys reads this file. One that cannot be opened log_in() tells of.
Result<void> TokenSession::Parts::lock() {
  lock_fd = ::open(place.pin_file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (lock_fd < 0 || ::flock(lock_fd, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno == EWOULDBLOCK)
    return fail(ErrorCode::kConflict,
                fmt::format("token.pin_file: {}: another command changes the keys of token \"{}\" "
                            "right now; nothing was done, wait until it is over",
                            place.pin_file.string(), place.label));
  return fail(ErrorCode::kUnavailable,
              fmt::format("token.pin_file: {}: cannot be locked, which keeps two commands from "
                          "changing the token's keys at once; put it on a disk of this machine",
                          place.pin_file.string()));
}

Result<void> TokenSession::Parts::log_in(Access access) {
  const CK_FLAGS flags = CKF_SERIAL_SESSION | (access == Access::kChange ? CKF_RW_SESSION : 0);
  if (const CK_RV code = module->C_OpenSession(slot, flags, nullptr, nullptr, &session);
      code != CKR_OK)
    return failed("gives no session", code);
  const auto pin = pin_of(place.pin_file);
  if (!pin) return tl::unexpected<Error>(pin.error());
  auto* bytes = const_cast<CK_UTF8CHAR*>(pin->reveal().data());  // PKCS#11 has no const
  const CK_RV code = module->C_Login(session, CKU_USER, bytes, pin->reveal().size());
  if (code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN) return {};
  const auto refuse = [this](std::string_view cause) {
    return fail(ErrorCode::kInvalid, fmt::format("token.pin_file: {}: {} \"{}\"",
                                                 place.pin_file.string(), cause, place.label));
  };
  if (code == CKR_PIN_INCORRECT || code == CKR_PIN_INVALID || code == CKR_PIN_LEN_RANGE)
    return refuse("holds the wrong PIN (a few wrong ones lock a token) of token");
  if (code == CKR_PIN_LOCKED)
    return refuse("too many wrong PINs were tried: its security officer must unlock token");
  return failed("refuses to log in", code);
}

Result<std::vector<CK_OBJECT_HANDLE>> TokenSession::Parts::found_by(
    std::vector<CK_ATTRIBUTE> wanted, std::size_t most) const {
  if (const CK_RV code = module->C_FindObjectsInit(session, wanted.data(), wanted.size());
      code != CKR_OK)
    return failed("cannot be searched", code);
  std::vector<CK_OBJECT_HANDLE> all;
  std::array<CK_OBJECT_HANDLE, 64> some{};
  CK_RV code = CKR_OK;
  for (CK_ULONG count = 1; code == CKR_OK && count > 0 && all.size() < most;) {
    code = module->C_FindObjects(session, some.data(), std::min(some.size(), most - all.size()),
                                 &count);
    if (code == CKR_OK) all.insert(all.end(), some.begin(), some.begin() + count);
  }
  module->C_FindObjectsFinal(session);
  if (code != CKR_OK) return failed("cannot be searched", code);
  return all;
}

Result<std::vector<CK_OBJECT_HANDLE>> TokenSession::Parts::keys_named(
    const std::string& key) const {
  return found_by({attribute(CKA_CLASS, &kSecretKey, sizeof kSecretKey),
                   attribute(CKA_LABEL, key.data(), key.size())},
                  kMostTokenKeys + 1);
}

std::string TokenSession::Parts::key_label(CK_OBJECT_HANDLE object) const {
  std::array<char, kMostKeyLabel> label{};
  CK_ATTRIBUTE asked = attribute(CKA_LABEL, label.data(), label.size());
  if (module->C_GetAttributeValue(session, object, &asked, 1) != CKR_OK) return {};
  return {label.data(), asked.ulValueLen};
}

Result<TokenSession::Parts::Key> TokenSession::Parts::the_key(const std::string& label) const {
  const auto found = keys_named(label);
  if (!found) return tl::unexpected<Error>(found.error());
  if (found->size() == 1) return Key{label, found->front()};
  return fail(ErrorCode::kNotFound,
              fmt::format("token.key: token \"{}\" has {} key \"{}\"", place.label,
                          found->empty() ? "no" : "more than one", label));
}

Result<std::vector<TokenSession::Parts::Key>> TokenSession::Parts::all_keys() const {
  const auto objects =
      found_by({attribute(CKA_CLASS, &kSecretKey, sizeof kSecretKey)}, kMostObjects);
  if (!objects) return tl::unexpected<Error>(objects.error());
  std::vector<Key> all;
  for (const CK_OBJECT_HANDLE object : *objects)
    if (std::string label = key_label(object); number_of(label, place.key) != 0)
      all.push_back({std::move(label), object});
  std::sort(all.begin(), all.end(), [&](const Key& a, const Key& b) {
    return number_of(a.label, place.key) < number_of(b.label, place.key);
  });
  if (all.size() > kMostTokenKeys)
    return fail(ErrorCode::kInvalid,
                fmt::format("token.key: token \"{}\" has {} keys \"{}\", \"{}\" and so on; destroy "
                            "those that nothing hangs on",
                            place.label, all.size(), all[0].label, all[1].label));
  return all;
}

Result<void> TokenSession::Parts::check(const Key& key) const {
  CK_BBOOL sensitive = CK_FALSE;
  CK_BBOOL extractable = CK_TRUE;
  std::array<CK_ATTRIBUTE, 2> asked{attribute(CKA_SENSITIVE, &sensitive, sizeof sensitive),
                                    attribute(CKA_EXTRACTABLE, &extractable, sizeof extractable)};
  const CK_RV code = module->C_GetAttributeValue(session, key.object, asked.data(), asked.size());
  if (code == CKR_OK && sensitive == CK_TRUE && extractable == CK_FALSE) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("token.key: key \"{}\" of token \"{}\" could be carried off: it must "
                          "be sensitive and not extractable; make one with `madoguchi "
                          "master-key make`",
                          key.label, place.label));
}

Result<Secret> TokenSession::Parts::hmac(const Key& key, ByteView text) const {
  if (auto good = check(key); !good) return tl::unexpected<Error>(good.error());
  CK_MECHANISM mechanism{CKM_SHA256_HMAC, nullptr, 0};
  CK_RV code = module->C_SignInit(session, &mechanism, key.object);
  CK_ULONG size = kKeyBytes;
  Secret secret(kKeyBytes, [&](std::span<std::uint8_t> into) {
    if (code == CKR_OK)
      code = module->C_Sign(session, const_cast<CK_BYTE*>(text.data()), text.size(), into.data(),
                            &size);
  });
  if (code != CKR_OK || size != kKeyBytes) return failed("does no HMAC-SHA256 with the key", code);
  return secret;
}

Result<void> TokenSession::Parts::destroy(const Key& key) const {
  if (const CK_RV code = module->C_DestroyObject(session, key.object); code != CKR_OK)
    return failed(fmt::format("does not let its key \"{}\" be destroyed; do that with its maker's "
                              "tool",
                              key.label),
                  code);
  return {};
}

TokenSession::TokenSession(const TokenPlace& place) : parts_(std::make_unique<Parts>()) {
  parts_->place = place;
}

TokenSession::~TokenSession() {
  if (parts_->session != CK_INVALID_HANDLE) parts_->module->C_CloseSession(parts_->session);
  if (parts_->initialised) parts_->module->C_Finalize(nullptr);
  if (parts_->lock_fd >= 0) ::close(parts_->lock_fd);
}

Result<std::unique_ptr<TokenSession>> TokenSession::open(const TokenPlace& place, Access access) {
  std::unique_ptr<TokenSession> session(new TokenSession(place));
  if (access == Access::kChange)
    if (auto alone = session->parts_->lock(); !alone) return tl::unexpected<Error>(alone.error());
  if (auto loaded = session->parts_->load(); !loaded) return tl::unexpected<Error>(loaded.error());
  if (auto found = session->parts_->find_token(); !found)
    return tl::unexpected<Error>(found.error());
  if (auto in = session->parts_->log_in(access); !in) return tl::unexpected<Error>(in.error());
  return session;
}

Result<std::vector<std::string>> TokenSession::keys() {
  const auto all = parts_->all_keys();
  if (!all) return tl::unexpected<Error>(all.error());
  std::vector<std::string> labels;
  for (const Parts::Key& key : *all) labels.push_back(key.label);
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  return labels;
}

Result<std::string> TokenSession::next_key() {
  const auto all = keys();
  if (!all) return tl::unexpected<Error>(all.error());
  const std::string& name = parts_->place.key;
  if (all->empty()) return name;
  if (all->size() == kMostTokenKeys)
    return fail(ErrorCode::kExhausted,
                fmt::format("token.key: token \"{}\" has {} keys of the name \"{}\"; destroy some "
                            "that nothing hangs on first (`madoguchi keys destroy`)",
                            parts_->place.label, all->size(), name));
  return fmt::format("{}.{}", name, number_of(all->back(), name) + 1);
}

Result<std::vector<TokenSecret>> TokenSession::secrets() {
  auto all = parts_->all_keys();
  if (!all) return tl::unexpected<Error>(all.error());
  if (all->empty()) {
    auto named = parts_->the_key(parts_->place.key);  // which is not there, and is named
    if (!named) return tl::unexpected<Error>(named.error());
    all->push_back(*std::move(named));
  }
  std::vector<TokenSecret> secrets;
  std::optional<Error> trouble;
  for (const Parts::Key& key : *all) {
    auto secret = parts_->hmac(key, as_bytes(kTokenContext));
    if (!secret && !trouble) trouble = secret.error();
    secrets.push_back({key.label, secret ? *std::move(secret) : Secret()});
  }
  if (trouble && std::ranges::all_of(secrets, [](const auto& one) { return one.secret.empty(); }))
    return tl::unexpected<Error>(*trouble);
  return secrets;
}

Result<void> TokenSession::destroy_key(const std::string& key) {
  const auto found = parts_->keys_named(key);
  if (!found) return tl::unexpected<Error>(found.error());
  if (found->empty()) return tl::unexpected<Error>(parts_->the_key(key).error());
  for (const CK_OBJECT_HANDLE object : *found)
    if (auto gone = parts_->destroy({key, object}); !gone) return gone;
  return {};
}

Result<void> TokenSession::take_back() {
  if (parts_->made == CK_INVALID_HANDLE) return {};
  auto gone = parts_->destroy({parts_->key_label(parts_->made), parts_->made});
  if (gone) parts_->made = CK_INVALID_HANDLE;
  return gone;
}

Result<Secret> TokenSession::hmac(const std::string& key, ByteView text) {
  const auto found = parts_->the_key(key);
  if (!found) return tl::unexpected<Error>(found.error());
  return parts_->hmac(*found, text);
}

Result<void> TokenSession::make_key(const std::string& key) {
  const auto found = parts_->keys_named(key);
  if (!found) return tl::unexpected<Error>(found.error());
  const TokenPlace& place = parts_->place;
  if (!found->empty())
    return fail(ErrorCode::kConflict, fmt::format("token.key: token \"{}\" has a key \"{}\" "
                                                  "already; nothing was made",
                                                  place.label, key));
  constexpr CK_KEY_TYPE type = CKK_GENERIC_SECRET;
  constexpr CK_BBOOL yes = CK_TRUE;
  constexpr CK_BBOOL no = CK_FALSE;
  constexpr CK_ULONG size = kKeyBytes;
  std::vector<CK_ATTRIBUTE> wanted{
      attribute(CKA_CLASS, &kSecretKey, sizeof kSecretKey),
      attribute(CKA_KEY_TYPE, &type, sizeof type),
      attribute(CKA_LABEL, key.data(), key.size()),
      attribute(CKA_VALUE_LEN, &size, sizeof size),
  };
  for (const CK_ATTRIBUTE_TYPE on : {CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE, CKA_SIGN})
    wanted.push_back(attribute(on, &yes, sizeof yes));
  for (const CK_ATTRIBUTE_TYPE off :
       {CKA_EXTRACTABLE, CKA_ENCRYPT, CKA_DECRYPT, CKA_WRAP, CKA_UNWRAP, CKA_DERIVE})
    wanted.push_back(attribute(off, &no, sizeof no));
  CK_MECHANISM mechanism{CKM_GENERIC_SECRET_KEY_GEN, nullptr, 0};
  const CK_RV code = parts_->module->C_GenerateKey(parts_->session, &mechanism, wanted.data(),
                                                   wanted.size(), &parts_->made);
  if (code != CKR_OK) return parts_->failed("makes no generic secret key", code);
  // Of two hosts that made one at once the later sees both, or each of them does, if the token
  // shows at once what others made. SoftHSM may not; then both stand, and the vault takes one.
  const auto there = parts_->keys_named(key);
  if (there && there->size() == 1 && there->front() == parts_->made) return {};
  if (auto gone = take_back(); !gone) return gone;
  if (!there) return tl::unexpected<Error>(there.error());
  return fail(ErrorCode::kConflict,
              fmt::format("token.key: somebody else makes a key \"{}\" in token \"{}\" right now; "
                          "the one made here was destroyed again, try later",
                          key, place.label));
}

}  // namespace madoguchi::vault
