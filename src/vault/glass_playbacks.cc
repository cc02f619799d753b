#include "vault/glass_playbacks.h"

#include <charconv>

#include "vault/glass_people_json.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kTicketHeader = "Madoguchi-Ticket";
constexpr std::string_view kPlaybackHeader = "Madoguchi-Playback";
constexpr std::int64_t kMostMilliseconds = 48LL * 3600 * 1000;

std::string_view name_of(recording::MarkKind kind) {
  switch (kind) {
    case recording::MarkKind::kPause:
      return "pause";
    case recording::MarkKind::kResume:
      return "resume";
    case recording::MarkKind::kNotice:
      return "notice";
    case recording::MarkKind::kLegChange:
      return "leg_change";
    case recording::MarkKind::kHold:
      return "hold";
    case recording::MarkKind::kResumeFromHold:
      return "resume_from_hold";
    case recording::MarkKind::kGap:
      return "gap";
    case recording::MarkKind::kOther:
    case recording::MarkKind::kEnd:
      break;
  }
  return "other";
}

std::int64_t milliseconds(Micros time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

std::optional<Micros> time_asked(const web::Request& request, std::string_view name) {
  const std::string_view text = request.query_or(name, "");
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  if (value < 0 || value > kMostMilliseconds) return std::nullopt;
  return std::chrono::milliseconds(value);
}

// A file that was changed is no passing trouble.
web::Response answer_of(const Declined& why) {
  if (const auto* error = std::get_if<Error>(&why); error && error->code == ErrorCode::kCorrupt)
    return web::error_response(409, "recording_changed",
                               "the recording is not as the exchange closed it");
  if (const auto* error = std::get_if<Error>(&why); error && error->code == ErrorCode::kExhausted)
    return web::error_response(503, "busy", "too much is heard at once");
  return declined_answer(why);
}

web::Response shown_list(const std::vector<ShelvedRecording>& found) {
  Json list = Json::array();
  for (const ShelvedRecording& one : found)
    list.push_back({{"recording", one.id.text()}, {"started_at", format_utc(one.header.started)}});
  return shown({{"recordings", std::move(list)}});
}

web::Response shown_begun(const BegunPlayback& begun) {
  Json marks = Json::array();
  for (const recording::Mark& mark : begun.outline.marks)
    marks.push_back({{"kind", std::string(name_of(mark.kind))}, {"at_ms", milliseconds(mark.at)}});
  return shown({{"playback", begun.id.text()},
                {"started_at", format_utc(begun.outline.header.started)},
                {"length_ms", milliseconds(begun.outline.length)},
                {"whole", begun.outline.ending == recording::Ending::kClean},
                {"marks", std::move(marks)}});
}

}  // namespace

GlassDoor::Work GlassPlaybacks::for_owner(OwnersWork work) {
  return [this, work](const web::Request& request, const Visitor& visitor) {
    const auto place = parts_.authority.place_of(visitor.who);
    if (!place || place->role != StaffRole::kOwner)
      return web::error_response(403, "denied", "this page is the owner's");
    return (this->*work)(request, visitor, {visitor.who, place->organisation});
  };
}

void GlassPlaybacks::add_to(web::Routes& routes) {
  using web::Method;
  GlassDoor& door = parts_.door;
  const auto with =
      [this](web::Response (GlassPlaybacks::*work)(const web::Request&, const Visitor&)) {
        return [this, work](const web::Request& request, const Visitor& visitor) {
          return (this->*work)(request, visitor);
        };
      };
  routes.add({Method::kGet, "/api/recordings", door.reading(with(&GlassPlaybacks::of_call))});
  routes.add({Method::kPost, "/api/playbacks", door.changing(with(&GlassPlaybacks::begin))});
  routes.add({Method::kGet, "/api/playback/sound", door.reading(with(&GlassPlaybacks::sound))});
  routes.add({Method::kGet, "/api/owner/recordings",
              door.reading(for_owner(&GlassPlaybacks::owners_of_call))});
  routes.add({Method::kPost, "/api/owner/playbacks",
              door.changing(for_owner(&GlassPlaybacks::owners_begin))});
}

web::Response GlassPlaybacks::of_call(const web::Request& request, const Visitor& visitor) {
  const auto ticket = OpeningTicketId::parse(request.header(kTicketHeader));
  if (!ticket) return refused(Denial::kNoTicket);
  const auto found = parts_.playbacks.of_call(Asker{visitor.who, visitor.session, *ticket});
  return found ? shown_list(*found) : answer_of(found.error());
}

web::Response GlassPlaybacks::begin(const web::Request& request, const Visitor& visitor) {
  const auto ticket = OpeningTicketId::parse(request.header(kTicketHeader));
  if (!ticket) return refused(Denial::kNoTicket);
  const auto body = body_of(request);
  const auto recording = body ? id_in<RecordingId>(*body, "recording") : std::nullopt;
  const auto owner = body ? id_in<OrganisationId>(*body, "owner") : std::nullopt;
  if (!recording || !owner) return malformed("send recording and owner");
  const PersonId person{*owner, id_in<SubjectId>(*body, "subject").value_or(SubjectId())};
  const auto begun =
      parts_.playbacks.begin({visitor.who, visitor.session, *ticket}, person, *recording);
  return begun ? shown_begun(*begun) : answer_of(begun.error());
}

web::Response GlassPlaybacks::owners_of_call(const web::Request& request, const Visitor&,
                                             const OwnersPerson& asker) {
  const auto call = CallId::parse(request.query_or("call", ""));
  if (!call) return malformed("name a call");
  return shown_list(parts_.playbacks.of_call(asker, *call));
}

web::Response GlassPlaybacks::owners_begin(const web::Request& request, const Visitor& visitor,
                                           const OwnersPerson& asker) {
  const auto body = body_of(request);
  const auto recording = body ? id_in<RecordingId>(*body, "recording") : std::nullopt;
  const auto reason = body ? text_in(*body, "reason") : std::nullopt;
  if (!recording || !reason) return malformed("send recording and reason");
  const auto begun = parts_.playbacks.begin(asker, visitor.session, *recording, *reason);
  return begun ? shown_begun(*begun) : answer_of(begun.error());
}

web::Response GlassPlaybacks::sound(const web::Request& request, const Visitor& visitor) {
  const auto playback = PlaybackId::parse(request.header(kPlaybackHeader));
  const auto from = time_asked(request, "from_ms");
  const auto span = time_asked(request, "ms");
  if (!playback || !from || !span)
    return malformed("name the playback in its header, and from_ms and ms");
  auto samples = parts_.playbacks.piece({visitor.who, visitor.session}, *playback, *from, *span);
  if (!samples) return answer_of(samples.error());
  web::Response response;
  response.content_type = "application/octet-stream";
  response.body.reserve(samples->size() * 2);
  for (const std::int16_t sample : *samples) {
    const auto bits = static_cast<std::uint16_t>(sample);
    response.body.push_back(static_cast<char>(bits & 0xFF));
    response.body.push_back(static_cast<char>(bits >> 8));
  }
  return response;
}

}  // namespace madoguchi::vault
