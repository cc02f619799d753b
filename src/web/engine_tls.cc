#include <asio/ssl.hpp>
#include <restinio/all.hpp>
#include <restinio/tls.hpp>

#include "web/engine_impl.h"

namespace madoguchi::web {

struct TlsTraits
    : restinio::single_thread_tls_traits_t<restinio::asio_timer_manager_t, RefusalCounter> {
  static constexpr bool use_connection_count_limiter = true;
  using http_methods_mapper_t = LimitedMethods;
};

// RESTinio waits for a handshake without end; this more special overload, found by
// argument-dependent look-up through TlsTraits, gives it a limit.
template <typename StartRead, typename Failed>
void prepare_connection_and_start_read(restinio::impl::tls_socket_t& socket,
                                       restinio::impl::connection_t<TlsTraits>& connection,
                                       StartRead start_read, Failed failed) {
  // Shared by the two callbacks, of which either may come first.
  const auto timer =
      std::make_shared<asio::steady_timer>(socket.get_executor(), std::chrono::seconds(10));
  const auto done = std::make_shared<bool>(false);
  const auto keep = connection.shared_from_this();
  timer->async_wait([keep, timer, done, &socket](const asio::error_code& error) {
    if (error || *done) return;
    asio::error_code ignored;
    socket.lowest_layer().close(ignored);
  });
  socket.async_handshake(asio::ssl::stream_base::server,
                         [keep, timer, done, start_read = std::move(start_read),
                          failed = std::move(failed)](const asio::error_code& error) mutable {
                           *done = true;
                           timer->cancel();
                           if (error)
                             failed(error);
                           else
                             start_read();
                         });
}

template <>
Result<void> RestinioEngine<TlsTraits>::start() {
  asio::ssl::context context(asio::ssl::context::tls_server);
  const CertificateFiles& files = *settings().certificate;
  asio::error_code error;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                      asio::ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION);
  context.use_certificate_chain_file(files.certificate.string(), error);
  if (error)
    return fail(ErrorCode::kInvalid, fmt::format("certificate: {} is not a PEM certificate: {}",
                                                 files.certificate.string(), error.message()));
  context.use_private_key_file(files.key.string(), asio::ssl::context::pem, error);
  if (error)
    return fail(ErrorCode::kInvalid,
                fmt::format("key: {} is not the certificate's private key in PEM form: {}",
                            files.key.string(), error.message()));
  return start_with([&](Settings& to) { to.tls_context(std::move(context)); });
}

std::unique_ptr<Engine> make_tls_engine(const ServerSettings& settings, Routes routes) {
  return std::make_unique<RestinioEngine<TlsTraits>>(settings, std::move(routes));
}

}  // namespace madoguchi::web
