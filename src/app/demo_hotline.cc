// The invented hotline of the demo. Companies, people and numbers do not exist: Japanese local
// numbers never begin with 0 after the area code, so 03-0000-xxxx is nobody's.
#include <fmt/format.h>

#include <array>

#include "app/deployment.h"

namespace madoguchi::app {
namespace {

// Without letters and digits that look alike: it may be typed from a screen.
std::string fresh_password(Entropy& entropy) {
  static constexpr std::string_view kLetters = "abcdefghjkmnpqrstuvwxyz23456789";
  std::array<std::uint8_t, 12> random{};
  std::string password;
  while (password.size() < 14) {
    entropy.fill(random.data(), random.size());
    for (const std::uint8_t byte : random) {
      if (byte >= 248 || password.size() == 14) continue;  // 248 = 8 * 31: no letter is likelier
      password += kLetters[byte % kLetters.size()];
      if (password.size() == 4 || password.size() == 9) password += '-';
    }
  }
  return password;
}

constexpr std::string_view kFloor = R"toml(
[demo]
ring_me = true
vault_passwords = true
caller_text = "お手紙をいただいた、かくう、はなこと申します。お手紙の番号は、エス、1001です。わたしの情報は、どうなっているのでしょうか。"

[[organisation]]
id = "sakura"
name = "さくら信販"

[[organisation]]
id = "minato"
name = "みなと受託センター"

[[organisation]]
id = "wakaba"
name = "わかば保険"

[[group]]
id = "hotline"
name = "お詫び窓口"

[[desk]]
id = "sakura-leak"
name = "さくら信販 漏えい窓口"
organisation = "sakura"
group = "hotline"
numbers = ["+81300000001"]
answer = "at_once"
callback = "ask"
callback_offer_every_s = 60
  [desk.texts]
  greeting = "お電話ありがとうございます。さくら信販、お客様情報専用窓口でございます。このたびは、ご心配とご迷惑をおかけし、誠に申し訳ございません。"
  notice = "この通話は、正確な対応のため録音しております。録音を望まれない方は、9を押してください。"
  closed = "本日の受付は終了いたしました。恐れ入りますが、受付時間内におかけ直しください。"
  callback_offer = "こちらからの折り返しをご希望の方は、1を押してください。別の番号への折り返しは、2を押してください。そのままお待ちいただくこともできます。"
  callback_thanks = "折り返しのお電話を承りました。お電話ありがとうございました。"
  callback_digits = "折り返し先の電話番号を、市外局番から押し、最後にシャープを押してください。"
  unrecorded = "承知いたしました。この通話は録音いたしません。"
  callback_announcement = "お待ちの間にお電話が切れましたら、おかけいただいた番号へ、こちらから折り返しご連絡いたします。別の番号をご希望の方は、2を押してください。"
  place = "ただいま、{n}番目に、お待ちいただいております。"

[[desk]]
id = "common"
name = "共通お詫び窓口"
organisation = "minato"
group = "hotline"
numbers = ["+81300000002"]
answer = "when_free"
callback = "ask"
  [desk.texts]
  greeting = "お電話ありがとうございます。お客様情報に関する共通窓口でございます。"
  notice = "この通話は、正確な対応のため録音しております。録音を望まれない方は、9を押してください。"
  closed = "本日の受付は終了いたしました。恐れ入りますが、受付時間内におかけ直しください。"
  callback_offer = "折り返しをご希望の方は、1を押してください。別の番号への折り返しは、2を押してください。"
  callback_thanks = "折り返しのお電話を承りました。お電話ありがとうございました。"
  callback_digits = "折り返し先の電話番号を、市外局番から押し、最後にシャープを押してください。"
  unrecorded = "承知いたしました。この通話は録音いたしません。"
  callback_announcement = "お待ちの間にお電話が切れましたら、おかけいただいた番号へ、こちらから折り返しご連絡いたします。別の番号をご希望の方は、2を押してください。"
  place = "ただいま、{n}番目に、お待ちいただいております。"
)toml";

struct Person {
  std::string_view name;
  std::string_view shown;
  std::string_view role;
};
constexpr std::array<Person, 3> kStaff{{{"hana", "花田", "operator"},
                                        {"kenji", "健二", "operator"},
                                        {"suzu", "鈴木（SV）", "supervisor"}}};

// They sign in at the vault alone, on the client's page.
struct Owner {
  std::string_view organisation;
  std::string_view name;
};
constexpr std::array<Owner, 2> kOwners{{{"sakura", "oku"}, {"wakaba", "wada"}}};

}  // namespace

std::string demo_owners(const std::vector<SignIn>& sign_ins) {
  std::string text = "\n[demo]\n";
  for (const SignIn& one : sign_ins)
    for (const Owner& owner : kOwners)
      if (one.role == "owner" && one.name == owner.name)
        text += fmt::format("{}_owner = \"{}\"\n", owner.organisation, one.password);
  return text;
}

std::vector<SignIn> fresh_sign_ins(bool empty, Entropy& entropy) {
  std::vector<SignIn> people{{"administrator", "admin", fresh_password(entropy)}};
  if (empty) return people;
  for (const Person& person : kStaff)
    people.push_back({std::string(person.role), std::string(person.name), fresh_password(entropy)});
  for (const Owner& owner : kOwners)
    people.push_back({"owner", std::string(owner.name), fresh_password(entropy)});
  return people;
}

std::string demo_hotline(const std::vector<SignIn>& sign_ins) {
  std::string text(kFloor);
  for (const SignIn& one : sign_ins)
    for (const Person& person : kStaff)
      if (one.name == person.name)
        text += fmt::format(
            "\n[[operator]]\nid = \"{0}\"\ndisplay_name = \"{1}\"\nrole = \"{2}\"\n"
            "password = \"{3}\"\ngroups = [\"hotline\"]\nphone_user = \"{0}\"\nphone_password = "
            "\"{3}\"\n",
            one.name, person.shown, one.role, one.password);
  return text;
}

}  // namespace madoguchi::app
