// The world of the tests of who is let in: over each version of TLS, a server below an authority below root_.
#pragma once

#include "avs_net_fixture.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tlsmodem::test {

inline constexpr std::uint16_t verification_failed = 0x2700;
inline constexpr std::uint16_t nobody_to_trust = 0x7680;

// RFC 8446 B.2
inline constexpr std::uint8_t bad_certificate = 42;
inline constexpr std::uint8_t certificate_revoked = 44;
inline constexpr std::uint8_t certificate_expired = 45;
inline constexpr std::uint8_t unknown_ca = 48;

struct transport_row {
  const char* name;
  s_server_version version;
  over transport;
};
void PrintTo(const transport_row& row, std::ostream* out);
std::string name_of(const ::testing::TestParamInfo<transport_row>& row);
const std::vector<transport_row>& all_transports();

class avs_net_trust : public avs_net_test, public ::testing::WithParamInterface<transport_row> {
 protected:
  // In place of the one before. It serves as many clients as come, one at a time.
  void serve(std::vector<std::string> arguments);
  // Shows its certificate and that of middle_, but not that of root_.
  void serve_below_middle(const std::vector<std::string>& more = {});
  const peer& server() const { return *running_; }

  outcome reach(const avs_socket& socket);
  // Of a new socket.
  outcome connect(const tls_settings& settings);
  // The call fails because of the server's certificate, and the server hears of it with this alert.
  ::testing::AssertionResult is_refused(int alert, const std::function<outcome()>& connecting) const;
  ::testing::AssertionResult is_refused(int alert, const tls_settings& settings);

  static over transport() { return GetParam().transport; }

  const identity middle_ = issue(root_, {.common_name = "middle", .role = certificate_role::authority});
  const identity below_ =
      issue(middle_, {.common_name = server_name, .dns = {server_name}, .ip = {"127.0.0.1"}});
  const identity stranger_ = make_root("stranger");

 private:
  void start();

  std::vector<std::string> arguments_;
  std::unique_ptr<peer> running_;
};

}  // namespace tlsmodem::test
