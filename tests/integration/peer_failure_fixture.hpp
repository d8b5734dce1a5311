// What the rows of the failure table are made of, and the stage on which their causes are set up.
#pragma once

#include "peer_fixture.hpp"
#include "tests/support/datagrams.hpp"
#include "tests/support/sockets.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tlsmodem::test {

// A TCP port that listens but takes no connection: its backlog is full, so that SYNs get no answer.
class deaf_listener {
 public:
  explicit deaf_listener(int port);
  ~deaf_listener();
  deaf_listener(const deaf_listener&) = delete;
  deaf_listener& operator=(const deaf_listener&) = delete;

 private:
  int listener_ = -1;
  int first_in_line_ = -1;
};

// What a row needs to bring its failure about, always on peer_port.
struct stage {
  const key_files& files;
  const identity& root;
  test_channel& channel;
  std::vector<std::string> good;  // arguments of an s_server that is well
  std::string good_file;          // its certificate and key
  std::vector<std::unique_ptr<peer>> peers = {};
  std::unique_ptr<silent_port> silence = {};
  std::unique_ptr<deaf_listener> deafness = {};
  std::unique_ptr<tcp_listener> listener = {};

  void serve(s_server_version version, const std::vector<std::string>& arguments);
  void serve_coap(coap_library library);
  void serve_gnutls_psk(const std::vector<std::string>& more = {});
  std::vector<std::string> good_and(const std::vector<std::string>& more) const;
  void clear();
};

void nothing(stage&);
// Reads one TLS record: a ClientHello.
void read_record(const tcp_connection& connection);
std::vector<std::string> with(std::vector<std::string> some, const std::vector<std::string>& more);

// As short as a retransmission timer gets: for peers that never answer.
inline const std::vector<std::string> impatient = {R"("hs_min",10)", R"("hs_max",40)"};

struct failure_row {
  const char* name;
  std::vector<std::string> options;
  std::function<void(stage&)> arrange;   // before AT#TCONN
  std::function<void(stage&)> act = {};  // between its OK and #TFAIL
  std::string host = "127.0.0.1";
  // What the server that is well has to be, for this row's socket to connect.
  std::string good_host = "127.0.0.1";
  std::string good_name = server_name;
  std::string_view good_psk = psk_key;
  std::string_view good_identity = psk_identity;
  // #TFAIL
  int code;
  int alert = -1;
  std::string text;
  // AT#TINFO
  std::string alert_in = "-1";
  std::string alert_out = "-1";
};

void PrintTo(const failure_row& row, std::ostream* out);
std::string row_name(const ::testing::TestParamInfo<failure_row>& row);

class failing_connect : public peer_test, public ::testing::WithParamInterface<failure_row> {
 protected:
  // Connects as the row says, and returns how that failed.
  at::fail_event fail(int id);
  // Starts the server that is well.
  void serve_well();

  stage stage_{files_, root_, channel_, good_server(), server_file()};
};

}  // namespace tlsmodem::test
