#include "dtls_engine.hpp"
#include "tls_engine.hpp"

namespace tlsmodem::tls {

std::unique_ptr<engine> make_engine(std::shared_ptr<const context> context, const peer_name& peer,
                                    std::size_t datagram_limit) {
  if (context->transport == transport_kind::stream)
    return std::make_unique<tls_engine>(std::move(context), peer);
  return std::make_unique<dtls_engine>(std::move(context), peer, datagram_limit);
}

}  // namespace tlsmodem::tls
