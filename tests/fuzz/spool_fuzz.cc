// The spool's reader on any bytes: what it takes as records must read the same when written again,
// and the ledger must bear whatever they hold.
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "exchange/ledger.h"
#include "exchange/spool_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace madoguchi;
  using namespace madoguchi::exchange;
  static google::protobuf::LogHandler* const printed_before =
      google::protobuf::SetLogHandler(nullptr);
  static_cast<void>(printed_before);
  const ByteView input{data, size};
  ByteView rest = input;
  Bytes again;
  Ledger ledger;
  while (const auto record = next_record(rest)) {
    append_record(again, record->number, record->event, record->kind, record->payload);
    ledger.read(*record);
  }
  CHECK(again.size() + rest.size() == size);
  CHECK(std::equal(again.begin(), again.end(), input.begin()));
  // The same bytes as one record's payload reach the parsers behind the checksum.
  if (size > 0)
    ledger.read(
        {1, 1, static_cast<RecordKind>(data[0] % 9), std::string(as_text(input.subspan(1)))});
  std::size_t live = 0;
  ledger.checkpoint([&](RecordKind, const std::string&) { ++live; });
  return 0;
}
