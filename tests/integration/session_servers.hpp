// The servers that sessions are resumed with, each as a row: how it is started, what it keeps, and how a
// client must meet it.
#pragma once

#include "tests/support/peers.hpp"

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

namespace tlsmodem::test {

struct server_files {
  std::string server;  // certificate and key
  std::string root;
  std::string psk;  // as gnutls-serv reads it: two identities, one key
};

// Runs until it is dropped.
struct running_server {
  std::shared_ptr<void> owner;
  const peer* program = nullptr;
};

// What a client may hold after the first handshake.
enum class memory_kind {
  session_id,  // the server keeps the session
  ticket,      // the client keeps it, RFC 5077
  psk_ticket,  // the same of TLS 1.3
  none,        // the server gives something, and does not take it back
};

// How the server lets go of a client.
enum class parting { answers_close, never_answers };

// When the tickets of TLS 1.3 come: behind the server's Finished, or behind the client's.
enum class arrival { early, late };

struct server_row {
  const char* name;
  const char* version;  // as #TUP tells it
  running_server (*start)(const server_files& files, int port);
  std::vector<std::string> options;  // of the profile
  memory_kind kind;
  parting parts;
  // What the server prints when it has resumed; null: nothing.
  const char* says_reused;
  arrival tickets_come = arrival::late;

  bool is_datagram() const { return version[0] == 'D'; }
  bool is_tls1_3() const { return kind == memory_kind::psk_ticket; }
  bool is_psk() const { return options.back().starts_with("\"psk\""); }
  bool resumes() const { return kind != memory_kind::none; }
};

void PrintTo(const server_row& row, std::ostream* out);

const std::vector<server_row>& server_rows();
const server_row& server_called(const std::string& name);

}  // namespace tlsmodem::test
