// Credential sources of avs_net, each in one line; what they point to is the caller's.
#pragma once

#include "client-shim/avs_net/credentials.hpp"

#include <avsystem/commons/avs_net.h>
#include <string>
#include <vector>

namespace tlsmodem::test {

using avs::credentials;
using enum at::credential_type;
using description = avs_crypto_security_info_union_t;

inline constexpr std::int64_t first_tag = 2'000'000'000;

inline description described(avs_crypto_data_source_t source) {
  description made{};
  made.source = source;
  return made;
}
inline description empty() { return described(AVS_CRYPTO_DATA_SOURCE_EMPTY); }
inline description file(const std::string& path, const char* password = nullptr) {
  auto made = described(AVS_CRYPTO_DATA_SOURCE_FILE);
  made.info.file = {path.c_str(), password};
  return made;
}
inline description directory(const std::string& path) {
  auto made = described(AVS_CRYPTO_DATA_SOURCE_PATH);
  made.info.path = {path.c_str()};
  return made;
}
inline description buffer(std::string_view content, const char* password = nullptr) {
  auto made = described(AVS_CRYPTO_DATA_SOURCE_BUFFER);
  made.info.buffer = {content.data(), password, content.size()};
  return made;
}
inline description array(const std::vector<description>& elements) {
  auto made = described(AVS_CRYPTO_DATA_SOURCE_ARRAY);
  made.info.array = {elements.data(), elements.size()};
  return made;
}
inline description engine(const char* query) {
  auto made = described(AVS_CRYPTO_DATA_SOURCE_ENGINE);
  made.info.engine = {query};
  return made;
}

class list {
 public:
  explicit list(const std::vector<description>& elements) {
    for (const auto& element : elements) {
      auto* const made = AVS_LIST_NEW_ELEMENT(description);
      *made = element;
      AVS_LIST_APPEND(&head_, made);
    }
  }
  ~list() { AVS_LIST_CLEAR(&head_); }
  list(const list&) = delete;
  list& operator=(const list&) = delete;
  description source() const {
    auto made = described(AVS_CRYPTO_DATA_SOURCE_LIST);
    made.info.list = {head_};
    return made;
  }

 private:
  AVS_LIST(description) head_ = nullptr;
};

inline std::string text_of(const client::credential& one) { return {one.content.data(), one.content.size()}; }

}  // namespace tlsmodem::test
