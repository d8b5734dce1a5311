// What a certificate calls this device when nobody gave it a name.
#pragma once

#include <string>

namespace tlsmodem {

// "tlsmodem-" and 32 hexadecimal digits made from the id of the machine, which they do not tell; always the
// same on one machine. Without an id (machine-id(5)), "tlsmodem".
std::string name_of_this_machine();

}  // namespace tlsmodem
