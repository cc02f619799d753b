#include "vault/core/token_session.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <p11-kit/pkcs11.h>

#include <algorithm>
#include <array>
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

  [[nodiscard]] tl::unexpected<Error> failed(std::string_view what, CK_RV code) const {
    return fail(ErrorCode::kUnavailable,
                fmt::format("token.label: token \"{}\" {} (0x{:x})", place.label, what, code));
  }
  Result<void> load();
  Result<void> find_token();
  Result<void> log_in(Access access);
  Result<std::vector<CK_OBJECT_HANDLE>> found_by(std::vector<CK_ATTRIBUTE> wanted,
                                                 std::size_t most) const;
  Result<std::vector<CK_OBJECT_HANDLE>> keys_named(const std::string& key) const;
  Result<CK_OBJECT_HANDLE> the_key(const std::string& key) const;
  Result<CK_OBJECT_HANDLE> good_key(const std::string& key) const;
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
                  2);
}

std::string TokenSession::Parts::key_label(CK_OBJECT_HANDLE object) const {
  std::array<char, kMostKeyLabel> label{};
  CK_ATTRIBUTE asked = attribute(CKA_LABEL, label.data(), label.size());
  if (module->C_GetAttributeValue(session, object, &asked, 1) != CKR_OK) return {};
  return {label.data(), asked.ulValueLen};
}

Result<CK_OBJECT_HANDLE> TokenSession::Parts::the_key(const std::string& key) const {
  const auto found = keys_named(key);
  if (!found) return tl::unexpected<Error>(found.error());
  if (found->size() == 1) return found->front();
  return fail(ErrorCode::kNotFound,
              fmt::format("token.key: token \"{}\" has {} key \"{}\"", place.label,
                          found->empty() ? "no" : "more than one", key));
}

Result<CK_OBJECT_HANDLE> TokenSession::Parts::good_key(const std::string& key) const {
  const auto found = the_key(key);
  if (!found) return found;
  CK_BBOOL sensitive = CK_FALSE;
  CK_BBOOL extractable = CK_TRUE;
  std::array<CK_ATTRIBUTE, 2> asked{attribute(CKA_SENSITIVE, &sensitive, sizeof sensitive),
                                    attribute(CKA_EXTRACTABLE, &extractable, sizeof extractable)};
  const CK_RV code = module->C_GetAttributeValue(session, *found, asked.data(), asked.size());
  if (code != CKR_OK || sensitive != CK_TRUE || extractable != CK_FALSE)
    return fail(ErrorCode::kInvalid,
                fmt::format("token.key: key \"{}\" of token \"{}\" could be carried off: it must "
                            "be sensitive and not extractable; make one with `madoguchi "
                            "master-key make`",
                            key, place.label));
  return *found;
}

TokenSession::TokenSession(const TokenPlace& place) : parts_(std::make_unique<Parts>()) {
  parts_->place = place;
}

TokenSession::~TokenSession() {
  if (parts_->session != CK_INVALID_HANDLE) parts_->module->C_CloseSession(parts_->session);
  if (parts_->initialised) parts_->module->C_Finalize(nullptr);
}

Result<std::unique_ptr<TokenSession>> TokenSession::open(const TokenPlace& place, Access access) {
  std::unique_ptr<TokenSession> session(new TokenSession(place));
  if (auto loaded = session->parts_->load(); !loaded) return tl::unexpected<Error>(loaded.error());
  if (auto found = session->parts_->find_token(); !found)
    return tl::unexpected<Error>(found.error());
  if (auto in = session->parts_->log_in(access); !in) return tl::unexpected<Error>(in.error());
  return session;
}

Result<std::vector<std::string>> TokenSession::keys() {
  const auto all =
      parts_->found_by({attribute(CKA_CLASS, &kSecretKey, sizeof kSecretKey)}, kMostObjects);
  if (!all) return tl::unexpected<Error>(all.error());
  const TokenPlace& place = parts_->place;
  std::vector<std::string> labels;
  for (const CK_OBJECT_HANDLE object : *all)
    if (std::string label = parts_->key_label(object); number_of(label, place.key) != 0)
      labels.push_back(std::move(label));
  std::sort(labels.begin(), labels.end(), [&](const std::string& a, const std::string& b) {
    return number_of(a, place.key) < number_of(b, place.key);
  });
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  if (labels.size() > kMostTokenKeys)
    return fail(ErrorCode::kInvalid,
                fmt::format("token.key: token \"{}\" has {} keys \"{}\", \"{}\" and so on; destroy "
                            "those that nothing hangs on",
                            place.label, labels.size(), labels[0], labels[1]));
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
                            "that nothing hangs on first (`madoguchi master-key destroy`)",
                            parts_->place.label, all->size(), name));
  return fmt::format("{}.{}", name, number_of(all->back(), name) + 1);
}

Result<std::vector<TokenSecret>> TokenSession::secrets() {
  auto all = keys();
  if (!all) return tl::unexpected<Error>(all.error());
  if (all->empty()) all->push_back(parts_->place.key);  // which is not there, and is named
  std::vector<TokenSecret> secrets;
  std::optional<Error> trouble;
  for (const std::string& key : *all) {
    auto secret = hmac(key, as_bytes(kTokenContext));
    if (!secret && !trouble) trouble = secret.error();
    secrets.push_back({key, secret ? *std::move(secret) : Secret()});
  }
  if (trouble && std::ranges::all_of(secrets, [](const auto& one) { return one.secret.empty(); }))
    return tl::unexpected<Error>(*trouble);
  return secrets;
}

Result<void> TokenSession::destroy_key(const std::string& key) {
  const auto found = parts_->the_key(key);
  if (!found) return tl::unexpected<Error>(found.error());
  if (const CK_RV code = parts_->module->C_DestroyObject(parts_->session, *found); code != CKR_OK)
    return parts_->failed(
        fmt::format("does not let its key \"{}\" be destroyed; do that with its maker's tool", key),
        code);
  return {};
}

Result<Secret> TokenSession::hmac(const std::string& key, ByteView text) {
  const auto found = parts_->good_key(key);
  if (!found) return tl::unexpected<Error>(found.error());
  CK_MECHANISM mechanism{CKM_SHA256_HMAC, nullptr, 0};
  CK_FUNCTION_LIST* module = parts_->module;
  CK_RV code = module->C_SignInit(parts_->session, &mechanism, *found);
  CK_ULONG size = kKeyBytes;
  Secret secret(kKeyBytes, [&](std::span<std::uint8_t> into) {
    if (code == CKR_OK)
      code = module->C_Sign(parts_->session, const_cast<CK_BYTE*>(text.data()), text.size(),
                            into.data(), &size);
  });
  if (code != CKR_OK || size != kKeyBytes)
    return parts_->failed("does no HMAC-SHA256 with the key", code);
  return secret;
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
  CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
  const CK_RV code = parts_->module->C_GenerateKey(parts_->session, &mechanism, wanted.data(),
                                                   wanted.size(), &made);
  if (code != CKR_OK) return parts_->failed("makes no generic secret key", code);
  return {};
}

}  // namespace madoguchi::vault
