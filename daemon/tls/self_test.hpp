// Whether the libssl that is loaded makes DTLS handshakes as the engine counts on. Its versions differ
// inside, and only a handshake shows it: no version is guessed.
#pragma once

#include "context.hpp"

#include <functional>
#include <optional>
#include <string>

namespace tlsmodem::tls {

// What becomes of a datagram between the two ends, for tests: may change it.
using tampering = std::function<void(bytes& datagram)>;

// Plays a full and an abbreviated handshake in memory in which each flight of both sides is lost once, and
// data both ways: some milliseconds. Nothing: all was as it has to be. Otherwise a sentence that names the
// version of libssl and what went differently.
std::optional<std::string> examine_datagrams(const tampering& tamper = nullptr);

// The outcome of examine_datagrams(), which is run once in the life of a process.
const std::optional<std::string>& datagrams_refused();

// build_context() without that examination.
at::result<std::shared_ptr<const context>> build_unexamined_context(const context_options& options);

}  // namespace tlsmodem::tls
