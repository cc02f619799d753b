#include "app/month_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace madoguchi::app {
namespace {

using documents::Bars;
using documents::Block;
using documents::Heading;
using documents::Paragraph;
using documents::Table;
using documents::Verbatim;
using ledger::MonthCount;

struct Said {
  std::string_view ja;
  std::string_view en;
};

// Words of the log, as managers read them.
constexpr std::array<std::pair<std::string_view, Said>, 37> kWords = {{
    {"opening", {"閲覧", "Opened"}},
    {"refusal", {"拒否", "Refused"}},
    {"search", {"検索", "Searched"}},
    {"enquiry", {"照会", "Enquiry of the owner"}},
    {"identity_check", {"本人確認", "Identity check"}},
    {"writing", {"記入", "Written"}},
    {"export", {"書き出し", "Export"}},
    {"trace", {"出所調べ", "Trace"}},
    {"import", {"取り込み", "Import"}},
    {"mandate", {"委託", "Mandate"}},
    {"ticket", {"閲覧許可", "Permission"}},
    {"case_ticket", {"案件の閲覧許可", "Permission for a case"}},
    {"playback", {"録音の再生", "Recording played"}},
    {"retention", {"保管期限", "Retention"}},
    {"organisation", {"組織", "Organisation"}},
    {"number", {"番号", "Number"}},
    {"staff", {"担当者の登録", "Staff"}},
    {"tokens", {"回線の符号", "Line tokens"}},
    {"erasure", {"消去", "Erasure"}},
    {"correction", {"訂正", "Correction"}},
    {"keys", {"鍵の更新", "Keys replaced"}},
    {"schema", {"項目", "Fields"}},
    {"freeze", {"停止", "Freeze"}},
    {"alarm", {"警報", "Alarm"}},
    {"sign_in", {"サインイン", "Sign-in"}},
    {"journal", {"業務日誌", "Journal"}},
    {"canary", {"おとりの登録", "Invented person marked"}},
    {"name_kanji", {"氏名", "Name"}},
    {"name_kana", {"氏名（カナ）", "Name in kana"}},
    {"birth_date", {"生年月日", "Birth date"}},
    {"postal_code", {"郵便番号", "Postal code"}},
    {"address", {"住所", "Address"}},
    {"telephone", {"電話番号", "Telephone"}},
    {"mail", {"メールアドレス", "Mail"}},
    {"customer_number", {"お客様番号", "Customer number"}},
    {"letter_number", {"お手紙の番号", "Letter number"}},
    {"unknown", {"読めない記録", "Entries that cannot be read"}},
}};

class Writer {
 public:
  Writer(const MonthCount& count, const ReportProof& proof, ReportLanguage language)
      : count_(count), proof_(proof), language_(language) {}

  documents::Document write() {
    documents::Document document;
    document.language = say({"ja", "en"});
    const std::chrono::year_month month = count_.month().month;
    const int year = static_cast<int>(month.year());
    const unsigned number = static_cast<unsigned>(month.month());
    document.title = language_ == ReportLanguage::kJapanese
                         ? fmt::format("個人データの取扱い 月次報告 {}年{}月", year, number)
                         : fmt::format("Handling of personal data: {}", count_.month().text());
    document.subtitle = proof_.checkpoint.checkpoint.origin;
    document.footer =
        fmt::format("{} · {}", proof_.checkpoint.checkpoint.origin, count_.month().text());
    overview();
    by_person();
    by_counts({"目的別の閲覧", "Openings by purpose"}, {"目的", "Purpose"}, count_.purposes());
    by_counts({"項目別の閲覧", "Openings by field"}, {"項目", "Field"}, count_.fields());
    by_counts({"窓口別の閲覧", "Openings by desk"}, {"窓口", "Desk"}, count_.desks());
    over_time();
    by_counts({"拒否の理由", "Refusals by reason"}, {"理由", "Reason"}, count_.refusals());
    by_counts({"警報", "Alarms"}, {"きっかけ", "Raised by"}, count_.alarms());
    proofs();
    document.blocks = std::move(blocks_);
    return document;
  }

 private:
  [[nodiscard]] std::string say(const Said& said) const {
    return std::string(language_ == ReportLanguage::kJapanese ? said.ja : said.en);
  }
  [[nodiscard]] std::string word(std::string_view of_log) const {
    for (const auto& [word, said] : kWords)
      if (word == of_log) return say(said);
    return std::string(of_log);
  }
  static std::string number(std::uint64_t value) { return fmt::format("{}", value); }

  void overview() {
    blocks_.emplace_back(Heading{say({"概要", "Overview"})});
    if (!count_.range()) {
      blocks_.emplace_back(
          Paragraph{say({"この月の記録はありません。", "The log has no entry of this month."})});
      return;
    }
    Table table{{{say({"種類", "Kind"}), 3}, {say({"件数", "Entries"}), 1, true}}, {}};
    for (const auto& [kind, entries] : sorted(count_.kinds()))
      table.rows.push_back({word(kind), number(entries)});
    table.rows.push_back({say({"合計", "Total"}), number(count_.entries())});
    blocks_.emplace_back(std::move(table));
    blocks_.emplace_back(Paragraph{say({"閲覧は、一人の一項目を表示するごとに一件です。",
                                        "An opening is one field of one person shown."}),
                                   true});
  }

