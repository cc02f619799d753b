#include "vault/exports/invented.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace madoguchi::vault {
namespace {

struct Named {
  std::string_view kanji;
  std::string_view kana;
};
constexpr std::array<Named, 24> kFamilies{{
    {"久保田", "クボタ"},   {"大塚", "オオツカ"}, {"平野", "ヒラノ"},   {"宮本", "ミヤモト"},
    {"内田", "ウチダ"},     {"今井", "イマイ"},   {"河野", "コウノ"},   {"武田", "タケダ"},
    {"小野寺", "オノデラ"}, {"菅原", "スガワラ"}, {"水野", "ミズノ"},   {"桑原", "クワバラ"},
    {"岩崎", "イワサキ"},   {"西川", "ニシカワ"}, {"松尾", "マツオ"},   {"吉岡", "ヨシオカ"},
    {"川村", "カワムラ"},   {"秋山", "アキヤマ"}, {"熊谷", "クマガイ"}, {"片山", "カタヤマ"},
    {"関口", "セキグチ"},   {"大西", "オオニシ"}, {"荒川", "アラカワ"}, {"早川", "ハヤカワ"},
}};
constexpr std::array<Named, 24> kGiven{{
    {"美咲", "ミサキ"},   {"健一", "ケンイチ"},   {"陽子", "ヨウコ"},   {"拓也", "タクヤ"},
    {"直美", "ナオミ"},   {"和也", "カズヤ"},     {"由香", "ユカ"},     {"誠司", "セイジ"},
    {"智子", "トモコ"},   {"大介", "ダイスケ"},   {"真理子", "マリコ"}, {"浩二", "コウジ"},
    {"恵美", "エミ"},     {"修平", "シュウヘイ"}, {"千春", "チハル"},   {"康弘", "ヤスヒロ"},
    {"久美子", "クミコ"}, {"俊介", "シュンスケ"}, {"麻衣", "マイ"},     {"正樹", "マサキ"},
    {"典子", "ノリコ"},   {"隆之", "タカユキ"},   {"沙織", "サオリ"},   {"義雄", "ヨシオ"},
}};
struct Town {
  std::string_view postal_code;
  std::string_view name;
};
// Towns with fewer than seven 丁目.
constexpr std::array<Town, 10> kTowns{{
    {"150-0002", "東京都渋谷区渋谷"},
    {"220-0012", "神奈川県横浜市西区みなとみらい"},
    {"460-0008", "愛知県名古屋市中区栄"},
    {"530-0001", "大阪府大阪市北区梅田"},
    {"812-0011", "福岡県福岡市博多区博多駅前"},
    {"980-0021", "宮城県仙台市青葉区中央"},
    {"330-0854", "埼玉県さいたま市大宮区桜木町"},
    {"260-0015", "千葉県千葉市中央区富士見"},
    {"160-0023", "東京都新宿区西新宿"},
    {"541-0041", "大阪府大阪市中央区北浜"},
}};

constexpr std::size_t kLinesForOne = 100;
constexpr std::size_t kLeast = 2;
constexpr std::size_t kMost = 20;

// Numbers out of drawn bytes, one after the other.
class Dice {
 public:
  explicit Dice(const Mac& bytes) : bytes_(bytes) {}
  std::size_t below(std::size_t bound) {
    const std::size_t drawn = static_cast<std::size_t>(bytes_[at_ % bytes_.size()]) << 8 |
                              bytes_[(at_ + 1) % bytes_.size()];
    at_ += 2;
    return drawn % bound;
  }

 private:
  const Mac bytes_;
  std::size_t at_ = 0;
};

std::string shaped(std::string_view shape, Dice dice) {
  std::string out(shape);
  bool first = true;
  for (char& c : out) {
    if (c < '0' || c > '9') continue;
    const bool leads = first && c != '0';
    c = static_cast<char>(leads ? '1' + dice.below(9) : '0' + dice.below(10));
    first = false;
  }
  return out;
}

}  // namespace

std::size_t invented_among(std::size_t lines) {
  return std::clamp(lines / kLinesForOne, kLeast, kMost);
}

std::map<std::string, std::string> invented_person(const ExportMark& mark, std::uint64_t number,
                                                   const std::map<std::string, std::string>& shapes,
                                                   std::uint64_t attempt) {
  Dice dice(mark.drawn("invented", number));
  const Named& family = kFamilies[dice.below(kFamilies.size())];
  const Named& given = kGiven[dice.below(kGiven.size())];
  const Town& town = kTowns[dice.below(kTowns.size())];
  std::map<std::string, std::string> person;
  person["name_kanji"] = fmt::format("{} {}", family.kanji, given.kanji);
  person["name_kana"] = fmt::format("{} {}", family.kana, given.kana);
  person["birth_date"] =
      fmt::format("{}-{:02}-{:02}", 1946 + dice.below(57), 1 + dice.below(12), 1 + dice.below(28));
  person["postal_code"] = std::string(town.postal_code);
  person["address"] = fmt::format("{}{}丁目{}番{}号", town.name, 7 + dice.below(3),
                                  21 + dice.below(30), 11 + dice.below(30));
  Dice more(mark.drawn("invented numbers", number * 1000 + attempt));
  person["telephone"] = fmt::format("090-0{:03}-{:04}", 100 + more.below(900), more.below(10'000));
  for (const auto& [field, shape] : shapes)
    person[field] = shaped(shape, Dice(mark.drawn("invented " + field, number * 1000 + attempt)));
  return person;
}

}  // namespace madoguchi::vault
