#include "configured_credentials.hpp"

#include "daemon/support/unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace tlsmodem {
namespace {

using at::credential_type;
using at::error;
using at::failure;

// A bundle of all authorities of the Web has a quarter of it.
constexpr std::size_t max_file_bytes = std::size_t{1024} * 1024;
constexpr credential_limits limits_of_configuration{1024, std::size_t{16} * 1024 * 1024};

struct key_of_section {
  std::string_view key;
  credential_type type;
  bool is_private;
};
constexpr std::array keys = {
    key_of_section{"trusted", credential_type::trusted, false},
    key_of_section{"chain", credential_type::own_chain, false},
    key_of_section{"key", credential_type::private_key, true},
    key_of_section{"psk", credential_type::psk, true},
    key_of_section{"identity", credential_type::psk_identity, false},
    key_of_section{"crl", credential_type::revocation_lists, false},
    key_of_section{"pkcs11", credential_type::key_uri, false},
};

// systemd opens the files of LoadCredential= for the service by their group or an ACL, and closes their
// directory to everybody else.
bool is_credential_of_the_unit(std::string_view path) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe)
  if (directory == nullptr || *directory != '/' || path.find("/../") != std::string_view::npos) return false;
  return path.starts_with(std::string(directory) + "/");
}

std::optional<std::string> refuse(const struct stat& status, const key_of_section& key,
                                  const std::string& path) {
  if (!S_ISREG(status.st_mode)) return "is no regular file";
  if (key.is_private && (status.st_mode & 077U) != 0 && !is_credential_of_the_unit(path))
    return "can be read by others than its owner; chmod 600 mends that";
  return std::nullopt;
}

at::result<secret> contents_of(const key_of_section& key, const std::string& path) {
  const auto wrong = [&path](const std::string& what) {
    return failure{error::credentials_unusable, escaped(path) + ' ' + what};
  };
  // Not blocking, since a FIFO would keep the daemon from starting.
  const unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat status {};
  if (!file || ::fstat(file.value(), &status) != 0)
    return wrong(std::string("cannot be read: ") + std::strerror(errno));
  if (const auto reason = refuse(status, key, path)) return wrong(*reason);
  bytes content(max_file_bytes + 1);  // of full size at once: a buffer that grows leaves copies
  std::size_t size = 0;
  while (size < content.size()) {
    const auto count = ::read(file.value(), content.data() + size, content.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      wipe(content);
      return wrong(std::string("cannot be read: ") + std::strerror(errno));
    }
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  secret read(bytes_view(content).first(size));
  wipe(content);
  if (size > max_file_bytes) return wrong("is longer than " + std::to_string(max_file_bytes) + " bytes");
  return read;
}

std::optional<failure> take(const credential_file& from, std::int64_t tag, credential_set& into) {
  const auto* key = std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.key == from.key; });
  const auto wrong = [&from](const std::string& what) {
    return failure{error::credentials_unusable, from.where + ": " + what};
  };
  const bool is_uri = key->type == credential_type::key_uri;
  const auto content =
      is_uri ? at::result<secret>(secret(as_bytes(from.path))) : contents_of(*key, from.path);
  if (!content) return wrong(content.why().text);
  auto parsed = parse_credential(key->type, content->view(), nullptr);
  if (!parsed) return wrong((is_uri ? "" : escaped(from.path) + ": ") + parsed.why().text);
  const credential_name name{tag, key->type};
  if (!into.has_room_for(name, parsed->size)) return wrong("there is no room for so many credentials");
  into.put(name, std::move(*parsed));
  return std::nullopt;
}

}  // namespace

at::result<credential_set> load_configured_credentials(const settings& config) {
  credential_set loaded(limits_of_configuration);
  for (const auto& section : config.credentials) {
    for (const auto& file : section.files) {
      if (file.key == "pkcs11" && config.pkcs11_module.empty())
        return {error::credentials_unusable, file.where + ": there is no pkcs11-module"};
      if (auto wrong = take(file, section.tag, loaded)) return *std::move(wrong);
    }
  }
  return loaded;
}

}  // namespace tlsmodem
