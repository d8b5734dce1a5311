#include "fingerprint.hpp"

namespace tlsmodem::tls {
namespace {

// Every piece goes in with its length, so that no two lists of pieces look alike.
class digester {
 public:
  digester() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }

  void add(bytes_view piece) {
    add_number(piece.size());
    EVP_DigestUpdate(context_.get(), piece.data(), piece.size());
  }
  void add_number(std::uint64_t number) {
    std::array<std::uint8_t, 8> big_endian{};
    for (auto at = big_endian.rbegin(); at != big_endian.rend(); ++at, number >>= 8)
      *at = static_cast<std::uint8_t>(number);
    EVP_DigestUpdate(context_.get(), big_endian.data(), big_endian.size());
  }
  void add(const certificate_list& certificates) {
    add_number(certificates.size());
    for (const auto& certificate : certificates) {
      std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
      unsigned size = 0;
      X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size);
      add({digest.data(), size});
    }
  }
  void add(const revocation_lists& lists) {
    add_number(lists.size());
    for (const auto& list : lists) {
      std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
      unsigned size = 0;
      X509_CRL_digest(list.get(), EVP_sha256(), digest.data(), &size);
      add({digest.data(), size});
    }
  }
  void add(const std::vector<tlsa_record>& records) {
    add_number(records.size());
    for (const auto& record : records) {
      for (const auto number : {record.usage, record.selector, record.matching}) add_number(number);
      add(record.data);
    }
  }
  fingerprint finish() {
    fingerprint made{};
    EVP_DigestFinal_ex(context_.get(), made.data(), nullptr);
    return made;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, openssl_deleter<&EVP_MD_CTX_free>> context_;
};

void add_public_part(digester& into, const private_key& key) {
  unsigned char* encoded = nullptr;
  const int size = i2d_PUBKEY(key.get(), &encoded);
  if (size > 0) into.add({encoded, static_cast<std::size_t>(size)});
  OPENSSL_free(encoded);
}

// Names are compared without case and without the root's dot.
std::string canonical(std::string host) {
  for (auto& c : host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (host.size() > 1 && host.back() == '.') host.pop_back();
  return host;
}

}  // namespace

fingerprint bind_to_peer(const fingerprint& context, const peer_name& peer, std::uint16_t port) {
  digester all;
  all.add(context);
  all.add(as_bytes(canonical(peer.host)));
  all.add_number(port);
  all.add_number(peer.sni ? 1 : 0);
  all.add(as_bytes(canonical(peer.sni.value_or(std::string{}))));
  return all.finish();
}

fingerprint make_fingerprint(const context_options& options) {
  digester all;
  all.add_number(static_cast<std::uint64_t>(options.transport));
  all.add_number(static_cast<std::uint64_t>(options.min_version));
  all.add_number(options.max_version ? 1 + static_cast<std::uint64_t>(*options.max_version) : 0);
  all.add_number(options.ciphers.size());
  for (const auto id : options.ciphers) all.add_number(id);
  all.add_number(static_cast<std::uint64_t>(options.verify));
  all.add_number(options.system_ca ? 1 : 0);
  all.add_number(options.legacy.no_renegotiation_info ? 1 : 0);
  all.add_number(static_cast<std::uint64_t>(options.legacy.security_level));
  all.add_number(options.alpn.size());
  for (const auto& name : options.alpn) all.add(as_bytes(name));
  all.add_number(options.trusted.size());
  for (const auto& list : options.trusted) all.add(list);
  all.add(options.revocations);
  all.add(options.tlsa);
  all.add_number(options.rebuild_chain ? 1 : 0);
  if (options.cid) {
    all.add_number(options.cid->is_random ? 1 : 0);
    all.add(options.cid->value);
  }
  all.add(options.own_chain.value_or(certificate_list{}));
  all.add_number(options.key ? 1 : 0);
  if (options.key) add_public_part(all, *options.key);
  all.add_number(options.psk ? 1 : 0);
  if (options.psk) {
    all.add(options.psk->identity);
    all.add(options.psk->key.view());
  }
  return all.finish();
}

}  // namespace tlsmodem::tls
