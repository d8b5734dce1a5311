// Credentials as a program gives them to the modem: for the channel of one socket
// (configuration::credentials), or to keep.
//
// What is kept belongs to the user id of this process and is used by its tag, by any of the user's programs,
// also when the modem has restarted. These calls need no socket: each opens a channel of its own, waits for
// the answer, and closes it. A modem that restarts is waited for, as long as restart_limit, and asked again.
#pragma once

#include "channel.hpp"
#include "protocol/commands/credential.hpp"
#include "protocol/wiped.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tlsmodem::client {

struct credential {
  std::int64_t tag = 0;
  at::credential_type type = at::credential_type::trusted;
  wiped_string content;
  std::optional<wiped_string> password;  // of an encrypted key
};

enum class lifetime : std::uint8_t { of_channel, kept };

// The command that writes it, with its terminator and payload.
void append_write(wiped_string& text, const credential& one, lifetime how_long);

// Replaces what has its tag and type. Errors: those of AT#TCRED and of channel::open(); 804 the deadline
// passed.
std::optional<at::failure> keep_credential(const std::string& path, const credential& one,
                                           time_point deadline);
// Errors: the same, 22 there is none.
std::optional<at::failure> remove_credential(const std::string& path, std::int64_t tag,
                                             at::credential_type type, time_point deadline);
// Has the modem make a private key that never leaves it. Errors: those of AT#TCRED and of channel::open();
// 804.
std::optional<at::failure> make_key(const std::string& path, std::int64_t tag, time_point deadline);

}  // namespace tlsmodem::client
