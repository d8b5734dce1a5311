#include "credentials.hpp"

#include "errors.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <avsystem/commons/avs_list.h>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <string_view>

namespace tlsmodem::avs {
namespace {

using enum at::credential_type;

// Out of the way of the tags that people choose.
constexpr std::int64_t first_own_tag = 2'000'000'000;
// A system's whole bundle of certification authorities has some 220 KiB.
constexpr std::size_t max_file_bytes = std::size_t{1024} * 1024;
constexpr std::string_view end_of_certificate = "-----END CERTIFICATE-----";

bool is_pem(std::string_view content) { return content.find("-----BEGIN ") != std::string_view::npos; }

class file {
 public:
  explicit file(const char* path) : fd_(::open(path, O_RDONLY | O_CLOEXEC)) {}
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  ~file() {
    if (fd_ >= 0) ::close(fd_);
  }

  std::optional<wiped_string> read() const {
    if (fd_ < 0) return std::nullopt;
    wiped_string content;
    std::array<char, 4096> piece;
    for (;;) {
      const auto size = ::read(fd_, piece.data(), piece.size());
      if (size < 0 && errno == EINTR) continue;
      if (size > 0) content.append(piece.data(), static_cast<std::size_t>(size));
      if (size <= 0 || content.size() > max_file_bytes) {
        wipe(piece.data(), piece.size());
        if (size != 0) return std::nullopt;
        return content;
      }
    }
  }

 private:
  int fd_;
};

bool is_engine(const avs_crypto_security_info_union_t& from) {
#if defined(AVS_COMMONS_WITH_AVS_CRYPTO_PKI_ENGINE) || defined(AVS_COMMONS_WITH_AVS_CRYPTO_PSK_ENGINE)
  return from.source == AVS_CRYPTO_DATA_SOURCE_ENGINE;
#else
  static_cast<void>(from);
  return false;
#endif
}

const char* query_of(const avs_crypto_security_info_union_t& from) {
#if defined(AVS_COMMONS_WITH_AVS_CRYPTO_PKI_ENGINE) || defined(AVS_COMMONS_WITH_AVS_CRYPTO_PSK_ENGINE)
  return from.info.engine.query;
#else
  static_cast<void>(from);
  return nullptr;
#endif
}

bool holds_certificates(at::credential_type type) { return type == trusted || type == own_chain; }

}  // namespace

std::optional<std::int64_t> tag_of_query(const char* query) {
  constexpr std::string_view prefix = "tag:";
  const std::string_view text = query == nullptr ? "" : query;
  if (!text.starts_with(prefix)) return std::nullopt;
  std::int64_t tag = -1;
  const auto* const end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data() + prefix.size(), end, tag);
  if (status != std::errc{} || stop != end || tag < 0 || tag > at::max_tag) return std::nullopt;
  return tag;
}

avs_error_t credentials::add(const avs_crypto_security_info_union_t& from, at::credential_type type) {
  const bool may_be_nested = holds_certificates(type) || type == revocation_lists;
  switch (from.source) {
    case AVS_CRYPTO_DATA_SOURCE_ARRAY:
      if (!may_be_nested) return error_of(AVS_EINVAL);
      for (std::size_t i = 0; i < from.info.array.element_count; ++i)
        if (const auto wrong = add(from.info.array.array_ptr[i], type); avs_is_err(wrong)) return wrong;
      return AVS_OK;
#ifdef AVS_COMMONS_WITH_AVS_LIST
    case AVS_CRYPTO_DATA_SOURCE_LIST: {
      if (!may_be_nested) return error_of(AVS_EINVAL);
      const AVS_LIST(avs_crypto_security_info_union_t) element = nullptr;
      AVS_LIST_FOREACH(element, from.info.list.list_head) {
        if (const auto wrong = add(*element, type); avs_is_err(wrong)) return wrong;
      }
      return AVS_OK;
    }
#endif
    case AVS_CRYPTO_DATA_SOURCE_EMPTY:
      return may_be_nested ? AVS_OK : error_of(AVS_EINVAL);
    default:
      return add_leaf(from, type);
  }
}

avs_error_t credentials::add_leaf(const avs_crypto_security_info_union_t& from, at::credential_type type) {
  const bool is_of_psk = type == psk || type == psk_identity;
  if (is_engine(from)) return add_tag(query_of(from), type);
  switch (from.source) {
    case AVS_CRYPTO_DATA_SOURCE_FILE:
      return is_of_psk ? error_of(AVS_EINVAL)
                       : add_file(from.info.file.filename, from.info.file.password, type);
    case AVS_CRYPTO_DATA_SOURCE_PATH:
      return holds_certificates(type) ? add_directory(from.info.path.path, type) : error_of(AVS_EINVAL);
    case AVS_CRYPTO_DATA_SOURCE_BUFFER: {
      const auto& buffer = from.info.buffer;
      if (buffer.buffer == nullptr || buffer.buffer_size == 0) return error_of(AVS_EINVAL);
      return add_content({static_cast<const char*>(buffer.buffer), buffer.buffer_size}, buffer.password,
                         type);
    }
    default:
      return error_of(AVS_EINVAL);
  }
}

