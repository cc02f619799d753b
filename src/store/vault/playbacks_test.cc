#include "vault/playbacks.h"

#include <fstream>

#include "recording/tape_fixture.h"
#include "store/vault/openings_fixture.h"
#include "vault/recordings.h"
#include "vault/use_replay.h"

namespace madoguchi::store {
namespace {

using vault::BegunPlayback;
using vault::OwnersPerson;
using vault::PlaybackId;
using vault::Playbacks;
using vault::RecordingId;

class PlaybacksOn : public OpeningsOn {
 protected:
  void SetUp() override {
    OpeningsOn::SetUp();
    if (IsSkipped()) return;
    std::filesystem::create_directories(folder_ / "recordings");
    playbacks_ = std::make_unique<Playbacks>(
        Playbacks::Parts{*store_, clock_, entropy_, *authority_, *registry_, openings_->act_log()},
        vault::RecordingShelf(folder_ / "recordings"));
    whole_ = record("call", "sakura");
    put("call.1", whole_);
  }
  void TearDown() override {
    playbacks_.reset();
    OpeningsOn::TearDown();
  }

  // Two seconds: the caller loud in the first, our side in the second.
  Bytes record(const std::string& call, const std::string& organisation) {
    const auto directory = registry_->directory();
    const vault::RecordingKey& key =
        directory->find(OrganisationId(organisation))->recording_keys.back();
    recording::Tape tape(
        {OrganisationId(organisation), recording::KeyId(key.key_id), CallId(call), clock_.now()},
        key.keys.public_key);
    for (int n = 0; n < 100; ++n)
      tape.frame(n < 50 ? frame_at(n, recording::Channel::kCaller, recording::kLoud)
                        : frame_at(n, recording::Channel::kOurs, recording::kLoudOurs));
    tape.end(std::chrono::seconds(2));
    return tape.file();
  }
  void put(const std::string& id, const Bytes& file) const {
    std::ofstream(folder_ / "recordings" / (id + ".mdgrec"), std::ios::binary)
        << as_text(ByteView(file));
  }
  std::string begin(const std::string& recording, const PersonId& person,
                    BegunPlayback* into = nullptr) {
    auto begun = playbacks_->begin(asker_, person, RecordingId(recording));
    if (!begun) return word_of(begun.error());
    if (into != nullptr) *into = *std::move(begun);
    return "begun";
  }
  std::string hear(const PlaybackId& id, const std::string& session = "s1") {
    const auto piece = playbacks_->piece({OperatorId("hana"), SessionKey(session)}, id,
                                         std::chrono::milliseconds(500), std::chrono::seconds(1));
    if (!piece) return word_of(piece.error());
    if (piece->size() != 16'000) return "short";
    const bool caller_first = piece->at(2) > 30'000 && piece->at(3) == 0;
    const bool ours_then = piece->at(12'000) == 0 && piece->at(12'001) > 30'000;
    return caller_first && ours_then ? "sound" : "silence";
  }
  const PersonId nobody_{OrganisationId("sakura"), {}};

  Bytes whole_;
  std::unique_ptr<Playbacks> playbacks_;
};

TEST_P(PlaybacksOn, TheCallInHandIsHeardAndEachPlaybackIsOneEntry) {
  const auto listed = playbacks_->of_call(asker_);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 1U);
  const std::size_t before = entries().size();
  BegunPlayback begun;
  ASSERT_EQ(begin("call.1", nobody_, &begun), "begun");
  EXPECT_EQ(begun.outline.length, std::chrono::seconds(2));
  EXPECT_EQ(hear(begun.id), "sound");
  EXPECT_EQ(hear(begun.id), "sound");
  const auto all = entries();
  ASSERT_EQ(all.size(), before + 1);
  const ledger::Entry& entry = all.back();
  EXPECT_EQ(entry.kind, "playback");
  EXPECT_EQ(entry.operator_id, "hana");
  EXPECT_EQ(entry.call, "call");
  EXPECT_EQ(entry.purpose, "answer");
  EXPECT_EQ(entry.mandate->id, "sakura-1");
  EXPECT_FALSE(entry.subject);
  EXPECT_EQ(std::get<std::string>(entry.details.at("recording")), "call.1");
  EXPECT_EQ(std::get<std::int64_t>(entry.details.at("seconds")), 2);
}

TEST_P(PlaybacksOn, AboutAPersonOnlyWhoWasOpenedAndTheirEntriesTellOfIt) {
  const PersonId person = candidate();
  EXPECT_EQ(begin("call.1", person), "not_checked");
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  ASSERT_EQ(open(person), "opened");
  ASSERT_EQ(begin("call.1", person), "begun");
  const auto key = vault::subject_salt_key(people_->records(), person);
  ASSERT_TRUE(entries().back().subject);
  EXPECT_TRUE(entries().back().subject->is_about(key->reveal(), person.subject.text()));
}

TEST_P(PlaybacksOn, NothingIsHeardThatIsNotLogged) {
  fault_ = CommitFault::kFailed;
  EXPECT_NE(begin("call.1", nobody_), "begun");
  EXPECT_EQ(begin("call.1", nobody_), "begun");
}

TEST_P(PlaybacksOn, ItEndsWithTheTicketWhichIsToldOnce) {
  BegunPlayback begun;
  ASSERT_EQ(begin("call.1", nobody_, &begun), "begun");
  authority_->end_call(CallId("call"));
  EXPECT_EQ(hear(begun.id), "sound");  // in the wrap-up
  authority_->end_ticket(asker_.ticket);
  const std::size_t before = entries().size();
  EXPECT_EQ(hear(begun.id), "ticket_over");
  EXPECT_EQ(hear(begun.id), "no_ticket");
  EXPECT_EQ(entries().size(), before + 1);
  EXPECT_EQ(entries().back().outcome, "refused_ticket_over");
  EXPECT_EQ(begin("call.1", nobody_), "ticket_over");
}

TEST_P(PlaybacksOn, ARevocationSilencesTheNextPiece) {
  BegunPlayback begun;
  ASSERT_EQ(begin("call.1", nobody_, &begun), "begun");
  ASSERT_TRUE(authority_->revoke(vault::MandateId("sakura-1"), OperatorId("oku")));
  EXPECT_EQ(hear(begun.id), "revoked");
}

TEST_P(PlaybacksOn, NobodyElseHearsIt) {
  BegunPlayback begun;
  ASSERT_EQ(begin("call.1", nobody_, &begun), "begun");
  EXPECT_EQ(hear(begun.id, "s2"), "no_ticket");
  EXPECT_EQ(entries().back().kind, "refusal");
  EXPECT_EQ(hear(begun.id), "sound");
  Asker other = asker_;
  other.session = SessionKey("s2");
  EXPECT_FALSE(playbacks_->begin(other, nobody_, RecordingId("call.1")));
}

TEST_P(PlaybacksOn, OnlyRecordingsOfThatCallAndOnlyAsTheyWereClosed) {
  put("other.1", record("other", "sakura"));
  put("call.2", record("other", "sakura"));  // another call's, under this one's name
  EXPECT_NE(begin("other.1", nobody_), "begun");
  EXPECT_NE(begin("call.2", nobody_), "begun");
  EXPECT_NE(begin("call.3", nobody_), "begun");
  EXPECT_NE(begin("..call.1", nobody_), "begun");
  vault::Recordings recordings(*store_, clock_, *registry_);
  ASSERT_TRUE(recordings.note({{RecordingId("call.1"), CallId("call"), OrganisationId("sakura"),
                                to_hex(sha256(whole_)), whole_.size(), false}}));
  EXPECT_EQ(begin("call.1", nobody_), "begun");
  // Rewritten by somebody who holds the public key.
  put("call.1", record("call", "sakura"));
  EXPECT_EQ(begin("call.1", nobody_), "the recording is not as the exchange closed it");
  EXPECT_EQ(entries().back().outcome, "refused_changed");
}

TEST_P(PlaybacksOn, WhoeverAdministratesExportsNoneThatTheOwnersLogDoesNotTell) {
  vault::Recordings recordings(*store_, clock_, *registry_);
  const vault::ExportAsked asked{RecordingId("call.1.mdgrec"), "admin", "a court asks"};
  std::size_t bytes = 0;
  const auto sink = [&](ByteView wav) {
    bytes += wav.size();
    return true;
  };
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(recordings.render(asked, whole_, sink));
  EXPECT_EQ(bytes, 0U);
  const std::size_t before = entries().size();
  const auto done = recordings.render(asked, whole_, sink);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_GT(bytes, 32'000U);
  ASSERT_EQ(entries().size(), before + 1);
  const ledger::Entry entry = entries().back();
  EXPECT_EQ(entry.kind, "playback");
  EXPECT_EQ(entry.outcome, "exported");
  EXPECT_EQ(entry.call, "call");
  EXPECT_EQ(std::get<std::string>(entry.details.at("recording")), "call.1");
  EXPECT_EQ(std::get<std::string>(entry.details.at("asked_sha256")),
            to_hex(sha256(as_bytes("admin\na court asks"))));
}

TEST_P(PlaybacksOn, TheOwnerHearsItsOwnCallsForAReason) {
  const OwnersPerson oku{OperatorId("oku"), OrganisationId("sakura")};
  const OwnersPerson wada{OperatorId("wada"), OrganisationId("wakaba")};
  EXPECT_EQ(playbacks_->of_call(oku, CallId("call")).size(), 1U);
  EXPECT_TRUE(playbacks_->of_call(wada, CallId("call")).empty());
  const RecordingId id("call.1");
  EXPECT_FALSE(playbacks_->begin(oku, SessionKey("o"), id, "curiosity"));
  EXPECT_FALSE(playbacks_->begin(wada, SessionKey("w"), id, "complaint"));
  const auto begun = playbacks_->begin(oku, SessionKey("o"), id, "complaint");
  ASSERT_TRUE(begun) << word_of(begun.error());
  EXPECT_EQ(hear(begun->id, "o"), "sound");
  EXPECT_EQ(entries().back().operator_id, "oku");
  EXPECT_EQ(std::get<std::string>(entries().back().details.at("reason")), "complaint");
}

TEST_P(PlaybacksOn, AThirdOneTakesThePlaceOfASessionsFirst) {
  BegunPlayback first;
  BegunPlayback last;
  ASSERT_EQ(begin("call.1", nobody_, &first), "begun");
  ASSERT_EQ(begin("call.1", nobody_), "begun");
  ASSERT_EQ(begin("call.1", nobody_, &last), "begun");
  EXPECT_EQ(hear(first.id), "no_ticket");
  EXPECT_EQ(hear(last.id), "sound");
}

TEST_P(PlaybacksOn, ARestartForgetsNoPlaybackThatWasCounted) {
  for (int i = 0; i < 6; ++i) ASSERT_EQ(begin("call.1", nobody_), "begun");
  EXPECT_EQ(begin("call.1", nobody_), "limit");
  DatabaseOptions options;
  options.url = scratch_->url();
  const auto log = open_vault_log(std::move(options));
  const auto restarted = vault::AuthorityDesk::open({*store_, clock_, entropy_});
  ASSERT_TRUE(vault::count_again(**log, **restarted, clock_.now()));
  const bool full = (*restarted)->with([&](vault::Authority& authority, Time now) {
    return authority.limits()
        .exceeded({{{"operator", "sakura-1", "hana"}, {6, 60, 300}}}, now)
        .has_value();
  });
  EXPECT_TRUE(full);
}

INSTANTIATE_TEST_SUITE_P(Stores, PlaybacksOn,
                         testing::Values(Backend::kSqlite, Backend::kPostgres));

}  // namespace
}  // namespace madoguchi::store
