// For tests of files coming in: a client's file written here, surveyed and taken in as the vault
// does it. Linked into test programs only.
#pragma once

#include <atomic>

#include "store/vault/records_fixture.h"
#include "vault/records/import_survey.h"
#include "vault/records/importer.h"

namespace madoguchi::store {

using vault::BadRow;
using vault::Importer;
using vault::ImportStanding;
using vault::ImportTerms;

inline constexpr const char* kHeader = "お客様番号,氏名,フリガナ,電話番号,携帯電話\n";

inline std::string person(int number) {
  return "C" + std::to_string(number) + ",髙橋 花子,タカハシ ハナコ,03-1234-" +
         std::to_string(1000 + number % 9000) + ",090-1234-" +
         std::to_string(1000 + number % 9000) + "\n";
}

class Import : public RecordsOnSqlite {
 protected:
  std::filesystem::path file(const std::string& bytes, const char* name = "people.csv") {
    std::filesystem::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  Result<ImportTerms> terms_of(const std::filesystem::path& path, const std::string& mapping = {}) {
    auto found = vault::survey({path, mapping, "mapping.toml", {}}, vault::Schema::standard());
    if (!found) return tl::unexpected<Error>(found.error());
    found->terms.organisation = sakura_;
    found->terms.provenance = {"web", "contract", "2024-05-31", ""};
    return found->terms;
  }
  // The whole file, in pieces of `step`; stops feeding after `most` bytes.
  Result<ImportStanding> take(const std::filesystem::path& path, ImportTerms terms,
                              std::size_t step = 1000, std::size_t most = SIZE_MAX) {
    std::atomic<std::uint64_t> rows{0};
    auto importer = begin(std::move(terms), rows);
    if (!importer) return tl::unexpected<Error>(importer.error());
    if (auto fed = feed(**importer, path, step, most); !fed)
      return tl::unexpected<Error>(fed.error());
    if (most != SIZE_MAX) return ImportStanding{};
    return (*importer)->finish();
  }
  // As if it were killed when some of its rows were in and others were not.
  void cut_off_halfway(const std::filesystem::path& path, ImportTerms terms) {
    std::atomic<std::uint64_t> rows{0};
    auto importer = begin(std::move(terms), rows);
    ASSERT_TRUE(importer) << importer.error().message;
    ASSERT_TRUE(feed(**importer, path, 100, 5'000));
    rows.wait(0);
  }
  Result<ImportStanding> take(const std::string& bytes) {
    const std::filesystem::path path = file(bytes);
    auto terms = terms_of(path);
    if (!terms) return tl::unexpected<Error>(terms.error());
    return take(path, *terms);
  }
  std::string reason(std::uint64_t line) const {
    for (const BadRow& row : bad_)
      if (row.line == line) return row.reason;
    return "";
  }
  std::uint64_t records() {
    const auto numbers = stores_.records->numbers(1, vault::kMostRecords, 100'000);
    return numbers ? numbers->size() : 0;
  }
  bool has_side_files() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      if (entry.path().extension() == ".marks") return true;
    return false;
  }

  Result<std::unique_ptr<Importer>> begin(ImportTerms terms, std::atomic<std::uint64_t>& rows) {
    bad_.clear();
    vault::ImportCallbacks callbacks;
    callbacks.bad_rows = [&](const std::vector<BadRow>& more) {
      bad_.insert(bad_.end(), more.begin(), more.end());
    };
    callbacks.standing = [&](const ImportStanding& standing) {
      rows = standing.rows;
      rows.notify_all();
    };
    return Importer::begin(*records_, std::move(terms), std::move(callbacks), {2, 16, 2});
  }
  static Result<void> feed(Importer& importer, const std::filesystem::path& path, std::size_t step,
                           std::size_t most) {
    std::stringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    const std::string all = text.str();
    for (std::size_t at = 0; at < all.size() && at < most; at += step)
      if (auto fed = importer.feed(as_bytes(std::string_view(all).substr(at, step))); !fed)
        return fed;
    return {};
  }

  std::vector<BadRow> bad_;
};

}  // namespace madoguchi::store
