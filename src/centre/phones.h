// SIP telephones of operators: what they register with, and which of them the exchange is to know.
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "base/personal.h"
#include "centre/centre_store.h"
#include "centre/exchange_client.h"
#include "centre/settings.h"

namespace madoguchi::centre {

PhoneLogin phone_login(const std::string& user, const Personal<std::string>& password);

// Of every operator who may sign in. What is kept with an account wins over the settings file.
std::vector<PhoneSettings> phones_of(const std::vector<StaffSettings>& staff,
                                     const std::vector<AccountRow>& accounts);

}  // namespace madoguchi::centre
