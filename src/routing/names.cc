#include "routing/names.h"

namespace madoguchi::routing {

std::string_view name_of(Bucket value) {
  switch (value) {
    case Bucket::kInProgress:
      return "in_progress";
    case Bucket::kTalked:
      return "talked";
    case Bucket::kAbandoned:
      return "abandoned";
    case Bucket::kCallback:
      return "callback";
    case Bucket::kOutOfHours:
      return "out_of_hours";
    case Bucket::kDeclined:
      return "declined";
    case Bucket::kCutOff:
      return "cut_off";
  }
  return "";
}

std::string_view name_of(CloseReason value) {
  switch (value) {
    case CloseReason::kAttemptsExhausted:
      return "attempts_exhausted";
    case CloseReason::kDeclined:
      return "declined";
    case CloseReason::kWrongNumber:
      return "wrong_number";
    case CloseReason::kNotPermitted:
      return "not_permitted";
    case CloseReason::kWithdrawn:
      return "withdrawn";
    case CloseReason::kStaff:
      return "staff";
  }
  return "";
}

std::string_view name_of(OperatorState value) {
  switch (value) {
    case OperatorState::kOffline:
      return "offline";
    case OperatorState::kAway:
      return "away";
    case OperatorState::kReady:
      return "ready";
    case OperatorState::kRinging:
      return "ringing";
    case OperatorState::kTalking:
      return "talking";
    case OperatorState::kDialling:
      return "dialling";
    case OperatorState::kWrapUp:
      return "wrap_up";
  }
  return "";
}

std::string_view name_of(AwayReason value) {
  switch (value) {
    case AwayReason::kNone:
      return "none";
    case AwayReason::kSignedOn:
      return "signed_on";
    case AwayReason::kBreak:
      return "break";
    case AwayReason::kMeal:
      return "meal";
    case AwayReason::kMeeting:
      return "meeting";
    case AwayReason::kTraining:
      return "training";
    case AwayReason::kDeskWork:
      return "desk_work";
    case AwayReason::kOther:
      return "other";
    case AwayReason::kRingMissed:
      return "ring_missed";
    case AwayReason::kRefused:
      return "refused";
    case AwayReason::kAudioLost:
      return "audio_lost";
    case AwayReason::kSignedOff:
      return "signed_off";
  }
  return "";
}

std::string_view name_of(AttemptOutcome value) {
  switch (value) {
    case AttemptOutcome::kTalked:
      return "talked";
    case AttemptOutcome::kNoAnswer:
      return "no_answer";
    case AttemptOutcome::kBusy:
      return "busy";
    case AttemptOutcome::kMachine:
      return "machine";
    case AttemptOutcome::kDeclined:
      return "declined";
    case AttemptOutcome::kWrongNumber:
      return "wrong_number";
    case AttemptOutcome::kNotPermitted:
      return "not_permitted";
    case AttemptOutcome::kTooSoon:
      return "too_soon";
    case AttemptOutcome::kFault:
      return "fault";
    case AttemptOutcome::kGivenUp:
      return "given_up";
  }
  return "";
}

std::string_view name_of(PromiseState value) {
  switch (value) {
    case PromiseState::kOpen:
      return "open";
    case PromiseState::kTaken:
      return "taken";
    case PromiseState::kKept:
      return "kept";
    case PromiseState::kClosed:
      return "closed";
  }
  return "";
}

std::string_view name_of(PromiseBasis value) {
  switch (value) {
    case PromiseBasis::kKey:
      return "key";
    case PromiseBasis::kOperator:
      return "operator";
    case PromiseBasis::kAnnounced:
      return "announced";
  }
  return "";
}

std::string_view name_of(PromiseLine value) {
  switch (value) {
    case PromiseLine::kOwn:
      return "own";
    case PromiseLine::kOther:
      return "other";
  }
  return "";
}

std::string_view name_of(KeptHow value) {
  switch (value) {
    case KeptHow::kCalledBack:
      return "called_back";
    case KeptHow::kCameThrough:
      return "came_through";
  }
  return "";
}

std::string_view name_of(EndCause value) {
  switch (value) {
    case EndCause::kCaller:
      return "caller";
    case EndCause::kOperator:
      return "operator";
    case EndCause::kDesk:
      return "desk";
    case EndCause::kDeclined:
      return "declined";
    case EndCause::kFault:
      return "fault";
  }
  return "";
}

std::string_view name_of(CallPhase value) {
  switch (value) {
    case CallPhase::kListening:
      return "listening";
    case CallPhase::kOutOfHours:
      return "out_of_hours";
    case CallPhase::kWaiting:
      return "waiting";
    case CallPhase::kRinging:
      return "ringing";
    case CallPhase::kTalking:
      return "talking";
  }
  return "";
}

std::string_view name_of(Offer value) {
  switch (value) {
    case Offer::kQueue:
      return "queue";
    case Offer::kDirect:
      return "direct";
    case Offer::kConsult:
      return "consult";
  }
  return "";
}

std::string_view name_of(OfferEnd value) {
  switch (value) {
    case OfferEnd::kMissed:
      return "missed";
    case OfferEnd::kRefused:
      return "refused";
    case OfferEnd::kAudioLost:
      return "audio_lost";
    case OfferEnd::kCallGone:
      return "call_gone";
  }
  return "";
}

std::string_view name_of(AnswerMode value) {
  switch (value) {
    case AnswerMode::kAtOnce:
      return "at_once";
    case AnswerMode::kWhenFree:
      return "when_free";
  }
  return "";
}

std::string_view name_of(CallbackPolicy value) {
  switch (value) {
    case CallbackPolicy::kAsk:
      return "ask";
    case CallbackPolicy::kAnnounced:
      return "announced";
    case CallbackPolicy::kNever:
      return "never";
  }
  return "";
}

std::string_view name_of(WrapUpEnd value) {
  switch (value) {
    case WrapUpEnd::kStay:
      return "stay";
    case WrapUpEnd::kReady:
      return "ready";
  }
  return "";
}

}  // namespace madoguchi::routing
