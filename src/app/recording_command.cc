#include "app/recording_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/admin_client.h"
#include "app/centre_client.h"
#include "app/command_family.h"

namespace madoguchi::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct Wanted {
  fs::path data = "madoguchi-data";
  std::string call;
  fs::path file;
  fs::path out;
  std::string purpose;
  bool json = false;
};

fs::path recordings_of(const fs::path& data) {
  return data / "exchange" / "recordings";
}

Result<void> list_command(const Wanted& wanted) {
  auto found = list_recordings(recordings_of(wanted.data));
  if (!found) return tl::unexpected<Error>(found.error());
  for (const FoundRecording& one : *found) {
    if (wanted.json)
      fmt::print("{}\n", json{{"file", one.file.string()},
                              {"organisation_id", one.organisation.text()},
                              {"call_id", one.call.text()},
                              {"started_at", format_utc(one.started)},
                              {"bytes", one.bytes}}
                             .dump());
    else
      fmt::print("{}  {}  {}  {}\n", format_utc(one.started), one.call.text(),
                 one.organisation.text(), one.file.string());
  }
  return {};
}

Result<std::vector<FoundRecording>> wanted_recordings(const Wanted& wanted) {
  if (!wanted.file.empty()) {
    auto named = read_recording(wanted.file);
    if (!named) return tl::unexpected<Error>(named.error());
    return std::vector<FoundRecording>{*std::move(named)};
  }
  auto found = list_recordings(recordings_of(wanted.data));
  if (!found) return found;
  std::erase_if(*found, [&](const FoundRecording& one) { return one.call.text() != wanted.call; });
  if (found->empty())
    return fail(ErrorCode::kNotFound, fmt::format("call {} has no recording in {}", wanted.call,
                                                  recordings_of(wanted.data).string()));
  return found;
}

// nullopt: the centre does not answer.
std::optional<bool> is_up(const fs::path& data, const CallId& call) {
  const auto centre = ProcessAccess::of_deployment(data, "centre");
  if (!centre) return std::nullopt;
  const auto answer = ask_centre(*centre, {"GET", "/calls/" + call.text(), {}, {}}, who_asks());
  if (!answer && answer.error().code == ErrorCode::kNotFound) return false;
  if (!answer) return std::nullopt;
  const json told = json::parse(*answer, nullptr, false);
  return told.is_object() && told.value("ended_at", json()).is_null();
}

std::string_view words_for(Ending ending) {
  switch (ending) {
    case Ending::kWhole:
      return "";
    case Ending::kGoesOn:
      return "; it is still being recorded: this is what there is so far";
    case Ending::kCutOff:
      return "; the recording was cut off by a fault";
    case Ending::kUnknown:
      return "; it is still being recorded, or was cut off by a fault: the centre, which would "
             "know, does not answer";
  }
  return "";
}

void tell(const FoundRecording& from, const fs::path& to, std::uint64_t bytes, Ending ending,
          bool as_json) {
  if (as_json)
    fmt::print("{}\n", json{{"file", to.string()},
                            {"recording", from.file.string()},
                            {"bytes", bytes},
                            {"cut_off", ending == Ending::kCutOff || ending == Ending::kUnknown},
                            {"goes_on", ending == Ending::kGoesOn}}
                           .dump());
  else
    fmt::print("{}: {} bytes, of {}{}\n", to.string(), bytes, from.file.string(),
               words_for(ending));
  std::fflush(stdout);  // what is written is told, also when the next one fails
}

Result<void> can_be_made(const fs::path& file) {
  std::error_code error;
  const fs::path folder = fs::absolute(file, error).parent_path();
  if (error || !fs::is_directory(folder, error))
    return fail(ErrorCode::kNotFound, fmt::format("{}: there is no such folder, or it cannot be "
                                                  "looked into",
                                                  folder.string()));
  if (fs::exists(file, error))
    return fail(ErrorCode::kConflict,
                fmt::format("{}: exists already; choose another name", file.string()));
  if (error)
    return fail(ErrorCode::kInvalid, fmt::format("{}: {}", file.string(), error.message()));
  return {};
}

