#include "soft_token.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace tlsmodem::test {
namespace {

// For programs of others, which would not run with what a sanitizer put into module().
constexpr const char* soft_hsm = "/usr/lib/softhsm/libsofthsm2.so";

}  // namespace

soft_token::soft_token() {
  std::filesystem::create_directory(directory_.path("tokens"));
  write_file(directory_.path("softhsm2.conf"),
             "directories.tokendir = " + directory_.path("tokens") + "\nlog.level = ERROR\n");
  ::setenv("SOFTHSM2_CONF", directory_.path("softhsm2.conf").c_str(), 1);
  ::setenv("TLSMODEM_TEST_TOKEN_IS_OUT", directory_.path("out").c_str(), 1);
  write_pin(pin);
  run({"softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", "12345678"});
}

std::string soft_token::module() { return TLSMODEM_REMOVABLE_TOKEN; }

void soft_token::take_out() const { write_file(directory_.path("out"), "out"); }
void soft_token::put_in() const { std::filesystem::remove(directory_.path("out")); }

void soft_token::write_pin(std::string_view content) const {
  write_file(pin_file(), content);
  ::chmod(pin_file().c_str(), 0600);
}

void soft_token::make_key(const std::string& key_label, const std::string& id_hex,
                          const std::string& kind) const {
  run({"pkcs11-tool", "--module", soft_hsm, "--token-label", label, "--login", "--pin", pin, "--keypairgen",
       "--key-type", kind, "--label", key_label, "--id", id_hex});
}

std::string soft_token::private_keys() const {
  return run({"pkcs11-tool", "--module", soft_hsm, "--token-label", label, "--login", "--pin", pin,
              "--list-objects", "--type", "privkey"});
}

std::string soft_token::stored() const {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path("tokens")))
    if (entry.is_regular_file()) all += read_file(entry.path());
  return all;
}

std::string soft_token::run(std::vector<std::string> arguments) const {
  const auto output = directory_.path("output");
  std::filesystem::remove(output);
  process program(arguments, {output, {}, {}});
  const auto status = program.wait();
  auto text = read_file(output);
  if (status != 0) throw std::runtime_error(arguments.front() + " failed: " + text);
  return text;
}

}  // namespace tlsmodem::test
