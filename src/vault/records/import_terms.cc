#include "vault/records/import_terms.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sealing.h"
#include "vault/core/numbering.h"
#include "vault/records/normalise.h"

namespace madoguchi::vault {
namespace {

// As a column of the file would be read; the same day in other words is the same.
Result<ImportTerms> with_plain_day(ImportTerms terms) {
  std::string& day = terms.provenance.obtained_on;
  if (day.empty()) return terms;
  auto plain =
      Normaliser::japanese().form(FieldKind::kDate, day, NumberingPlan::japanese(), Time{});
  if (!plain) return fail(ErrorCode::kInvalid, "--obtained-on: " + plain.error().message);
  day = std::move(*plain);
  return terms;
}

// Rules of use hang on where a value came from: no file comes in that does not say it.
Result<void> check_provenance(const ImportTerms& terms) {
  const auto told = [&](const std::string& for_all, ColumnUse use) {
    return !for_all.empty() || std::any_of(terms.columns.begin(), terms.columns.end(),
                                           [&](const Column& column) { return column.use == use; });
  };
  std::string missing;
  const auto want = [&](const std::string& for_all, ColumnUse use, std::string_view word) {
    if (!told(for_all, use)) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", word);
  };
  const Provenance& from = terms.provenance;
  want(from.source, ColumnUse::kSource, "--source (取得元)");
  want(from.given_for, ColumnUse::kGivenFor, "--given-for (利用目的)");
  want(from.obtained_on, ColumnUse::kObtainedOn, "--obtained-on (取得日)");
  if (missing.empty()) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("where the data comes from is not told: give {}, or a column of the file "
                          "that says it; nothing was begun",
                          missing));
}

}  // namespace

std::string terms_digest(const ImportTerms& terms) {
  std::string text = fmt::format("{}\n{}\n{}\n", name_of(terms.format), name_of(terms.encoding),
                                 terms.strict ? "strict" : "tolerant");
  const Provenance& from = terms.provenance;
  for (const std::string& part : {from.source, from.given_for, from.obtained_on, from.obtained_by})
    text += fmt::format("{}:{}\n", part.size(), part);
  for (const Column& column : terms.columns)
    text += fmt::format("{}:{} {}\n", column.header.size(), column.header, target_of(column));
  if (terms.update) text += "update\n";
  return to_hex(sha256(as_bytes(text)));
}

Result<ImportTerms> checked(ImportTerms terms) {
  if (auto told = check_provenance(terms); !told) return tl::unexpected<Error>(told.error());
  return with_plain_day(std::move(terms));
}

}  // namespace madoguchi::vault
