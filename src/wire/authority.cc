#include "wire/authority.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <memory>

#include "base/check.h"

namespace madoguchi::wire {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using File = std::unique_ptr<FILE, decltype(&fclose)>;

constexpr long kAuthorityDays = 3650;
constexpr long kRoleDays = 397;
constexpr long kRenewDays = 30;
constexpr long kDaySeconds = 86'400;

struct Pair {
  Key key{nullptr, EVP_PKEY_free};
  Certificate certificate{nullptr, X509_free};
};

time_t seconds(Time now) {
  return static_cast<time_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
}

Pair load(const std::filesystem::path& base) {
  Pair pair;
  const File certificate(fopen((base.string() + ".pem").c_str(), "r"), fclose);
  const File key(fopen((base.string() + ".key").c_str(), "r"), fclose);
  if (!certificate || !key) return pair;
  pair.certificate.reset(PEM_read_X509(certificate.get(), nullptr, nullptr, nullptr));
  pair.key.reset(PEM_read_PrivateKey(key.get(), nullptr, nullptr, nullptr));
  return pair;
}

bool usable(const Pair& pair, X509* issuer, Time now) {
  if (!pair.key || !pair.certificate) return false;
  time_t soon = seconds(now) + kRenewDays * kDaySeconds;
  if (X509_cmp_time(X509_get0_notAfter(pair.certificate.get()), &soon) <= 0) return false;
  if (X509_check_private_key(pair.certificate.get(), pair.key.get()) != 1) return false;
  return X509_verify(pair.certificate.get(), X509_get0_pubkey(issuer)) == 1;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

Certificate new_certificate(EVP_PKEY* key, const std::string& name, long days, Time now) {
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  // An hour back, for clocks that differ a little between hosts.
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), seconds(now) - 3600);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), seconds(now) + days * kDaySeconds);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

Result<void> write(const std::filesystem::path& base, const Pair& pair) {
  const auto open_as = [](const std::string& path, mode_t mode) {
    unlink(path.c_str());
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    return File(fd < 0 ? nullptr : fdopen(fd, "w"), fclose);
  };
  const File key = open_as(base.string() + ".key", 0600);
  const File certificate = open_as(base.string() + ".pem", 0644);
  if (!key || !certificate ||
      PEM_write_PrivateKey(key.get(), pair.key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_X509(certificate.get(), pair.certificate.get()) != 1 || fflush(key.get()) != 0 ||
      fflush(certificate.get()) != 0)
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}.pem: cannot be written; check the folder's owner and free space",
                            base.string()));
  return {};
}

Result<Pair> make_authority(Time now) {
  Pair pair;
  pair.key.reset(EVP_EC_gen("P-256"));
  ENSURE(pair.key);
  pair.certificate =
      new_certificate(pair.key.get(), "Madoguchi private authority", kAuthorityDays, now);
  X509* own = pair.certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  ENSURE(add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
  ENSURE(add_extension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign"));
  ENSURE(add_extension(own, own, NID_subject_key_identifier, "hash"));
  ENSURE(X509_sign(own, pair.key.get(), EVP_sha256()) > 0);
  return pair;
}

Result<Pair> make_role(const std::string& role, const Pair& authority, Time now) {
  Pair pair;
  pair.key.reset(EVP_EC_gen("P-256"));
  ENSURE(pair.key);
  pair.certificate = new_certificate(pair.key.get(), role, kRoleDays, now);
  X509* own = pair.certificate.get();
  X509* issuer = authority.certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(issuer));
  ENSURE(add_extension(own, issuer, NID_basic_constraints, "critical,CA:FALSE"));
  ENSURE(add_extension(own, issuer, NID_key_usage, "critical,digitalSignature"));
  ENSURE(add_extension(own, issuer, NID_ext_key_usage, "serverAuth,clientAuth"));
  ENSURE(add_extension(own, issuer, NID_subject_alt_name, "DNS:" + role));
  ENSURE(X509_sign(own, authority.key.get(), EVP_sha256()) > 0);
  return pair;
}

}  // namespace

Result<void> ensure_certificates(const std::filesystem::path& folder,
                                 const std::vector<std::string>& roles, Time now) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", folder.string(), error.message()));

  Pair authority = load(folder / "authority");
  if (!authority.certificate || !usable(authority, authority.certificate.get(), now)) {
    auto made = make_authority(now);
    if (!made) return tl::unexpected<Error>(made.error());
    authority = std::move(*made);
    if (auto written = write(folder / "authority", authority); !written) return written;
  }
  for (const std::string& role : roles) {
    if (usable(load(folder / role), authority.certificate.get(), now)) continue;
    auto pair = make_role(role, authority, now);
    if (!pair) return tl::unexpected<Error>(pair.error());
    if (auto written = write(folder / role, *pair); !written) return written;
  }
  return {};
}

}  // namespace madoguchi::wire
