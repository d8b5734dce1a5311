#include "system_authorities.hpp"

#include "daemon/support/log.hpp"
#include "daemon/support/unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace tlsmodem::tls {
namespace {

// Debian's has 200 KiB. More than this is something else.
constexpr std::size_t max_file_bytes = std::size_t{16} * 1024 * 1024;
// Authorities of one hash in a directory: `<hash>.0`, `<hash>.1` and so on.
constexpr unsigned max_files_of_hash = 100;

using infos_ptr = std::unique_ptr<STACK_OF(X509_INFO), void (*)(STACK_OF(X509_INFO)*)>;

void free_infos(STACK_OF(X509_INFO) * infos) { sk_X509_INFO_pop_free(infos, X509_INFO_free); }

std::string reason_of(int number) { return std::generic_category().message(number); }

bool comes_before(const X509_NAME* one, const X509_NAME* other) { return X509_NAME_cmp(one, other) < 0; }

const X509_NAME* name_of(const std::shared_ptr<X509>& certificate) {
  return X509_get_subject_name(certificate.get());
}

// Empty on an error, with errno; a file without a byte is none that anybody wants.
bytes read_all(int file) {
  bytes content;
  std::array<std::uint8_t, 16384> buffer{};
  ssize_t got = 0;
  while ((got = ::read(file, buffer.data(), buffer.size())) > 0) {
    content.insert(content.end(), buffer.begin(), buffer.begin() + got);
    if (content.size() > max_file_bytes) {
      errno = EFBIG;
      return {};
    }
  }
  if (got < 0) content.clear();
  return content;
}

// As OpenSSL reads such a file: certificates with and without trust settings, other blocks are passed over.
// Empty, with libcrypto's error, when a block is damaged.
certificate_list authorities_in(bytes_view content) {
  const bio_ptr source = reading_bio(content);
  const infos_ptr infos(PEM_X509_INFO_read_bio(source.get(), nullptr, nullptr, nullptr), free_infos);
  certificate_list found;
  for (int i = 0; infos && i < sk_X509_INFO_num(infos.get()); ++i) {
    X509* const certificate = std::exchange(sk_X509_INFO_value(infos.get(), i)->x509, nullptr);
    if (certificate == nullptr) continue;
    X509_check_purpose(certificate, -1, 0);  // what libcrypto notes in it is noted before others see it
    found.push_back(share(certificate));
  }
  return found;
}

unique_fd open_to_read(const std::string& path) {
  return unique_fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

// The name of a file in a hashed directory, without the number at its end; empty when there is no SHA-1.
std::string hashed_name(const X509_NAME* name) {
  int is_known = 0;
  const unsigned long hash = X509_NAME_hash_ex(name, nullptr, nullptr, &is_known);
  std::array<char, 16> text{};
  if (is_known != 1 || std::snprintf(text.data(), text.size(), "/%08lx.", hash & 0xffffffffUL) < 0) return {};
  return text.data();
}

bool is_directory(const std::string& path) {
  struct stat seen {};
  return ::stat(path.c_str(), &seen) == 0 && S_ISDIR(seen.st_mode);
}

const char* from_environment(const char* name, const char* otherwise) {
  const char* const value = ::secure_getenv(name);
  return value != nullptr ? value : otherwise;
}

std::vector<std::string> split_at_colons(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(':'), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// ---- a store that asks

using shared_set = std::shared_ptr<const authority_set>;

int store_index() {
  static const int index = X509_STORE_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* held, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<shared_set*>(held); });
  return index;
}

// libcrypto tries all that its store has of a name, but asks a lookup method for one, and only when the store
// has none. So the store gets all of a name before it is asked for it.
void fetch_named(const X509_STORE_CTX* lookup, const X509_NAME* name) {
  X509_STORE* const store = X509_STORE_CTX_get0_store(lookup);
  const auto* const authorities =
      static_cast<const shared_set*>(X509_STORE_get_ex_data(store, store_index()));
  for (const auto& authority : (*authorities)->named(name)) X509_STORE_add_cert(store, authority.get());
}

// OpenSSL 4.0 made the subject, and the look-up of find_named(), constant: the type comes from where each is
// used.
template <typename Subject>
int find_issuer(X509** issuer, X509_STORE_CTX* lookup, Subject* subject) {
  fetch_named(lookup, X509_get_issuer_name(subject));
  return X509_STORE_CTX_get1_issuer(issuer, lookup, subject);
}

template <typename Lookup>
    STACK_OF(X509) * find_named(Lookup* lookup, const X509_NAME* name) {
  fetch_named(lookup, name);
  return X509_STORE_CTX_get1_certs(lookup, name);
}

}  // namespace

authority_paths system_authority_paths() {
  return {from_environment(X509_get_default_cert_file_env(), X509_get_default_cert_file()),
          split_at_colons(from_environment(X509_get_default_cert_dir_env(), X509_get_default_cert_dir()))};
}

