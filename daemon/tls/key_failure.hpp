// Why a private key that is somewhere else did not sign, on its way through libcrypto and libssl, which know
// nothing but that a signature failed.
#pragma once

#include <optional>
#include <string>

namespace tlsmodem::tls {

// Puts the sentence into the thread's error queue.
void raise_key_failure(const std::string& sentence);

// The sentence, when it is in the queue. The queue stays as it is.
std::optional<std::string> raised_key_failure();

}  // namespace tlsmodem::tls
