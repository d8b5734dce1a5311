#include "avs_net_trust_fixture.hpp"

#include <ostream>

namespace tlsmodem::test {

void PrintTo(const transport_row& row, std::ostream* out) { *out << row.name; }
std::string name_of(const ::testing::TestParamInfo<transport_row>& row) { return row.param.name; }

const std::vector<transport_row>& all_transports() {
  static const std::vector<transport_row> rows = {{"dtls1_2", s_server_version::dtls1_2, over::udp},
                                                  {"tls1_2", s_server_version::tls1_2, over::tcp},
                                                  {"tls1_3", s_server_version::tls1_3, over::tcp}};
  return rows;
}

void avs_net_trust::serve(std::vector<std::string> arguments) {
  arguments_ = std::move(arguments);
  start();
}

void avs_net_trust::start() {
  running_.reset();  // the port is free then
  running_.reset(new peer(s_server(GetParam().version, peer_port, arguments_)));
}

void avs_net_trust::serve_below_middle(const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"-cert", files_.write("below.pem", below_), "-cert_chain",
                                        files_.write_certificate("middle.pem", middle_)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  serve(std::move(arguments));
}

outcome avs_net_trust::reach(const avs_socket& socket) {
  if (transport() == over::tcp) return socket.connect();
  const auto how = socket.connect_from_fresh_port();
  // s_server does not hear that a client over UDP is gone, and takes no other.
  if (how == ok) start();
  return how;
}

outcome avs_net_trust::connect(const tls_settings& settings) {
  const avs_socket socket(settings);
  return reach(socket);
}

::testing::AssertionResult avs_net_trust::is_refused(int alert,
                                                     const std::function<outcome()>& connecting) const {
  const auto words = "SSL alert number " + std::to_string(alert) + "\n";
  const auto said_before = server().output().size();
  if (const auto how = connecting(); how != library_error(verification_failed))
    return ::testing::AssertionFailure() << ::testing::PrintToString(how);
  if (!eventually([&] { return server().output().find(words, said_before) != std::string::npos; }))
    return ::testing::AssertionFailure() << "the server said: " << server().output().substr(said_before);
  return ::testing::AssertionSuccess();
}

::testing::AssertionResult avs_net_trust::is_refused(int alert, const tls_settings& settings) {
  return is_refused(alert, [&] { return connect(settings); });
}

}  // namespace tlsmodem::test
