// AT#TCRED, and the way from tags to credentials when a socket is opened.
#include "modem.hpp"

namespace tlsmodem {

using at::credential_operation;
using at::credential_type;
using at::error;
using at::outcome;

outcome modem::credential(const at::request& what, at::response& answer) {
  auto request = at::parse_credential(what.values);
  if (!request) return outcome::failed(request.why());
  switch (request->operation) {
    case credential_operation::write: {
      auto done = write_credential(*request, what.payload);
      if (request->password) wipe(*request->password);
      return done;
    }
    case credential_operation::list:
      for (const auto& entry : credentials_.list(request->tag, request->type))
        answer.line(at::format_listed(entry.tag, entry.type, entry.sha256_hex, true));
      return outcome::done();
    case credential_operation::read: {
      const auto content = credentials_.read(*request->tag, *request->type);
      if (!content) return outcome::failed(content.why());
      answer.frame(at::format_read(*request->tag, content->size()), *content);
      return outcome::done();
    }
    case credential_operation::remove: {
      auto wrong = credentials_.remove(*request->tag, *request->type);
      return wrong ? outcome::failed(std::move(*wrong)) : outcome::done();
    }
  }
  return outcome::failed({error::not_supported, "The operation is not supported."});
}

outcome modem::write_credential(const at::credential_request& request, bytes_view payload) {
  if (!request.is_volatile)
    return outcome::failed(
        {error::not_supported,
         "Persistent credentials are not supported by this version; set <volatile> to 1."});
  std::optional<secret> password;
  if (request.password) password.emplace(as_bytes(*request.password));
  auto wrong = credentials_.write(*request.tag, *request.type, payload, password ? &*password : nullptr);
  return wrong ? outcome::failed(std::move(*wrong)) : outcome::done();
}

at::result<tls::context_options> modem::context_options_of(const profile& options) const {
  tls::context_options out;
  out.transport = options.is_datagram() ? tls::transport_kind::datagram : tls::transport_kind::stream;
  out.min_version = options.min_version;
  out.max_version = options.max_version;
  out.ciphers = options.ciphers;
  out.verify = options.verify;
  out.system_ca = options.system_ca;
  out.alpn = options.alpn;
  if (options.hs_max < options.hs_min)
    return {error::incorrect_parameters, "The option hs_max is below hs_min."};
  out.hs_min = options.hs_min;
  out.hs_max = options.hs_max;
  if (options.key_tags.size() > 1 || options.psk_tags.size() > 1)
    return {error::incorrect_parameters, "A socket has one key and one PSK at most."};
  if (!options.ca_tags.empty()) {
    auto trusted = credentials_.certificates(options.ca_tags, credential_type::trusted);
    if (!trusted) return trusted.why();
    out.trusted.push_back(std::move(*trusted));
  }
  if (!options.cert_tags.empty()) {
    auto chain = credentials_.certificates(options.cert_tags, credential_type::own_chain);
    if (!chain) return chain.why();
    out.own_chain = std::move(*chain);
  }
  if (!options.key_tags.empty()) {
    auto key = credentials_.key(options.key_tags.front());
    if (!key) return key.why();
    out.key = std::move(*key);
  }
  if (!options.psk_tags.empty()) {
    auto psk = credentials_.psk(options.psk_tags.front());
    if (!psk) return psk.why();
    out.psk = std::move(*psk);
  }
  return out;
}

}  // namespace tlsmodem
