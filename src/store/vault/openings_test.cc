#include "vault/openings.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <latch>
#include <map>
#include <thread>

#include "store/vault/openings_fixture.h"
#include "vault/exports.h"
#include "vault/glass_site.h"
#include "vault/playbacks.h"
#include "vault/use_replay.h"

namespace madoguchi::store {
namespace {

TEST_P(OpeningsOn, ACallersNumberFindsThePersonWhoIsCheckedAndOpened) {
  const PersonId person = candidate();
  EXPECT_EQ(open(person), "not_checked");
  EXPECT_EQ(check(person, "name_kana", "カクウ タロウ"), "cannot_confirm");
  EXPECT_EQ(check(person, "name_kana", "かくう　はなこ"), "match");
  const auto opened = openings_->open(asker_, person);
  ASSERT_TRUE(opened) << word_of(opened.error());
  EXPECT_EQ(opened->entries, 3U);
  std::map<std::string, std::string> values;
  for (const auto& value : opened->record.values) values[value.field] = value.text.reveal();
  EXPECT_EQ(values, (std::map<std::string, std::string>{{"name_kanji", "架空 花子"},
                                                        {"name_kana", "カクウ ハナコ"},
                                                        {"letter_number", "S-1001"}}));
}

// 架空 花子 has refused sales calls; the number itself and what it was given for wait for the
// entry.
TEST_P(OpeningsOn, ATelephoneTellsWhatItIsForOnceItIsOpenedAndWhatWasRefusedBefore) {
  const auto ticket =
      authority_->issue(OperatorId("hana"), DeskId("sakura-leak"), CallId("call"), "call-back");
  ASSERT_TRUE(ticket) << name_of(ticket.error());
  asker_.ticket = ticket->id;
  const auto found = openings_->candidates(asker_);
  ASSERT_TRUE(found) << word_of(found.error());
  const auto& masked = found->people.at(0).masked;
  const auto shown = std::find_if(masked.begin(), masked.end(),
                                  [](const auto& one) { return one.field == "telephone"; });
  ASSERT_NE(shown, masked.end());
  EXPECT_EQ(shown->line_kind, "mobile");
  EXPECT_EQ(shown->refusals, (std::vector<std::string>{"営業"}));

  const PersonId person = found->people.at(0).person;
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  const auto opened = openings_->open(asker_, person);
  ASSERT_TRUE(opened) << word_of(opened.error());
  const auto& telephone = opened->record.values.back();
  ASSERT_EQ(telephone.field, "telephone");
  ASSERT_TRUE(telephone.telephone && telephone.provenance);
  EXPECT_EQ(telephone.telephone->line_kind, "mobile");
  EXPECT_EQ(telephone.telephone->holder, vault::LineHolder::kHolder);
  EXPECT_EQ(telephone.provenance->given_for, "ご契約の管理");
  EXPECT_EQ(telephone.provenance->obtained_on, "2026-11-01");
}

TEST_P(OpeningsOn, EveryTelephoneOfAPurposeThatNamesThemIsOpenedWithAnEntryOfItsOwn) {
  const vault::Sought her{"letter_number", Personal<std::string>("S-1001")};
  const PersonId person = openings_->search(asker_, {}, {her})->people.at(0).person;
  vault::FieldValue second;
  second.field = "telephone";
  second.number = 2;
  second.text = Personal<std::string>("03-0000-3001");
  ASSERT_TRUE(people_->records().correct(person.owner, person.subject, {{second}, {}}));
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  const auto ticket =
      authority_->issue(OperatorId("hana"), DeskId("sakura-leak"), CallId("call"), "call-back");
  ASSERT_TRUE(ticket) << name_of(ticket.error());
  asker_.ticket = ticket->id;
  const auto opened = openings_->open(asker_, person);
  ASSERT_TRUE(opened) << word_of(opened.error());
  EXPECT_EQ(opened->record.values.size(), 3U);
  std::set<std::string> told;
  for (const ledger::Entry& entry : entries())
    if (entry.kind == "opening") told.insert(entry.fields.begin(), entry.fields.end());
  EXPECT_EQ(told, (std::set<std::string>{"name_kanji", "telephone", "telephone.2"}));
}

TEST_P(OpeningsOn, WhoWasOpenedIsOfferedAgainInTheWrapUpAndNobodyElse) {
  const vault::Sought other{"letter_number", Personal<std::string>("S-1002")};
  const PersonId found = openings_->search(asker_, {}, {other})->people.at(0).person;
  ASSERT_EQ(check(found, "name_kana", "カナ タロウ"), "match");
  ASSERT_EQ(open(found), "opened");
  const auto in_call = openings_->candidates(asker_);
  ASSERT_TRUE(in_call) << word_of(in_call.error());
  EXPECT_EQ(in_call->people.size(), 2U);  // and whose number it is

  authority_->with([](auto& authority, Time now) { authority.leases().end(CallId("call"), now); });
  const std::size_t before = entries().size();
  const auto again = openings_->candidates(asker_);
  ASSERT_TRUE(again) << word_of(again.error());
  ASSERT_EQ(again->people.size(), 1U);
  EXPECT_EQ(again->people[0].person.subject, found.subject);
  EXPECT_EQ(again->people[0].opened_for, (std::vector<std::string>{"answer"}));
  EXPECT_EQ(entries().size(), before);
  EXPECT_EQ(open(found), "opened");
  asker_.session = SessionKey("s2");
  EXPECT_FALSE(openings_->candidates(asker_));
}

TEST_P(OpeningsOn, InTheWrapUpAPurposeShowsOnlyWhomItOpened) {
  const PersonId caller = candidate();
  ASSERT_EQ(check(caller, "name_kana", "カクウ ハナコ"), "match");
  ASSERT_EQ(open(caller), "opened");
  const auto answer = asker_.ticket;
  const auto ticket =
      authority_->issue(OperatorId("hana"), DeskId("sakura-leak"), CallId("call"), "call-back");
  ASSERT_TRUE(ticket) << name_of(ticket.error());
  asker_.ticket = ticket->id;
  const vault::Sought other{"letter_number", Personal<std::string>("S-1002")};
  const PersonId found = openings_->search(asker_, {}, {other})->people.at(0).person;
  ASSERT_EQ(check(found, "name_kana", "カナ タロウ"), "match");
  ASSERT_EQ(open(found), "opened");
  authority_->with([](auto& authority, Time now) { authority.leases().end(CallId("call"), now); });
  const auto shown = [&](const OpeningTicketId& by) {
    asker_.ticket = by;
    const auto seen = openings_->candidates(asker_);
    EXPECT_TRUE(seen) << word_of(seen.error());
    std::vector<vault::SubjectId> people;
    for (const auto& one : seen->people) people.push_back(one.person.subject);
    return people;
  };
  EXPECT_EQ(shown(ticket->id), std::vector<vault::SubjectId>{found.subject});
  EXPECT_EQ(shown(answer), std::vector<vault::SubjectId>{caller.subject});
}

TEST_P(OpeningsOn, NothingLeavesThatIsNotLogged) {
  const PersonId person = candidate();
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  fault_ = CommitFault::kFailed;
  EXPECT_NE(open(person), "opened");
  fault_ = CommitFault::kFailedButKept;
  EXPECT_NE(open(person), "opened");
  fault_ = CommitFault::kFailed;
  EXPECT_NE(check(person, "birth_date", "1972-04-03"), "match");
  EXPECT_EQ(open(person), "opened");
}

TEST_P(OpeningsOn, SearchesFindByExactValueAndNeverByANameAlone) {
  const auto search = [&](std::vector<vault::Sought> all_of) {
    return openings_->search(asker_, {}, all_of);
  };
  const auto sought = [](const char* field, const char* value) {
    return vault::Sought{field, Personal<std::string>(value)};
  };
  EXPECT_FALSE(search({sought("name_kana", "カクウ ハナコ")}));
  EXPECT_FALSE(search({}));
  const auto found = search({sought("letter_number", "s1002")});
  ASSERT_TRUE(found) << word_of(found.error());
  ASSERT_EQ(found->people.size(), 1U);
  EXPECT_FALSE(found->people[0].masked.empty());
  // The other client's people are not found on this desk.
  const auto others = search({sought("letter_number", "W-2001")});
  ASSERT_TRUE(others);
  EXPECT_TRUE(others->people.empty());
  EXPECT_FALSE(
      openings_->search(asker_, OrganisationId("wakaba"), {sought("letter_number", "W-2001")}));
}

TEST_P(OpeningsOn, EntriesAreFoundByThePersonsOwnKeyAndAreSilentOnceErased) {
  const PersonId person = candidate();
  ASSERT_EQ(open(person), "not_checked");  // a refused attempt names the person too
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  ASSERT_EQ(open(person), "opened");
  const auto kinds_about = [&](ByteView key) {
    std::vector<std::string> kinds;
    for (const ledger::Entry& entry : entries())
      if (entry.subject && entry.subject->is_about(key, person.subject.text()))
        kinds.push_back(entry.kind);
    return kinds;
  };
  const auto key = vault::subject_salt_key(people_->records(), person);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(
      kinds_about(key->reveal()),
      (std::vector<std::string>{"refusal", "identity_check", "opening", "opening", "opening"}));
  EXPECT_TRUE(kinds_about(registry_->directory()->own_key().reveal()).empty());
  const std::size_t before = entries().size();
  ASSERT_TRUE(people_->records().erase(person.owner, person.subject));
  const auto gone = vault::subject_salt_key(people_->records(), person);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(entries().size(), before);
  EXPECT_NE(open(person), "opened");
  EXPECT_EQ(entries().size(), before);
}

TEST_P(OpeningsOn, ARevocationStopsTheNextOpening) {
  const PersonId person = candidate();
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  EXPECT_EQ(open(person), "opened");
  ASSERT_TRUE(authority_->revoke(vault::MandateId("sakura-1"), OperatorId("oku")));
  EXPECT_EQ(open(person), "revoked");
}

TEST_P(OpeningsOn, AnotherSessionsTicketOpensNothing) {
  const PersonId person = candidate();
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  asker_.session = SessionKey("s2");
  EXPECT_EQ(open(person), "no_ticket");
  EXPECT_FALSE(openings_->by_number(asker_));
}

TEST_P(OpeningsOn, LimitsHoldPerOperator) {
  const PersonId person = candidate();
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  for (int i = 0; i < 6; ++i) EXPECT_EQ(open(person), "opened");
  EXPECT_EQ(open(person), "limit");
}

// What each of so many operators' pages at once was told.
template <typename Ask>
std::map<std::string, int> told_at_once(int times, const Ask& ask) {
  std::vector<std::string> told(static_cast<std::size_t>(times));
  std::latch all(times);
  std::vector<std::thread> pages;
  for (std::string& mine : told)
    pages.emplace_back([&] {
      all.arrive_and_wait();
      mine = ask();
    });
  for (std::thread& page : pages) page.join();
  std::map<std::string, int> counts;
  for (const std::string& one : told) ++counts[one];
  return counts;
}

TEST_P(OpeningsOn, AsksAtOnceAreNoMoreThanTheLimits) {
  const PersonId person = candidate();
  const auto guesses = told_at_once(12, [&] { return check(person, "birth_date", "1901-01-01"); });
  EXPECT_EQ(guesses, (std::map<std::string, int>{{"cannot_confirm", 3}, {"guesses", 9}}));
  const auto told = entries();
  EXPECT_EQ(std::count_if(told.begin(), told.end(),
                          [](const auto& entry) { return entry.outcome == "cannot_confirm"; }),
            3);
  authority_->with([&](vault::Authority& authority, Time) {
    authority.checked({asker_.ticket, asker_.session, person.owner, person.subject}, "name_kana",
                      true);
  });
  const auto openings = told_at_once(12, [&] { return open(person); });
  EXPECT_EQ(openings, (std::map<std::string, int>{{"opened", 6}, {"limit", 6}}));
}

TEST_P(OpeningsOn, ARestartFreesNoLimit) {
  const PersonId person = candidate();
  ASSERT_EQ(check(person, "name_kana", "チガウ ヒト"), "cannot_confirm");
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  for (int i = 0; i < 6; ++i) ASSERT_EQ(open(person), "opened");
  DatabaseOptions options;
  options.url = scratch_->url();
  const auto log = open_vault_log(std::move(options));
  ASSERT_TRUE(log) << log.error().message;
  const auto restarted = vault::AuthorityDesk::open({*store_, clock_, entropy_});
  ASSERT_TRUE(restarted);
  ASSERT_TRUE(vault::count_again(**log, **restarted, clock_.now()));
  const auto full = [&](const char* what, const std::string& scope, std::uint32_t per_minute) {
    return (*restarted)->with([&](vault::Authority& authority, Time now) {
      const vault::Charge charge{{what, scope, "hana"}, {per_minute, 1000, 1000}};
      return authority.limits().exceeded({charge}, now).has_value();
    });
  };
  EXPECT_TRUE(full("operator", "sakura-1", 6));  // six presses, of three entries each
  EXPECT_FALSE(full("operator", "sakura-1", 7));
  EXPECT_TRUE(full("search", "", 1));
  EXPECT_FALSE(full("search", "", 2));
  EXPECT_TRUE(full("guess", "", 1));
  EXPECT_FALSE(full("guess", "", 2));
}

// The log is public and can't be erased: nothing that an operator typed may stand in it.
TEST_P(OpeningsOn, WordsOfAnOperatorsOwnReachNoEntryAndCountForNothing) {
  const PersonId person = candidate();
  const std::string words = "Kaku-Saburo.tel.09000001003";
  const std::size_t before = entries().size();
  for (int i = 0; i < 20; ++i)  // more than there are guesses
    for (const std::string& field : {words, std::string("documents")})
      EXPECT_NE(check(person, field, "x").find("field:"), std::string::npos);
  EXPECT_EQ(entries().size(), before);
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  ASSERT_EQ(open(person), "opened");
  const std::size_t opened = entries().size();
  const Personal<std::string> text("お詫びをお伝えした");
  for (const char* made_up :
       {"Kaku-Saburo.tel.09000001003", "0b9f4c1e-7a52-1d0e-8f6b-3c1d2e4f5a6b"}) {
    const vault::DocumentId id{made_up};
    EXPECT_FALSE(openings_->write_document(asker_, person, id, text, true)) << made_up;
    EXPECT_FALSE(openings_->read_document(asker_, person, id)) << made_up;
  }
  EXPECT_EQ(entries().size(), opened);
  for (int i = 0; i < 2; ++i)  // the second version has the name of the first
    EXPECT_TRUE(openings_->write_document(
        asker_, person, vault::DocumentId("0b9f4c1e-7a52-4d0e-8f6b-3c1d2e4f5a6b"), text, true));
}

TEST_P(OpeningsOn, NotesAreWrittenAndReadAboutWhoWasOpened) {
  const PersonId person = candidate();
  const Personal<std::string> text("お詫びをお伝えした");
  EXPECT_FALSE(openings_->write_document(asker_, person, {}, text, false));
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  ASSERT_EQ(open(person), "opened");
  const auto written = openings_->write_document(asker_, person, {}, text, false);
  ASSERT_TRUE(written) << word_of(written.error());
  const auto listed = openings_->documents(asker_, person);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 1U);
  const auto read = openings_->read_document(asker_, person, written->document);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text, text);
  const ledger::Entry entry = entries().back();
  EXPECT_EQ(entry.kind, "opening");
  EXPECT_EQ(entry.fields, std::vector<std::string>{"documents"});
  EXPECT_TRUE(entry.details.contains("opening"));  // counted again after a restart
  for (int i = 0; i < 4; ++i)
    EXPECT_TRUE(openings_->read_document(asker_, person, written->document));
  EXPECT_EQ(word_of(openings_->read_document(asker_, person, written->document).error()), "limit");
}

