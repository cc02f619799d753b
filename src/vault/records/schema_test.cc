#include "vault/records/schema.h"

#include <gtest/gtest.h>

namespace madoguchi::vault {
namespace {

FieldSpec own(std::string name) {
  FieldSpec field;
  field.name = std::move(name);
  field.label_ja = "プラン";
  field.label_en = "Plan";
  return field;
}

TEST(Schema, StandardHasWhatACallNeeds) {
  const Schema& schema = Schema::standard();
  for (const char* name : {"customer_number", "letter_number", "name_kanji", "name_kana",
                           "birth_date", "postal_code", "address", "telephone", "mail"})
    EXPECT_NE(schema.find(name), nullptr) << name;
  EXPECT_TRUE(schema.find("customer_number")->unique);
  EXPECT_TRUE(schema.find("telephone")->repeats);
}

TEST(Schema, OwnFieldsComeBackFromStorage) {
  FieldSpec plan = own("plan");
  plan.kind = FieldKind::kDate;
  plan.past = true;
  const auto extended = Schema::standard().with(plan);
  ASSERT_TRUE(extended) << extended.error().message;
  const auto again = Schema::from_json(extended->to_json());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->fields(), extended->fields());
  EXPECT_EQ(again->version(), 2);
  EXPECT_GE(again->find("plan")->number, kFirstOwnField);
}

TEST(Schema, RefusesNamesThatAreTakenOrUnfit) {
  EXPECT_EQ(Schema::standard().with(own("telephone")).error().code, ErrorCode::kConflict);
  EXPECT_EQ(Schema::standard().with(own("documents")).error().code, ErrorCode::kConflict);
  EXPECT_EQ(Schema::standard().with(own("Plan A")).error().code, ErrorCode::kInvalid);
  FieldSpec unique = own("plan");
  unique.unique = true;
  EXPECT_EQ(Schema::standard().with(unique).error().code, ErrorCode::kInvalid);
}

TEST(Schema, StoredNonsenseIsCorrupt) {
  for (const char* text : {"", "[]", "{}", R"({"version":1,"fields":[{"number":1}]})",
                           R"({"version":"x","fields":[]})"})
    EXPECT_EQ(Schema::from_json(text).error().code, ErrorCode::kCorrupt) << text;
}

}  // namespace
}  // namespace madoguchi::vault
