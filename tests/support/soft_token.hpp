// A PKCS #11 token in a directory: SoftHSM, made at run time, and thrown away with its test.
#pragma once

#include "process.hpp"

#include <string>
#include <string_view>

namespace tlsmodem::test {

class soft_token {
 public:
  static constexpr const char* label = "token of the test";
  static constexpr const char* uri = "pkcs11:token=token%20of%20the%20test";
  static constexpr const char* pin = "pin-of-the-token-471108";

  // From here on, this process and its children see this token and no other.
  soft_token();

  // SoftHSM behind something that can take the token out and put it in again.
  static std::string module();
  void take_out() const;
  void put_in() const;

  // The path of a file with the PIN.
  std::string pin_file() const { return directory_.path("pin"); }
  void write_pin(std::string_view content) const;

  // `kind` as pkcs11-tool has it: "EC:secp384r1", "rsa:2048". Throws when it does not work.
  void make_key(const std::string& key_label, const std::string& id_hex, const std::string& kind) const;
  // What pkcs11-tool lists of the private keys.
  std::string private_keys() const;
  // All that SoftHSM has written.
  std::string stored() const;

 private:
  std::string run(std::vector<std::string> arguments) const;

  temporary_directory directory_;
};

}  // namespace tlsmodem::test
