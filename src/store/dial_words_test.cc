// The vault refuses in words, the centre closes promises by them: both have to mean the same.
#include <gtest/gtest.h>

#include "centre/flow/call_flow.h"
#include "vault/dial_rules.h"

namespace madoguchi::store {
namespace {

TEST(DialWords, ALineThatTheVaultNeverLetsRingEndsThePromiseAtTheCentre) {
  const auto words = vault::DialRules::japanese().words_for_good();
  EXPECT_GE(words.size(), 6U);
  for (const std::string& word : words) EXPECT_TRUE(centre::is_for_good(word)) << word;
}

TEST(DialWords, WhatMayChangeKeepsThePromiseOpen) {
  for (const char* word : {"redial_limit", "day_limit", "ticket_open", "not_signed_in", "no_phone",
                           "vault_away", "a word of tomorrow"})
    EXPECT_FALSE(centre::is_for_good(word)) << word;
}

}  // namespace
}  // namespace madoguchi::store
