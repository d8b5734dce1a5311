#include <avsystem/commons/avs_crypto_pki.h>
#include <avsystem/commons/avs_crypto_psk.h>
#include <avsystem/commons/avs_socket.h>
#include <cstring>
#include <new>
#include <span>

using chain = avs_crypto_certificate_chain_info_t;
using revocation_list = avs_crypto_cert_revocation_list_info_t;
using private_key = avs_crypto_private_key_info_t;
using psk_key = avs_crypto_psk_key_info_t;
using psk_identity = avs_crypto_psk_identity_info_t;

struct avs_crypto_prng_ctx_struct {};

namespace {

template <typename Info>
constexpr avs_crypto_security_info_tag_t tag_of{};
template <>
constexpr auto tag_of<chain> = AVS_CRYPTO_SECURITY_INFO_CERTIFICATE_CHAIN;
template <>
constexpr auto tag_of<revocation_list> = AVS_CRYPTO_SECURITY_INFO_CERT_REVOCATION_LIST;
template <>
constexpr auto tag_of<private_key> = AVS_CRYPTO_SECURITY_INFO_PRIVATE_KEY;
template <>
constexpr auto tag_of<psk_key> = AVS_CRYPTO_SECURITY_INFO_PSK_KEY;
template <>
constexpr auto tag_of<psk_identity> = AVS_CRYPTO_SECURITY_INFO_PSK_IDENTITY;

template <typename Info>
Info from(avs_crypto_data_source_t source) {
  Info made;
  std::memset(&made, 0, sizeof made);
  made.desc.type = tag_of<Info>;
  made.desc.source = source;
  return made;
}

template <typename Info>
Info from_file(const char* filename, const char* password) {
  auto made = from<Info>(AVS_CRYPTO_DATA_SOURCE_FILE);
  made.desc.info.file = {filename, password};
  return made;
}

template <typename Info>
Info from_buffer(const void* buffer, size_t size, const char* password) {
  auto made = from<Info>(AVS_CRYPTO_DATA_SOURCE_BUFFER);
  made.desc.info.buffer = {buffer, password, size};
  return made;
}

template <typename Info>
Info from_array(const Info* first, size_t count) {
  auto made = from<Info>(AVS_CRYPTO_DATA_SOURCE_ARRAY);
  made.desc.info.array = {first ? &first->desc : nullptr, count};
  return made;
}

template <typename Info>
Info from_list(AVS_LIST(Info) list) {
  auto made = from<Info>(AVS_CRYPTO_DATA_SOURCE_LIST);
  made.desc.info.list = {list ? &list->desc : nullptr};
  return made;
}

template <typename Info>
Info from_engine(const char* query) {
  auto made = from<Info>(AVS_CRYPTO_DATA_SOURCE_ENGINE);
  made.desc.info.engine = {query};
  return made;
}

}  // namespace

chain avs_crypto_certificate_chain_info_from_file(const char* filename) {
  return from_file<chain>(filename, nullptr);
}

chain avs_crypto_certificate_chain_info_from_path(const char* path) {
  auto made = from<chain>(AVS_CRYPTO_DATA_SOURCE_PATH);
  made.desc.info.path = {path};
  return made;
}

chain avs_crypto_certificate_chain_info_from_buffer(const void* buffer, size_t buffer_size) {
  return from_buffer<chain>(buffer, buffer_size, nullptr);
}

chain avs_crypto_certificate_chain_info_from_array(const chain* array_ptr, size_t array_element_count) {
  return from_array(array_ptr, array_element_count);
}

chain avs_crypto_certificate_chain_info_from_list(AVS_LIST(chain) list) { return from_list(list); }

chain avs_crypto_certificate_chain_info_from_engine(const char* query) { return from_engine<chain>(query); }

revocation_list avs_crypto_cert_revocation_list_info_from_file(const char* filename) {
  return from_file<revocation_list>(filename, nullptr);
}

revocation_list avs_crypto_cert_revocation_list_info_from_buffer(const void* buffer, size_t buffer_size) {
  return from_buffer<revocation_list>(buffer, buffer_size, nullptr);
}

revocation_list avs_crypto_cert_revocation_list_info_from_array(const revocation_list* array_ptr,
                                                                size_t array_element_count) {
  return from_array(array_ptr, array_element_count);
}

revocation_list avs_crypto_cert_revocation_list_info_from_list(AVS_LIST(revocation_list) list) {
  return from_list(list);
}

private_key avs_crypto_private_key_info_from_file(const char* filename, const char* password) {
  return from_file<private_key>(filename, password);
}

private_key avs_crypto_private_key_info_from_buffer(const void* buffer, size_t buffer_size,
                                                    const char* password) {
  return from_buffer<private_key>(buffer, buffer_size, password);
}

private_key avs_crypto_private_key_info_from_engine(const char* query) {
  return from_engine<private_key>(query);
}

psk_key avs_crypto_psk_key_info_from_buffer(const void* buffer, size_t buffer_size) {
  return from_buffer<psk_key>(buffer, buffer_size, nullptr);
}

psk_key avs_crypto_psk_key_info_from_engine(const char* query) { return from_engine<psk_key>(query); }

psk_identity avs_crypto_psk_identity_info_from_buffer(const void* buffer, size_t buffer_size) {
  return from_buffer<psk_identity>(buffer, buffer_size, nullptr);
}

psk_identity avs_crypto_psk_identity_info_from_engine(const char* query) {
  return from_engine<psk_identity>(query);
}

avs_net_security_info_t avs_net_security_info_from_psk(avs_net_psk_info_t psk) {
  avs_net_security_info_t made{};
  made.mode = AVS_NET_SECURITY_PSK;
  made.data.psk = psk;
  return made;
}

avs_net_security_info_t avs_net_security_info_from_certificates(avs_net_certificate_info_t info) {
  avs_net_security_info_t made{};
  made.mode = AVS_NET_SECURITY_CERTIFICATE;
  made.data.cert = info;
  return made;
}

// One allocation, since the caller releases no more than the records: what they point to lies behind them.
avs_net_socket_dane_tlsa_record_t* avs_net_socket_dane_tlsa_array_copy(
    avs_net_socket_dane_tlsa_array_t in_array) {
  using record = avs_net_socket_dane_tlsa_record_t;
  std::span<const record> originals(in_array.array_ptr, in_array.array_element_count);
  if (originals.empty()) return nullptr;
  auto size = originals.size_bytes();
  for (const auto& original : originals) size += original.association_data_size;
  auto* copies = static_cast<record*>(avs_malloc(size));
  if (!copies) return nullptr;
  auto* data = reinterpret_cast<unsigned char*>(copies + originals.size());
  auto* copy = copies;
  for (const auto& original : originals) {
    ::new (copy) record(original);
    if (original.association_data_size > 0) {
      std::memcpy(data, original.association_data, original.association_data_size);
      copy->association_data = data;
      data += original.association_data_size;
    }
    ++copy;
  }
  return copies;
}

avs_crypto_prng_ctx_t* avs_crypto_prng_new(avs_prng_entropy_callback_t, void*) {
  return new (std::nothrow) avs_crypto_prng_ctx_t;
}

void avs_crypto_prng_free(avs_crypto_prng_ctx_t** ctx) {
  delete *ctx;
  *ctx = nullptr;
}
