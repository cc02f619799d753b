// Announcements as the whole centre treats them: what desks say, and what of it is heard.
#include "centre/core_fixture.h"

namespace madoguchi::centre {
namespace {

std::string wav_of_a_second() {
  SoundClip clip;
  clip.samples.assign(8'000, 1'000);
  const Bytes wav = write_wav(clip);
  return std::string(as_text(wav));
}

class SoundsTest : public CoreTest {
 protected:
  std::string uploaded(const Browser& who, const std::string& name) {
    const auto made = who.ask("POST", "/prompts?name=" + name, wav_of_a_second(), "audio/wav");
    EXPECT_EQ(made.status, 201) << made.body;
    return made.parsed().at("id").get<std::string>();
  }
  static bool is_listed(const Browser& who, const std::string& id) {
    const json all = who.ask("GET", "/prompts").parsed();
    for (const json& one : all.at("items"))
      if (one.at("id") == id) return true;
    return false;
  }
  static std::string deleted(const Browser& who, const std::string& id) {
    const auto answer = who.ask("DELETE", "/prompts/" + id);
    return answer.status == 204 ? "204"
                                : std::to_string(answer.status) + " " +
                                      answer.parsed().at("message").get<std::string>();
  }
};

TEST_F(SoundsTest, AnUploadedSoundIsDeletedOnceNoDeskPlaysIt) {
  const Browser suzu = signed_in("suzu");
  wait_attached(suzu);
  const std::string id = uploaded(suzu, "greeting");
  const auto chosen = [&](const std::string& prompt) {
    return suzu.ask("PUT", "/desks/sakura/prompts", json{{"greeting", prompt}}.dump()).status;
  };
  ASSERT_EQ(chosen(id), 200);
  EXPECT_EQ(deleted(suzu, id), "409 desk sakura plays it (greeting): choose another there first");
  EXPECT_TRUE(is_listed(suzu, id));
  ASSERT_EQ(chosen(""), 200);
  EXPECT_EQ(deleted(suzu, id), "204");
  EXPECT_FALSE(is_listed(suzu, id));
  EXPECT_FALSE(*store_.prompt_audio(PromptId(id)));
  EXPECT_TRUE(exchange_.wait_forgotten(id));
  EXPECT_EQ(chosen(id), 400);
  EXPECT_EQ(deleted(suzu, id), "404 there is no such prompt");
  EXPECT_EQ(suzu.ask("GET", "/prompts/" + id + "/audio").status, 404);
}

TEST_F(SoundsTest, ASoundChosenWhileTheDeskIsSavedStaysChosen) {
  const Browser suzu = signed_in("suzu");
  const Browser admin = signed_in("admin");
  wait_attached(suzu);
  const std::string id = uploaded(suzu, "greeting");
  vault_.next_time_meanwhile([&] {
    suzu.ask("PUT", "/desks/sakura/prompts", json{{"greeting", id}}.dump());
  });
  const auto saved = admin.ask("PUT", "/desks/sakura", json{{"announce_place", true}}.dump());
  ASSERT_EQ(saved.status, 200) << saved.body;
  EXPECT_EQ(saved.parsed().at("prompts").at("greeting"), id);
  EXPECT_EQ(saved.parsed().at("announce_place"), true);
  EXPECT_EQ(suzu.ask("GET", "/desks/sakura").parsed(), saved.parsed());
}

TEST_F(SoundsTest, ASoundThatTellsPlacesStaysWhileADeskTellsThem) {
  const Browser suzu = signed_in("suzu");
  const Browser admin = signed_in("admin");
  wait_attached(suzu);
  const std::string id = uploaded(suzu, "place-1");
  const auto announces = [&](bool on) {
    return admin.ask("PUT", "/desks/sakura", json{{"announce_place", on}}.dump()).status;
  };
  ASSERT_EQ(announces(true), 200);
  EXPECT_EQ(deleted(suzu, id),
            "409 desk sakura tells places in the queue with it: choose another there first");
  ASSERT_EQ(announces(false), 200);
  EXPECT_EQ(deleted(suzu, id), "204");
}

TEST_F(SoundsTest, WhatTheCentreMakesItselfIsNotDeletedNorDoOperatorsDelete) {
  const Browser hana = signed_in("hana");
  const Browser suzu = signed_in("suzu");
  wait_attached(suzu);
  until(suzu, "/prompts", [](const json& all) { return all.at("items").size() == 2; });
  EXPECT_EQ(deleted(suzu, kWaitingTone), "409 the centre makes this sound itself, and would again");
  const std::string id = uploaded(suzu, "greeting");
  EXPECT_EQ(hana.ask("DELETE", "/prompts/" + id).status, 403);
  EXPECT_TRUE(is_listed(suzu, id));
}

TEST_F(SoundsTest, ADeskWhoseWordsNobodyHearsIsTold) {
  const Browser suzu = signed_in("suzu");
  wait_attached(suzu);
  const auto unspoken = [&] { return suzu.ask("GET", "/desks/sakura").parsed().at("unspoken"); };
  const auto troubles = [&] {
    std::vector<std::string> texts;
    const json status = suzu.ask("GET", "/status").parsed();
    for (const json& one : status.at("troubles"))
      if (one.at("kind") == "unspoken") texts.push_back(one.at("text"));
    return texts;
  };
  EXPECT_EQ(unspoken(), json::array({"greeting"}));
  ASSERT_EQ(troubles().size(), 1u);
  EXPECT_TRUE(troubles()[0].starts_with(
      "desk sakura: callers do not hear its words for greeting: install espeak-ng"))
      << troubles()[0];
  const std::string id = uploaded(suzu, "greeting");
  ASSERT_EQ(suzu.ask("PUT", "/desks/sakura/prompts", json{{"greeting", id}}.dump()).status, 200);
  EXPECT_EQ(unspoken(), json::array());
  EXPECT_TRUE(troubles().empty());
}

}  // namespace
}  // namespace madoguchi::centre