Result<void> export_command(const Wanted& wanted) {
  if (wanted.call.empty() && wanted.file.empty())
    return fail(ErrorCode::kInvalid, "recording export: name it with --call or --file");
  const auto recordings = wanted_recordings(wanted);
  if (!recordings) return tl::unexpected<Error>(recordings.error());
  const std::vector<fs::path> files = wav_files(*recordings, wanted.out);
  for (const fs::path& file : files) {
    if (auto free = can_be_made(file); !free) return free;
  }
  const auto vault = ProcessAccess::of_deployment(wanted.data, "vault");
  if (!vault) return tl::unexpected<Error>(vault.error());
  for (std::size_t i = 0; i < files.size(); ++i) {
    const FoundRecording& one = (*recordings)[i];
    // Before the file is read: a call that ends meanwhile was not cut off.
    const std::optional<bool> call_is_up = is_up(wanted.data, one.call);
    auto exported = export_recording(*vault, one.file, files[i], who_asks(), wanted.purpose);
    if (!exported)
      return fail(exported.error().code,
                  fmt::format("{}: {}", one.file.string(), exported.error().message));
    tell(one, files[i], exported->bytes, ending_of(!exported->cut_off, call_is_up), wanted.json);
  }
  return {};
}

}  // namespace

std::vector<fs::path> wav_files(const std::vector<FoundRecording>& recordings,
                                const fs::path& out) {
  std::vector<fs::path> files;
  std::error_code none;  // then it is no folder
  const bool folder = fs::is_directory(out, none) || out.filename().empty();
  for (std::size_t i = 0; i < recordings.size(); ++i) {
    if (folder)
      files.push_back(out / fmt::format("{}.wav", recordings[i].file.stem().string()));
    else if (recordings.size() == 1)
      files.push_back(out);
    else
      files.push_back(out.parent_path() /
                      fmt::format("{}-{}{}", out.stem().string(), i + 1, out.extension().string()));
  }
  return files;
}

Ending ending_of(bool whole, std::optional<bool> call_is_up) {
  if (whole) return Ending::kWhole;
  if (!call_is_up) return Ending::kUnknown;
  return *call_is_up ? Ending::kGoesOn : Ending::kCutOff;
}

void add_recording(CLI::App& app, Chosen& chosen) {
  const auto wanted = std::make_shared<Wanted>();  // shared by the parser's callbacks
  CLI::App* recording = app.add_subcommand("recording", "Sealed recordings");
  recording->require_subcommand(1);
  add_data_option(*recording, wanted->data);
  CLI::App* list = recording->add_subcommand("list", "Which recordings there are");
  list->add_flag("--json", wanted->json, "One line of JSON for each");
  list->callback([&chosen, wanted] { chosen = [wanted] { return list_command(*wanted); }; });

  CLI::App* out = recording->add_subcommand(
      "export",
      "Have the vault decrypt a call's recordings, each into a stereo WAV; the journal tells of "
      "it. Prints which files were written");
  auto* call = out->add_option("--call", wanted->call, "Call id: all recordings of it");
  auto* file = out->add_option("--file", wanted->file, "One sealed file of `recording list`")
                   ->check(CLI::ExistingFile);
  call->excludes(file);
  out->add_option("--out", wanted->out,
                  "WAV to write; where a call has several recordings NAME-1.wav, NAME-2.wav, … in "
                  "the order of time; or a folder, then each gets its sealed file's name")
      ->required();
  out->add_option("--purpose", wanted->purpose, "Why; stands in the journal")->required();
  out->add_flag("--json", wanted->json, "One line of JSON for each file written");
  out->callback([&chosen, wanted] { chosen = [wanted] { return export_command(*wanted); }; });
}

}  // namespace madoguchi::app
