// The authorities of the system (option `system_ca`): those of the file and of the hashed directories that
// all programs on OpenSSL use, named by SSL_CERT_FILE and SSL_CERT_DIR or compiled in.
//
// The file is read once for everybody, and again when it has changed; the certificates are shared, not
// copied. A context keeps the ones that were there when it was made. Directories are looked into by name,
// when a chain leads there, as OpenSSL does.
#pragma once

#include "credential.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

struct stat;

namespace tlsmodem::tls {

struct authority_paths {
  std::string file;  // PEM; empty: none
  std::vector<std::string> directories;
  bool operator==(const authority_paths&) const = default;
};

// What the environment says, else OpenSSL's own.
authority_paths system_authority_paths();

// Immutable: any thread may ask.
class authority_set {
 public:
  authority_set(certificate_list of_file, std::vector<std::string> directories);

  // All authorities of this name: several may share it.
  certificate_list named(const X509_NAME* name) const;
  std::size_t of_file() const { return of_file_.size(); }

 private:
  certificate_list of_file_;  // sorted by name
  std::vector<std::string> directories_;
};

// May be asked by any thread.
class authority_source {
 public:
  // What is there now. A file that is damaged, or that changes while it is read, leaves the authorities in
  // effect that were read before. Error: 809, there is neither a file nor a directory.
  at::result<std::shared_ptr<const authority_set>> current(const authority_paths& paths);

 private:
  // What a change of the file changes.
  struct version {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const version&) const = default;
  };
  struct loaded_file;

  static version version_of(const struct stat& seen);
  static loaded_file load(const std::string& path);
  at::result<std::shared_ptr<const authority_set>> without_file(const std::string& why) const;

  std::mutex mutex_;
  authority_paths paths_;
  std::optional<version> seen_;                 // of the file, good or bad; nothing: it has to be read
  std::shared_ptr<const authority_set> known_;  // of the last good one
};

// That of the process.
authority_source& shared_authorities();

// The store finds issuers among `authorities` too. It shares them, and gets those of a name when it asks for
// it.
std::optional<at::failure> trust_authorities(X509_STORE* store,
                                             std::shared_ptr<const authority_set> authorities);

}  // namespace tlsmodem::tls
