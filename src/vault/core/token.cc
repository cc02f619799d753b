#include "vault/core/token.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <functional>

#include "base/whole_io.h"
#include "vault/core/crypto.h"
#include "vault/core/token_session.h"

namespace madoguchi::vault {
namespace {

constexpr unsigned kPatienceSeconds = 30;  // a network token may be far away
constexpr std::size_t kMostAnswer = 8192;
constexpr std::uint8_t kDone = 0xff;  // first byte of an answer; else it is an ErrorCode

using Work = std::function<Result<Secret>()>;

[[noreturn]] void answer_and_end(int out, const Work& work) {
  ::prctl(PR_SET_DUMPABLE, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGALRM, SIG_DFL);
  ::alarm(kPatienceSeconds);
  const auto done = work();
  const std::uint8_t first = done ? kDone : static_cast<std::uint8_t>(done.error().code);
  const bool sent =
      write_all(out, ByteView(&first, 1)) &&
      write_all(out, done ? done->reveal()
                          : as_bytes(done.error().message)
                                .first(std::min(done.error().message.size(), kMostAnswer - 1)));
  ::_exit(sent ? 0 : 1);  // none of the module's exit handlers
}

// All that the child says until it ends.
std::size_t hear(int in, std::span<std::uint8_t> into) {
  std::size_t size = 0;
  while (size < into.size()) {
    const ssize_t got = ::read(in, into.data() + size, into.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  return size;
}

Result<Secret> in_child(const TokenPlace& place, const Work& work) {
  const auto away = [&](std::string_view cause) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("token.module: {}: {}", place.module.string(), cause));
  };
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return away("no pipe for its process");
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    answer_and_end(ends[1], work);
  }
  ::close(ends[1]);
  std::array<std::uint8_t, kMostAnswer> answer{};
  const std::size_t size = child > 0 ? hear(ends[0], answer) : 0;
  ::close(ends[0]);
  int ended = 0;
  if (child > 0)
    while (::waitpid(child, &ended, 0) < 0 && errno == EINTR) {
    }
  if (WIFSIGNALED(ended) && WTERMSIG(ended) == SIGALRM) return away("does not answer");
  if (size == 0) return away("crashed");
  const ByteView text = ByteView(answer).subspan(1, size - 1);
  if (answer[0] != kDone)
    return fail(static_cast<ErrorCode>(answer[0]), std::string(as_text(text)));
  Secret secret = Secret::copy_of(text);
  wipe(std::span(answer));
  return secret;
}

}  // namespace

namespace {

// Each: a byte with its label's length, one with its secret's, the label, the secret.
Secret packed(const std::vector<TokenSecret>& secrets) {
  std::size_t size = 0;
  for (const TokenSecret& one : secrets) size += 2 + one.key.size() + one.secret.reveal().size();
  return Secret(size, [&](std::span<std::uint8_t> into) {
    for (const TokenSecret& one : secrets) {
      into[0] = static_cast<std::uint8_t>(one.key.size());
      into[1] = static_cast<std::uint8_t>(one.secret.reveal().size());
      into = into.subspan(2);
      std::ranges::copy(as_bytes(one.key), into.begin());
      into = into.subspan(one.key.size());
      std::ranges::copy(one.secret.reveal(), into.begin());
      into = into.subspan(one.secret.reveal().size());
    }
  });
}

std::vector<TokenSecret> unpacked(ByteView packed) {
  std::vector<TokenSecret> secrets;
  while (packed.size() >= 2 && packed.size() - 2 >= std::size_t{packed[0]} + packed[1]) {
    const std::size_t label = packed[0];
    const ByteView secret = packed.subspan(2 + label, packed[1]);
    secrets.push_back({std::string(as_text(packed.subspan(2, label))),
                       secret.empty() ? Secret() : Secret::copy_of(secret)});
    packed = packed.subspan(2 + label + secret.size());
  }
  return secrets;
}

}  // namespace

Result<std::vector<TokenSecret>> token_secrets(const TokenPlace& place) {
  const auto told = in_child(place, [&]() -> Result<Secret> {
    auto session = TokenSession::open(place, TokenSession::Access::kUse);
    if (!session) return tl::unexpected<Error>(session.error());
    const auto secrets = (*session)->secrets();
    if (!secrets) return tl::unexpected<Error>(secrets.error());
    return packed(*secrets);
  });
  if (!told) return tl::unexpected<Error>(told.error());
  return unpacked(told->reveal());
}

Result<void> make_token_key(const TokenPlace& place) {
  const auto made = in_child(place, [&]() -> Result<Secret> {
    auto session = TokenSession::open(place, TokenSession::Access::kChange);
    if (!session) return tl::unexpected<Error>(session.error());
    if (auto done = (*session)->make_key(place.key); !done)
      return tl::unexpected<Error>(done.error());
    return (*session)->hmac(place.key, as_bytes("a key that works"));
  });
  if (!made) return tl::unexpected<Error>(made.error());
  return {};
}

}  // namespace madoguchi::vault
