// What the centre asks of the vault. Belongs to the loop thread; answers come back on it, each
// within the time limit. Nothing here gives the centre a number or a record.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "centre/flow/call_flow.h"
#include "centre/loop.h"
#include "centre/opening_tickets.h"
#include "wire/credentials.h"

namespace madoguchi::centre {

struct TicketAnswer {
  TicketId ticket;
  std::string denied;  // the vault's word; empty when granted
  std::string why;     // for people
};

class VaultClient final : public TicketVault {
 public:
  // An error's text for people; empty when done.
  using Done = std::function<void(std::string)>;

  VaultClient(const std::string& address,
              const std::shared_ptr<grpc::ChannelCredentials>& credentials, Loop& loop);
  ~VaultClient() override;

  // What a number that the vault refuses does to those beside it.
  enum class Numbers { kAllOrNone, kThoseThatCanBe };
  void put_organisation(const OrganisationId& id, const std::string& name,
                        const std::vector<std::string>& numbers, Numbers which, Done done);
  // `password_hash` is empty except where the vault's settings say demo.
  void put_staff(const OperatorId& who, const std::string& display_name,
                 const std::string& password_hash, Done done);
  // Whose account was disabled here is signed out at the glass.
  void end_staff_sessions(const OperatorId& who, Done done);
  // The line got through, or was closed without success: the vault's gate shuts for this wish.
  void settle_wish(const WishId& wish, std::string_view outcome, Done done);
  // kUnavailable when the vault could not be asked.
  void ask_ticket(const TicketWanted& wanted, std::function<void(Result<TicketAnswer>)> then);

  // TicketVault
  void ask_opening(const OperatorId& who, const DeskId& desk, const CallId& call,
                   Answered then) override;
  void extend_opening(const TicketId& ticket, Micros by) override;
  void end_opening(const TicketId& ticket) override;

  // Whether the channel is up; asks it to connect if it is idle.
  [[nodiscard]] bool connected();

 private:
  struct Inner;
  std::shared_ptr<Inner> inner_;  // shared with answers under way
};

}  // namespace madoguchi::centre
