// Plays a dialogue against a real daemon, byte for byte as the channel frames it.
#pragma once

#include "dialogue.hpp"

namespace tlsmodem::test {

// Throws at the first difference, and says where it is.
void play(const dialogue& what);

}  // namespace tlsmodem::test