TEST_P(OpeningsOn, ANoteIsNeverThereWithoutItsEntryAndNoneIsClaimedThatIsNot) {
  const PersonId person = candidate();
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  ASSERT_EQ(open(person), "opened");
  const vault::DocumentId named("0b9f4c1e-7a52-4d0e-8f6b-3c1d2e4f5a6b");
  const Personal<std::string> text("お詫びをお伝えした");
  const auto write = [&](const Personal<std::string>& words) {
    return openings_->write_document(asker_, person, named, words, true).has_value();
  };
  const auto notes = [&] { return openings_->documents(asker_, person)->size(); };
  const auto outcomes = [&] {
    std::vector<std::string> found;
    for (const ledger::Entry& entry : entries())
      if (entry.kind == "writing") {
        EXPECT_EQ(std::get<std::string>(entry.details.at("document")), named.text());
        found.push_back(entry.outcome);
      }
    return found;
  };
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(write(text));
  EXPECT_EQ(notes(), 0U);
  // Kept, but nobody was told: the page repeats it, and there is one note.
  fault_ = CommitFault::kFailedButKept;
  EXPECT_FALSE(write(text));
  EXPECT_EQ(notes(), 0U);
  EXPECT_TRUE(write(text));
  EXPECT_TRUE(write(text));
  EXPECT_EQ(notes(), 1U);
  EXPECT_EQ(outcomes(), (std::vector<std::string>{"draft", "draft", "draft"}));
  // The note's own store refuses it.
  EXPECT_FALSE(write(Personal<std::string>(std::string(2'000'000, 'x'))));
  EXPECT_EQ(outcomes().back(), "not_written");
  EXPECT_EQ(openings_->read_document(asker_, person, named)->text, text);
}

