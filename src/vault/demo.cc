#include "vault/demo.h"

#include <fmt/format.h>

#include <array>

namespace madoguchi::vault {
namespace {

struct Invented {
  std::string_view organisation;
  std::string_view letter;
  std::string_view name;
  std::string_view kana;
  std::string_view birth_date;
  std::string_view postal_code;
  std::string_view address;
  std::string_view telephone;
  std::string_view mail;
};

constexpr std::array<Invented, 20> kPeople{{
    {"sakura", "S-1001", "架空 花子", "カクウ ハナコ", "1972-04-03", "000-0001",
     "東京都架空区春町1丁目2番3号", "090-0000-1001", "hanako@demo.invalid"},
    {"sakura", "S-1002", "仮名 太郎", "カナ タロウ", "1965-11-20", "000-0002",
     "神奈川県架空市海岸通2-4-6", "090-0000-1002", "taro@demo.invalid"},
    {"sakura", "S-1003", "見本 さくら", "ミホン サクラ", "1988-07-15", "000-0003",
     "埼玉県見本市中央3丁目1番1号", "090-0000-1003", "sakura@demo.invalid"},
    {"sakura", "S-1004", "例文 一郎", "レイブン イチロウ", "1950-01-31", "000-0004",
     "千葉県例文郡小池町5", "03-0000-1004", "ichiro@demo.invalid"},
    {"sakura", "S-1005", "髙橋見本 恵", "タカハシミホン メグミ", "1979-09-09", "000-0005",
     "東京都見本区髙台4丁目5番6号", "090-0000-1005", "megumi@demo.invalid"},
    {"sakura", "S-1006", "試験 次郎", "シケン ジロウ", "1993-02-28", "000-0006",
     "大阪府試験市北町7-8-9", "090-0000-1006", "jiro@demo.invalid"},
    {"sakura", "S-1007", "仮想 みどり", "カソウ ミドリ", "1948-12-12", "000-0007",
     "京都府仮想市東山8", "03-0000-1007", "midori@demo.invalid"},
    {"sakura", "S-1008", "想像 健", "ソウゾウ ケン", "1983-03-21", "000-0008",
     "愛知県想像市南1丁目1番地", "090-0000-1008", "ken@demo.invalid"},
    {"sakura", "S-1009", "空想 あおい", "クウソウ アオイ", "2001-06-18", "000-0009",
     "福岡県空想市西2-2", "090-0000-1009", "aoi@demo.invalid"},
    {"sakura", "S-1010", "例示 三郎", "レイジ サブロウ", "1959-08-08", "000-0010",
     "北海道例示市雪町3条4丁目", "090-0000-1010", "saburo@demo.invalid"},
    {"wakaba", "W-2001", "架空 葉子", "カクウ ヨウコ", "1975-05-05", "000-0011",
     "宮城県架空市若葉1-1", "090-0000-2001", "yoko@demo.invalid"},
    {"wakaba", "W-2002", "仮名 誠", "カナ マコト", "1968-10-10", "000-0012",
     "新潟県仮名市川端2丁目", "090-0000-2002", "makoto@demo.invalid"},
    {"wakaba", "W-2003", "見本 由美", "ミホン ユミ", "1990-01-17", "000-0013", "長野県見本市山手3",
     "090-0000-2003", "yumi@demo.invalid"},
    {"wakaba", "W-2004", "例文 隆", "レイブン タカシ", "1955-04-24", "000-0014",
     "静岡県例文市港4-5", "03-0000-2004", "takashi@demo.invalid"},
    {"wakaba", "W-2005", "試験 千尋", "シケン チヒロ", "1986-11-03", "000-0015",
     "兵庫県試験市丘5丁目6番7号", "090-0000-2005", "chihiro@demo.invalid"},
    {"wakaba", "W-2006", "仮想 大輔", "カソウ ダイスケ", "1977-07-07", "000-0016",
     "広島県仮想市橋本6", "090-0000-2006", "daisuke@demo.invalid"},
    {"wakaba", "W-2007", "想像 里奈", "ソウゾウ リナ", "1998-09-30", "000-0017",
     "岡山県想像市桃7-1", "090-0000-2007", "rina@demo.invalid"},
    {"wakaba", "W-2008", "空想 博", "クウソウ ヒロシ", "1944-02-11", "000-0018",
     "熊本県空想市城8丁目", "03-0000-2008", "hiroshi@demo.invalid"},
    {"wakaba", "W-2009", "例示 香織", "レイジ カオリ", "1981-12-25", "000-0019", "沖縄県例示市浜9",
     "090-0000-2009", "kaori@demo.invalid"},
    {"wakaba", "W-2010", "見本 翔", "ミホン ショウ", "2003-03-03", "000-0020", "石川県見本市松10-1",
     "090-0000-2010", "sho@demo.invalid"},
}};

// What a few of their telephones carry.
struct InventedLine {
  std::string_view letter;
  std::string_view telephone;  // a further one; empty: the person's own
  Standing standing;
  LineHolder holder;
  std::string_view refusals;  // one word
  Provenance provenance;      // of this number alone
};

const std::array<InventedLine, 5>& lines() {
  using enum Standing;
  using enum LineHolder;
  static const std::array<InventedLine, 5> kLines{{
      {"S-1001", "", kVerified, kHolder, "営業", {}},
      {"S-1002",
       "",
       kSelfDeclared,
       kUser,
       "アンケート",
       {"配送の申込み", "お届けのご連絡", "2026-10-12", "受付 架空"}},
      {"S-1005", "", kSelfDeclared, kUser, "夜間の連絡", {}},
      {"W-2001", "", kVerified, kHolder, "電話不可", {}},
      // The number that nobody may ring to sell anything.
      {"W-2004",
       "090-0000-3004",
       kVerified,
       kUser,
       "営業",
       {"緊急連絡先カード", "緊急のご連絡", "2026-09-03", "受付 架空"}},
  }};
  return kLines;
}

struct DemoPerson {
  std::string_view id;
  std::string_view shown;
  std::string_view organisation;
  StaffRole role;
};
constexpr std::array<DemoPerson, 5> kStaff{{
    {"hana", "花田", "minato", StaffRole::kOperator},
    {"kenji", "健二", "minato", StaffRole::kOperator},
    {"suzu", "鈴木（SV）", "minato", StaffRole::kSupervisor},
    {"oku", "奥（さくら信販）", "sakura", StaffRole::kOwner},
    {"wada", "和田（わかば保険）", "wakaba", StaffRole::kOwner},
}};

Result<void> add_person(Records& records, const Invented& one) {
  Subject subject;
  subject.provenance = {"お申込書（架空）", "ご契約の管理", "2026-11-01", "受付 架空"};
  const auto put = [&](const char* field, std::string_view text) -> FieldValue& {
    FieldValue& value = subject.values.emplace_back();
    value.field = field;
    value.text = Personal<std::string>(std::string(text));
    return value;
  };
  put("letter_number", one.letter);
  put("name_kanji", one.name);
  put("name_kana", one.kana);
  put("birth_date", one.birth_date);
  put("postal_code", one.postal_code);
  put("address", one.address);
  // No numbering plan knows numbers that nobody has.
  const auto put_telephone = [&](std::string_view text) -> FieldValue& {
    FieldValue& value = put("telephone", text);
    value.telephone.emplace().line_kind = text.starts_with("090") ? "mobile" : "fixed";
    return value;
  };
  put_telephone(one.telephone);
  for (const InventedLine& line : lines()) {
    if (line.letter != one.letter) continue;
    const bool further = !line.telephone.empty();
    FieldValue& value = further ? put_telephone(line.telephone) : subject.values.back();
    value.number = further ? 2 : 1;
    value.standing = line.standing;
    value.telephone->holder = line.holder;
    value.telephone->refusals = {std::string(line.refusals)};
    if (!line.provenance.source.empty()) value.provenance = line.provenance;
  }
  put("mail", one.mail);
  const auto added = records.add(OrganisationId(std::string(one.organisation)), subject);
  if (!added) return tl::unexpected<Error>(added.error());
  return {};
}

Mandate demo_mandate(const std::string& id, std::vector<std::string> owners,
                     std::set<std::string> desks, Time now) {
  Mandate mandate;
  mandate.id = MandateId(id);
  for (std::string& owner : owners) mandate.owners.emplace_back(std::move(owner));
  mandate.to = OrganisationId("minato");
  for (const std::string& desk : desks) mandate.desks.emplace(desk);
  mandate.purposes = {
      {"answer",
       "お問い合わせへの回答",
       {"name_kanji", "name_kana", "letter_number", kDocumentsField},
       1},
      {"send-letter",
       "お手紙の再送",
       {"name_kanji", "postal_code", "address", "letter_number", kDocumentsField},
       2},
      {"call-back", "折り返しのお電話", {"name_kanji", "telephone", kDocumentsField}, 1}};
  mandate.purposes.front().playback = true;
  mandate.purposes.front().cases = true;
  mandate.purposes.front().callers = {{"agent", {{"name_kanji", "name_kana", "letter_number"}, 2}},
                                      {"heir", {{"name_kanji", "letter_number"}, 2}}};
  mandate.limits.by_operator = {6, 60, 300};
  mandate.limits.on_desk = {60, 600, 3000};
  mandate.limits.in_all = {120, 1200, 6000};
  mandate.begins = now;
  mandate.ends = now + std::chrono::hours(24 * 90);
  mandate.retention = mandate.ends + std::chrono::hours(24 * 30);
  return mandate;
}

// What the vendor may take out in bulk, each time with the owner's word: addresses to print.
Mandate demo_export_mandate(Time now) {
  Mandate mandate = demo_mandate("sakura-print", {"sakura"}, {"sakura-print"}, now);
  mandate.purposes = {{"print-letters",
                       "お手紙の印刷",
                       {"letter_number", "name_kanji", "name_kana", "birth_date", "postal_code",
                        "address", "telephone"},
                       0,
                       1000}};
  return mandate;
}

// Owners' people sign before the vendor's have a place, so that the log of each owner tells of
// every one of them.
enum class Whose { kOwners, kVendors };

Result<void> place_staff(AuthorityDesk& authority, Staff& staff, const DemoOwners& passwords,
                         Whose whose) {
  for (const DemoPerson& one : kStaff) {
    const OperatorId id{std::string(one.id)};
    const bool owner = one.role == StaffRole::kOwner;
    if (owner != (whose == Whose::kOwners) || authority.place_of(id)) continue;
    const std::string organisation(one.organisation);
    if (auto put = authority.put_place(
            {id, OrganisationId(organisation), one.role, owner ? "" : std::string(one.id)});
        !put)
      return put;
    const auto password = passwords.find(organisation);
    if (!owner || password == passwords.end()) continue;
    if (auto put = staff.put(id, std::string(one.shown), ""); !put) return put;
    if (auto set = staff.set_password(id, Password(password->second)); !set) return set;
  }
  return {};
}

}  // namespace

Result<void> fill_demo(AuthorityDesk& authority, Staff& staff, Records& records,
                       const DemoOwners& passwords, Time now) {
  const bool known =
      authority.with([](Authority& inside, Time) { return !inside.mandates().all().empty(); });
  // A start that was cut off here goes on.
  if (known) return place_staff(authority, staff, passwords, Whose::kVendors);
  if (auto placed = place_staff(authority, staff, passwords, Whose::kOwners); !placed)
    return placed;
  for (const Invented& one : kPeople)
    if (auto added = add_person(records, one); !added) return added;
  for (const Mandate& mandate : {demo_mandate("sakura-1", {"sakura"}, {"sakura-leak"}, now),
                                 demo_mandate("common-1", {"sakura", "wakaba"}, {"common"}, now),
                                 demo_export_mandate(now)}) {
    if (auto drafted = authority.draft(mandate, administrator()); !drafted) return drafted;
    for (const OrganisationId& owner : mandate.owners)
      if (auto done =
              authority.sign(mandate.id, 1, OperatorId(owner.text() == "sakura" ? "oku" : "wada"));
          !done)
        return done;
  }
  return place_staff(authority, staff, passwords, Whose::kVendors);
}

}  // namespace madoguchi::vault
