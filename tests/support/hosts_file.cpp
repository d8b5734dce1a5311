#include "hosts_file.hpp"

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <set>
#include <string>
#include <system_error>

namespace tlsmodem::test {
namespace {

void require(int outcome, const char* what) {
  if (outcome != 0) throw std::system_error(errno, std::generic_category(), what);
}

// For the whole process, once: what is mounted later does not appear outside.
bool enter_private_mounts() {
  require(::unshare(CLONE_NEWNS), "unshare");
  require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "/");
  return true;
}

void bind_over(const char* target, const std::string& source, std::string_view content) {
  static std::set<std::string> ours;
  // An earlier file is gone with its directory by now, and nothing can be mounted on what is gone.
  if (!ours.insert(target).second) require(::umount2(target, MNT_DETACH), target);
  write_file(source, content);
  require(::mount(source.c_str(), target, nullptr, MS_BIND, nullptr), target);
}

}  // namespace

void use_hosts(const temporary_directory& directory, std::string_view content) {
  static const bool is_private = enter_private_mounts();
  static_cast<void>(is_private);
  bind_over("/etc/hosts", directory.path("hosts"), "127.0.0.1 localhost\n" + std::string(content));
  bind_over("/etc/nsswitch.conf", directory.path("nsswitch.conf"), "hosts: files\n");
}

}  // namespace tlsmodem::test
