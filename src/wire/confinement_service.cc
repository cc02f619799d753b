#include "wire/confinement_service.h"

#include "base/confine.h"
#include "wire/credentials.h"

namespace madoguchi::wire {
namespace {

constexpr int kMostFiles = 1000;

}  // namespace

grpc::ServerUnaryReactor* ConfinementService::Try(grpc::CallbackServerContext* context,
                                                  const ConfinementAsk* ask,
                                                  ConfinementTold* told) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (peer_role(*context) != "admin") {
    reactor->Finish({grpc::StatusCode::PERMISSION_DENIED, "this service is for the role admin"});
    return reactor;
  }
  if (ask->files_size() > kMostFiles) {
    reactor->Finish({grpc::StatusCode::INVALID_ARGUMENT, "too many files at once"});
    return reactor;
  }
  for (const madoguchi::Trial& one : try_confinement({ask->files().begin(), ask->files().end()})) {
    Trial* trial = told->add_trials();
    trial->set_what(one.what);
    trial->set_file(one.file.string());
    trial->set_denied(one.denied);
    trial->set_answer(one.answer);
  }
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace madoguchi::wire
