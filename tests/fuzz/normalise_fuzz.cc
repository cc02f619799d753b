// Values as anybody may type them: normal forms, masks, sealed records read back.
#include <cstdint>

#include "base/utf8.h"
#include "vault/records/masking.h"
#include "vault/records/normalise.h"
#include "vault/records/sealed_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace madoguchi;
  using namespace madoguchi::vault;
  const std::string_view text = as_text({data, size});
  static const Time now = time_from_micros(1'800'000'000'000'000);
  for (int kind = 0; kind <= static_cast<int>(FieldKind::kIdentifier); ++kind) {
    const auto form = Normaliser::japanese().form(static_cast<FieldKind>(kind), text,
                                                  NumberingPlan::japanese(), now);
    if (form && (form->empty() || !is_clean_utf8(*form))) __builtin_trap();
  }
  static_cast<void>(Normaliser::header(text));
  if (is_clean_utf8(text))
    for (int masking = 0; masking <= static_cast<int>(Masking::kNone); ++masking)
      static_cast<void>(masked(static_cast<Masking>(masking), text));
  static_cast<void>(RecordReader::parse({data, size}));
  static_cast<void>(parts_of(SubjectId(std::string(text))));
  return 0;
}
