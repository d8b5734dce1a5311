// AT#TCRED, and the way from tags to credentials when a socket is opened.
#include "modem.hpp"
#include "protocol/hex.hpp"

namespace tlsmodem {

using at::credential_operation;
using at::credential_type;
using at::error;
using at::outcome;

outcome modem::credential_command(const at::request& what, at::response& answer) {
  auto request = at::parse_credential(what.values);
  if (!request) return outcome::failed(request.why());
  switch (request->operation) {
    case credential_operation::write: {
      auto done = write_credential(*request, what.payload);
      if (request->password) wipe(*request->password);
      return done;
    }
    case credential_operation::list:
      for (const auto& entry : credentials().list(request->tag, request->type))
        answer.line(
            at::format_listed(entry.name.tag, entry.name.type, lower_hex(entry.sha256), entry.is_volatile));
      return outcome::done();
    case credential_operation::read: {
      const auto content = credentials().read({*request->tag, *request->type});
      if (!content) return outcome::failed(content.why());
      answer.frame(at::format_read(*request->tag, content->size()), *content);
      return outcome::done();
    }
    case credential_operation::remove:
      return remove_credential({*request->tag, *request->type});
    case credential_operation::make:
      return make_key(*request, answer);
  }
  return outcome::failed({error::not_supported, "The operation is not supported."});
}

outcome modem::write_credential(const at::credential_request& request, bytes_view payload) {
  if (*request.type == credential_type::key_uri)
    if (auto wrong = check_token_use(credential_origin::channel)) return outcome::failed(std::move(*wrong));
  std::optional<secret> password;
  if (request.password) password.emplace(as_bytes(*request.password));
  auto parsed = parse_credential(*request.type, payload, password ? &*password : nullptr);
  if (!parsed) return outcome::failed(parsed.why());
  return keep_credential({*request.tag, *request.type}, std::move(*parsed), request.is_volatile);
}

outcome modem::keep_credential(const credential_name& name, credential made, bool is_volatile,
                               std::optional<framed> told) {
  if (!is_volatile)
    return wait_until_stored(
        shared_.credentials.write(user_, name, std::move(made), when_stored(std::move(told))));
  if (!volatile_credentials_.has_room_for(name, made.size))
    return outcome::failed({error::memory_full, "This channel has no room for more credentials."});
  volatile_credentials_.put(name, std::move(made));
  return outcome::done();
}

outcome modem::remove_credential(const credential_name& name) {
  if (volatile_credentials_.erase(name)) return outcome::done();
  return wait_until_stored(shared_.credentials.remove(user_, name, when_stored()));
}

outcome modem::wait_until_stored(std::optional<at::failure> refused) {
  if (refused) return outcome::failed(std::move(*refused));
  is_storing_ = true;
  return outcome::pending();
}

std::function<void(std::optional<at::failure>)> modem::when_stored(std::optional<framed> told) {
  return [waiting = std::weak_ptr(life_), told = std::move(told)](std::optional<at::failure> wrong) {
    const auto self = waiting.lock();
    if (!self) return;
    self->is_storing_ = false;
    if (told && !wrong) self->server_->answer_pending(told->line, told->payload);
    self->server_->complete(wrong ? outcome::failed(std::move(*wrong)) : outcome::done());
    self->on_activity_();
  };
}

credential_lookup modem::credentials() const {
  return {volatile_credentials_, shared_.credentials.of_user(user_), shared_.credentials.configured()};
}

at::result<tls::context_options> modem::context_options_of(const profile& options) const {
  tls::context_options out;
  out.transport = options.is_datagram() ? tls::transport_kind::datagram : tls::transport_kind::stream;
  out.min_version = options.min_version;
  out.max_version = options.max_version;
  out.ciphers = options.ciphers;
  out.verify = options.verify;
  out.system_ca = options.system_ca;
  out.legacy = options.legacy;
  out.rebuild_chain = options.rebuild_chain;
  out.tlsa = options.dane;
  out.alpn = options.alpn;
  out.cid = options.cid;
  out.cid_padding = shared_.config.cid_padding_bytes;
  out.resumes = options.resume != resume_mode::never;
  if (options.hs_max < options.hs_min)
    return {error::incorrect_parameters, "The option hs_max is below hs_min."};
  out.hs_min = options.hs_min;
  out.hs_max = options.hs_max;
  if (options.key_tags.size() > 1 || options.psk_tags.size() > 1)
    return {error::incorrect_parameters, "A socket has one key and one PSK at most."};
  const auto available = credentials();
  if (!options.ca_tags.empty()) {
    auto trusted = available.certificates(options.ca_tags, credential_type::trusted);
    if (!trusted) return trusted.why();
    out.trusted.push_back(std::move(*trusted));
  }
  if (!options.crl_tags.empty()) {
    auto lists = available.revocations(options.crl_tags);
    if (!lists) return lists.why();
    out.revocations = std::move(*lists);
  }
  if (!options.cert_tags.empty()) {
    auto chain = available.certificates(options.cert_tags, credential_type::own_chain);
    if (!chain) return chain.why();
    out.own_chain = std::move(*chain);
  }
  if (!options.key_tags.empty()) {
    auto key = private_key_of(options.key_tags.front());
    if (!key) return key.why();
    out.key = std::move(*key);
  }
  if (!options.psk_tags.empty()) {
    auto psk = available.psk(options.psk_tags.front());
    if (!psk) return psk.why();
    out.psk = std::move(*psk);
  }
  return out;
}

}  // namespace tlsmodem