TEST_P(OpeningsOn, RefusalsBeyondTheFirstAreToldAsNumbersAndNoneIsLost) {
  const PersonId person = candidate();
  const auto count = [&] {
    std::pair<std::int64_t, std::int64_t> found{0, 0};  // refusals, entries
    for (const ledger::Entry& entry : entries()) {
      if (entry.kind != "refusal") continue;
      const auto times = entry.details.find("times");
      found.first += times == entry.details.end() ? 1 : std::get<std::int64_t>(times->second);
      ++found.second;
    }
    return found;
  };
  for (int i = 0; i < 500; ++i) ASSERT_EQ(open(person), "not_checked");
  EXPECT_GE(count().first, 260);
  EXPECT_LE(count().second, 20 + 9);
  fault_ = CommitFault::kFailed;  // what could not be told is told a minute later
  openings_->act_log().minute();
  openings_->act_log().minute();
  EXPECT_EQ(count().first, 500);
  EXPECT_EQ(open(person), "not_checked");
  EXPECT_EQ(count().first, 501);
}

// docs/openapi-glass.yaml against the route table, both ways.
TEST_P(OpeningsOn, TheDocumentNamesEveryRouteAndNoOther) {
  std::ofstream(folder_ / "index.html") << "<!doctype html>";
  vault::GlassSettings settings;
  settings.enabled = true;
  settings.host = "vault.localhost";
  settings.web.hosts = {settings.host};
  settings.pages = folder_;
  vault::Passkeys passkeys({*store_, clock_, entropy_, *staff_, *authority_});
  vault::GlassSite::Parts parts{*staff_, *authority_, *registry_, {}, &passkeys};
  const auto exports = vault::Exports::open({*store_, clock_, entropy_, *authority_, *registry_,
                                             people_->records(), folder_ / "exports"});
  ASSERT_TRUE(exports) << exports.error().message;
  vault::CallerIdentity identity(
      {clock_, *authority_, openings_->act_log(), vault::CallerRules::japanese()});
  vault::Playbacks playbacks(
      {*store_, clock_, entropy_, *authority_, *registry_, openings_->act_log()},
      vault::RecordingShelf({}));
  const auto retention = vault::Retention::open(
      {*store_, clock_, entropy_, *authority_, *registry_, people_->records(), exports->get()});
  ASSERT_TRUE(retention) << retention.error().message;
  vault::CaseDesk cases(
      {*store_, clock_, entropy_, *authority_, people_->records(), openings_->act_log()});
  parts.people.emplace(vault::GlassSite::People{
      people_->records(), *openings_, entropy_, identity, nullptr, nullptr, nullptr, exports->get(),
      nullptr, &playbacks, nullptr, retention->get(), nullptr, &cases});
  const auto site = vault::GlassSite::start(settings, parts);
  ASSERT_TRUE(site) << site.error().message;
  std::set<std::string> served;
  const web::Routes routes = (*site)->routes();
  for (const web::Route& route : routes.all()) {
    std::string method(name_of(route.method));
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    served.insert(method + " " + route.pattern);
  }
  std::set<std::string> documented;
  const YAML::Node document = YAML::LoadFile("docs/openapi-glass.yaml");
  for (const auto& path : document["paths"])
    for (const auto& method : path.second)
      documented.insert(method.first.as<std::string>() + " /api" + path.first.as<std::string>());
  EXPECT_EQ(served, documented);
}

INSTANTIATE_TEST_SUITE_P(Stores, OpeningsOn, testing::Values(Backend::kSqlite, Backend::kPostgres));

}  // namespace
}  // namespace madoguchi::store