  void by_person() {
    if (count_.people().empty()) return;
    blocks_.emplace_back(Heading{say({"取扱者別", "By person"})});
    Table table{{{say({"取扱者", "Person"}), 2},
                 {say({"所属", "Organisation"}), 2},
                 {say({"閲覧", "Opened"}), 1, true},
                 {say({"通話", "Calls"}), 1, true},
                 {say({"検索", "Searched"}), 1, true},
                 {say({"不一致", "Mismatch"}), 1.1, true},
                 {say({"拒否", "Refused"}), 1, true},
                 {say({"書き出し", "Exports"}), 1, true}},
                {}};
    std::vector<std::pair<MonthCount::Who, MonthCount::Deeds>> people(count_.people().begin(),
                                                                      count_.people().end());
    std::stable_sort(people.begin(), people.end(), [](const auto& one, const auto& other) {
      return one.second.openings > other.second.openings;
    });
    for (const auto& [who, deeds] : people)
      table.rows.push_back(
          {who.operator_id.empty() ? say({"（システム）", "(the vault)"}) : who.operator_id,
           who.organisation, number(deeds.openings), number(deeds.calls), number(deeds.searches),
           number(deeds.mismatches), number(deeds.refusals), number(deeds.exports)});
    blocks_.emplace_back(std::move(table));
  }

  void by_counts(const Said& heading, const Said& of, const MonthCount::Counts& counts) {
    if (counts.empty()) return;
    blocks_.emplace_back(Heading{say(heading)});
    Table table{{{say(of), 3}, {say({"件数", "Entries"}), 1, true}}, {}};
    for (const auto& [name, entries] : sorted(counts))
      table.rows.push_back({name.empty() ? "-" : word(name), number(entries)});
    blocks_.emplace_back(std::move(table));
  }

  static std::vector<std::pair<std::string, std::uint64_t>> sorted(
      const MonthCount::Counts& counts) {
    std::vector<std::pair<std::string, std::uint64_t>> all(counts.begin(), counts.end());
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& one, const auto& other) { return one.second > other.second; });
    return all;
  }

  void over_time() {
    if (count_.purposes().empty()) return;
    blocks_.emplace_back(Heading{say({"日ごとの閲覧", "Openings by day"})});
    Bars days;
    for (unsigned day = 1; day <= count_.month().days(); ++day)
      days.values.emplace_back(number(day), count_.days().at(day - 1));
    blocks_.emplace_back(std::move(days));
    blocks_.emplace_back(Heading{say({"時刻ごとの閲覧", "Openings by hour"})});
    Bars hours;
    for (unsigned hour = 0; hour < 24; ++hour)
      hours.values.emplace_back(number(hour), count_.hours().at(hour));
    blocks_.emplace_back(std::move(hours));
  }

  void proofs() {
    const ledger::Checkpoint& checkpoint = proof_.checkpoint.checkpoint;
    blocks_.emplace_back(Heading{say({"証明", "Proof"})});
    const std::string range =
        count_.range() ? fmt::format("{}–{}", count_.range()->first, count_.range()->second) : "-";
    blocks_.emplace_back(Paragraph{
        language_ == ReportLanguage::kJapanese
            ? fmt::format(
                  "この報告は、ログの全 {} 件を読み、木を計算し直し、下の署名付きチェックポイントと"
                  "一致することを確かめたうえで、その記録 {} から数えたものです。数えた月の境目は"
                  "協定世界時より {} 時間早い時刻の午前0時です。",
                  checkpoint.size, range, count_.from_utc().count())
            : fmt::format("All {} entries of the log were read, the tree over them was computed "
                          "anew and is the one of the signed checkpoint below; the figures are "
                          "counted from its entries {}. Days begin at midnight {} hours ahead of "
                          "UTC.",
                          checkpoint.size, range, count_.from_utc().count())});
    blocks_.emplace_back(Verbatim{std::string(proof_.checkpoint.note.bytes())});
    blocks_.emplace_back(Paragraph{say({"検証に使った鍵", "Checked with this key"}), true});
    blocks_.emplace_back(Verbatim{proof_.key});
    if (!proof_.checkpoint.cosignatures.empty()) {
      blocks_.emplace_back(Paragraph{say({"立会人の署名", "Seen by witnesses"}), true});
      std::string seen;
      for (const ledger::CheckedSignature& one : proof_.checkpoint.cosignatures)
        seen += fmt::format("{}  {}\n", one.key.name,
                            format_utc(Time(std::chrono::seconds(one.seen_at.value_or(0)))));
      blocks_.emplace_back(Verbatim{std::move(seen)});
    }
    blocks_.emplace_back(Paragraph{say({"同じ報告をご自身で作るには、次のように入力してください。",
                                        "To make this report yourself:"}),
                                   true});
    blocks_.emplace_back(Verbatim{
        fmt::format("madoguchi report --log {} --key {} --month {} --language {} --out report.pdf",
                    proof_.log, proof_.key, count_.month().text(), say({"ja", "en"}))});
  }

  const MonthCount& count_;
  const ReportProof& proof_;
  const ReportLanguage language_;
  std::vector<Block> blocks_;
};

}  // namespace

documents::Document month_document(const MonthCount& count, const ReportProof& proof,
                                   ReportLanguage language) {
  return Writer(count, proof, language).write();
}

}  // namespace madoguchi::app
