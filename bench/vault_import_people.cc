#include "bench/vault_import_people.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <iterator>

namespace madoguchi::bench {
namespace {

struct Word {
  const char* kanji;
  const char* kana;
};
constexpr std::array kSurnames = {
    Word{"佐藤", "サトウ"},   Word{"鈴木", "スズキ"},     Word{"髙橋", "タカハシ"},
    Word{"田中", "タナカ"},   Word{"伊藤", "イトウ"},     Word{"渡邊", "ワタナベ"},
    Word{"山本", "ヤマモト"}, Word{"中村", "ナカムラ"},   Word{"小林", "コバヤシ"},
    Word{"加藤", "カトウ"},   Word{"吉田", "ヨシダ"},     Word{"山田", "ヤマダ"},
    Word{"佐々木", "ササキ"}, Word{"山﨑", "ヤマザキ"},   Word{"松本", "マツモト"},
    Word{"井上", "イノウエ"}, Word{"木村", "キムラ"},     Word{"林", "ハヤシ"},
    Word{"齋藤", "サイトウ"}, Word{"清水", "シミズ"},     Word{"濵田", "ハマダ"},
    Word{"大野", "オオノ"},   Word{"長谷川", "ハセガワ"}, Word{"村上", "ムラカミ"}};
constexpr std::array kGiven = {
    Word{"花子", "ハナコ"},   Word{"太郎", "タロウ"},   Word{"優子", "ユウコ"},
    Word{"健一", "ケンイチ"}, Word{"美咲", "ミサキ"},   Word{"大輔", "ダイスケ"},
    Word{"陽菜", "ヒナ"},     Word{"翔太", "ショウタ"}, Word{"恵", "メグミ"},
    Word{"隆", "タカシ"},     Word{"由美子", "ユミコ"}, Word{"誠", "マコト"},
    Word{"千尋", "チヒロ"},   Word{"直樹", "ナオキ"},   Word{"京子", "キョウコ"},
    Word{"裕介", "ユウスケ"}};
constexpr std::array kTowns = {"東京都新宿区西新宿",       "大阪府大阪市北区梅田",
                               "福岡県福岡市中央区天神",   "北海道札幌市中央区南一条西",
                               "愛知県名古屋市中村区名駅", "宮城県仙台市青葉区国分町"};

// SplitMix64: enough for invented people.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t roll(std::uint64_t sides) {
    state_ += 0x9E3779B97F4A7C15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return (z ^ (z >> 31)) % sides;
  }

 private:
  std::uint64_t state_;
};

}  // namespace

bool write_people(const std::filesystem::path& file, std::uint64_t seed, std::uint64_t rows,
                  std::uint64_t moved) {
  std::ofstream out(file, std::ios::binary);
  out << "お客様番号,お手紙番号,氏名,フリガナ,生年月日,郵便番号,住所,電話番号,携帯電話,"
         "メールアドレス\n";
  Dice dice(seed);
  std::string text;
  for (std::uint64_t i = 0; i < rows; ++i) {
    const Word& surname = kSurnames[dice.roll(kSurnames.size())];
    const Word& given = kGiven[dice.roll(kGiven.size())];
    const auto town = dice.roll(kTowns.size());
    fmt::format_to(
        std::back_inserter(text),
        "C{:03}-{:07},L{:09},{} {},{} {},{:04}-{:02}-{:02},{:03}-{:04},{}{}丁目{}番{}号{},"
        "0{}-{:04}-{:04},090-{:04}-{:04},u{:x}@example.jp\n",
        seed % 1000, i, dice.roll(1'000'000'000), surname.kanji, given.kanji, surname.kana,
        given.kana, 1935 + dice.roll(70), 1 + dice.roll(12), 1 + dice.roll(28), 100 + town,
        dice.roll(10'000), kTowns[town], 1 + dice.roll(9), 1 + dice.roll(30), 1 + dice.roll(20),
        moved > 0 && i % moved == 0 ? "別館" : "", 3 + 3 * dice.roll(2), 2000 + dice.roll(8000),
        dice.roll(10'000), 1000 + dice.roll(9000), dice.roll(10'000), dice.roll(~std::uint64_t{0}));
    if (text.size() > 1 << 20) {
      out << text;
      text.clear();
    }
  }
  out << text;
  out.flush();
  return out.good();
}

}  // namespace madoguchi::bench