// ---- the authorities

authority_set::authority_set(certificate_list of_file, std::vector<std::string> directories)
    : of_file_(std::move(of_file)), directories_(std::move(directories)) {
  std::stable_sort(of_file_.begin(), of_file_.end(), [](const auto& one, const auto& other) {
    return comes_before(name_of(one), name_of(other));
  });
}

certificate_list authority_set::named(const X509_NAME* name) const {
  const auto first = std::lower_bound(
      of_file_.begin(), of_file_.end(), name,
      [](const auto& each, const auto* wanted) { return comes_before(name_of(each), wanted); });
  auto last = first;
  while (last != of_file_.end() && X509_NAME_cmp(name_of(*last), name) == 0) ++last;
  certificate_list found(first, last);
  const error_queue_scope scope;
  const std::string file_name = directories_.empty() ? std::string() : hashed_name(name);
  if (file_name.empty()) return found;
  for (const std::string& directory : directories_) {
    for (unsigned number = 0; number < max_files_of_hash; ++number) {
      const unique_fd file = open_to_read(directory + file_name + std::to_string(number));
      if (!file) break;
      for (auto& each : authorities_in(read_all(file.value())))
        if (X509_NAME_cmp(name_of(each), name) == 0) found.push_back(std::move(each));
    }
  }
  return found;
}

// ---- the file

struct authority_source::loaded_file {
  certificate_list authorities;
  std::optional<version> seen;  // nothing: it was written meanwhile, and has to be read again
  std::string wrong;            // why there are no authorities
};

authority_source::version authority_source::version_of(const struct stat& seen) {
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  return {seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtim.tv_sec * ns_per_s + seen.st_mtim.tv_nsec,
          seen.st_ctim.tv_sec * ns_per_s + seen.st_ctim.tv_nsec};
}

authority_source::loaded_file authority_source::load(const std::string& path) {
  const error_queue_scope scope;
  const unique_fd file = open_to_read(path);
  struct stat before {};
  if (!file || ::fstat(file.value(), &before) != 0) return {{}, std::nullopt, reason_of(errno)};
  const version seen = version_of(before);
  errno = 0;
  const bytes content = read_all(file.value());
  if (content.empty()) return {{}, seen, errno == 0 ? "it is empty" : reason_of(errno)};
  struct stat after {};
  if (::fstat(file.value(), &after) != 0 || version_of(after) != seen)
    return {{}, std::nullopt, "it is being written"};
  auto authorities = authorities_in(content);
  if (!authorities.empty()) return {std::move(authorities), seen, {}};
  const unsigned long error = ERR_peek_last_error();
  return {{}, seen, error == 0 ? "it holds no certificate" : reason_text(error)};
}

at::result<shared_set> authority_source::current(const authority_paths& paths) {
  const std::lock_guard lock(mutex_);
  if (paths != paths_) {
    paths_ = paths;
    seen_.reset();
    known_.reset();
  }
  struct stat now {};
  if (paths.file.empty() || ::stat(paths.file.c_str(), &now) != 0) {
    seen_.reset();  // what is taken away is trusted no more
    known_.reset();
    return without_file("there is no " + paths.file);
  }
  if (known_ && seen_ == version_of(now)) return known_;
  auto loaded = load(paths.file);
  const bool is_news = std::exchange(seen_, loaded.seen) != loaded.seen;
  if (loaded.wrong.empty()) {
    known_ = std::make_shared<const authority_set>(std::move(loaded.authorities), paths.directories);
    return known_;
  }
  if (is_news)
    log(level::warning, "the file of the system's trusted certificates cannot be read",
        {{"file", paths.file}, {"why", loaded.wrong}, {"keeps_earlier", known_ != nullptr}});
  if (known_) return known_;
  auto others = without_file(paths.file + ": " + loaded.wrong);
  if (others) known_ = *others;
  return others;
}

// Precondition: mutex_ is held.
at::result<shared_set> authority_source::without_file(const std::string& why) const {
  if (std::none_of(paths_.directories.begin(), paths_.directories.end(), is_directory))
    return at::failure{at::error::credentials_missing, "the system has no trusted certificates: " + why};
  return std::make_shared<const authority_set>(certificate_list{}, paths_.directories);
}

authority_source& shared_authorities() {
  static authority_source source;
  return source;
}

std::optional<at::failure> trust_authorities(X509_STORE* store, shared_set authorities) {
  auto held = std::make_unique<shared_set>(std::move(authorities));
  if (X509_STORE_set_ex_data(store, store_index(), held.get()) != 1)
    return at::failure{at::error::memory_failure, "no memory for the system's trusted certificates"};
  static_cast<void>(held.release());  // the store frees it
  X509_STORE_set_get_issuer(store, find_issuer);
  X509_STORE_set_lookup_certs(store, find_named);
  return std::nullopt;
}

}  // namespace tlsmodem::tls