avs_error_t credentials::add_file(const char* path, const char* password, at::credential_type type) {
  if (path == nullptr) return error_of(AVS_EINVAL);
  const auto content = file(path).read();
  if (!content || content->empty()) return error_of(AVS_EIO);
  return add_content({content->data(), content->size()}, password, type);
}

// Each file in it that holds certificates; c_rehash's links name files that are there under their own names.
avs_error_t credentials::add_directory(const char* path, at::credential_type type) {
  if (path == nullptr) return error_of(AVS_EINVAL);
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_regular_file(error)) names.push_back(entry->path().string());
  }
  if (error) return error_of(AVS_EIO);
  std::sort(names.begin(), names.end());
  wiped_string all;
  for (const auto& name : names) {
    const auto content = file(name.c_str()).read();
    if (!content || content->empty()) continue;
    const std::string_view text(content->data(), content->size());
    if (!is_pem(text)) {
      add_credential(text, nullptr, type);
    } else if (text.find(end_of_certificate) != std::string_view::npos) {
      all += *content;
      all += '\n';
    }
  }
  return all.empty() ? AVS_OK : add_content({all.data(), all.size()}, nullptr, type);
}

avs_error_t credentials::add_tag(const char* query, at::credential_type type) {
  const auto tag = tag_of_query(query);
  if (!tag) return error_of(AVS_EINVAL);
  uses_.push_back({type, *tag});
  return AVS_OK;
}

avs_error_t credentials::add_content(std::string_view content, const char* password,
                                     at::credential_type type) {
  const bool is_text = type != psk && type != psk_identity && is_pem(content);
  // What a C string ends with is no part of it.
  while (is_text && !content.empty() && content.back() == '\0') content.remove_suffix(1);
  bool is_rest = false;
  // A bundle that is longer than one payload goes in pieces.
  while (is_text && holds_certificates(type) && content.size() > at::max_payload_bytes) {
    const auto end = content.substr(0, at::max_payload_bytes).rfind(end_of_certificate);
    if (end == std::string_view::npos) return error_of(AVS_EMSGSIZE);
    const auto size = end + end_of_certificate.size();
    add_credential(content.substr(0, size), password, type);
    content.remove_prefix(size);
    is_rest = true;
  }
  if (content.size() > at::max_payload_bytes) return error_of(AVS_EMSGSIZE);
  // Behind the last certificate of a bundle there may be an empty line or a remark.
  const bool is_remark = is_rest && content.find(end_of_certificate) == std::string_view::npos;
  if (!is_remark) add_credential(content, password, type);
  return AVS_OK;
}

void credentials::add_credential(std::string_view content, const char* password, at::credential_type type) {
  client::credential made{first_own_tag + static_cast<std::int64_t>(made_.size()), type,
                          wiped_string(content.data(), content.size()), std::nullopt};
  if (psk_tag_) made.tag = *psk_tag_;
  if (password != nullptr) made.password.emplace(password);
  uses_.push_back({type, made.tag});
  made_.push_back(std::move(made));
}

// The modem looks a credential up by tag and type, in the channel first: one half may be the modem's own and
// the other ours, under the same tag.
avs_error_t credentials::add_psk(const avs_net_psk_info_t& info) {
  const auto& key = info.key.desc;
  const auto& identity = info.identity.desc;
  for (const auto* half : {&identity, &key}) {
    if (!is_engine(*half)) continue;
    const auto tag = tag_of_query(query_of(*half));
    if (!tag || (psk_tag_ && psk_tag_ != tag)) return error_of(AVS_EINVAL);
    psk_tag_ = tag;
  }
  if (!psk_tag_) psk_tag_ = first_own_tag;
  auto wrong = add(key, psk);
  const bool is_of_modem = is_engine(key) && identity.source == AVS_CRYPTO_DATA_SOURCE_EMPTY;
  if (avs_is_ok(wrong) && !is_of_modem) wrong = add(identity, psk_identity);
  psk_tag_.reset();
  return wrong;
}

std::string credentials::tags(at::credential_type type) const {
  std::string list;
  for (const auto& one : uses_)
    if (one.type == type) list += (list.empty() ? "" : ",") + std::to_string(one.tag);
  return list;
}

}  // namespace tlsmodem::avs
