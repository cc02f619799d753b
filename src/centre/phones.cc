#include "centre/phones.h"

#include <openssl/evp.h>

#include "base/bytes.h"

namespace madoguchi::centre {
namespace {

std::string ha1(const EVP_MD* kind, const std::string& user, const std::string& password) {
  const std::string text = user + ":madoguchi:" + password;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, kind, nullptr);
  return to_hex({digest, size});
}

}  // namespace

PhoneLogin phone_login(const std::string& user, const Personal<std::string>& password) {
  return {user, ha1(EVP_md5(), user, password.reveal()),
          ha1(EVP_sha256(), user, password.reveal())};
}

std::vector<PhoneSettings> phones_of(const std::vector<StaffSettings>& staff,
                                     const std::vector<AccountRow>& accounts) {
  std::vector<PhoneSettings> phones;
  for (const AccountRow& account : accounts) {
    if (account.operator_id.empty() || account.disabled) continue;
    PhoneLogin login = account.phone;
    for (const StaffSettings& one : staff)
      if (login.user.empty() && one.id == account.operator_id && !one.phone_user.empty())
        login = phone_login(one.phone_user, Personal<std::string>(one.phone_password));
    if (!login.user.empty())
      phones.push_back({account.operator_id, login.user, login.ha1_md5, login.ha1_sha256});
  }
  return phones;
}

}  // namespace madoguchi::centre
