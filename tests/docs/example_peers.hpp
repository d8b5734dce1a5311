// The other ends of the dialogues: a CoAP server that is a process of its own, and echo servers in a thread.
#pragma once

#include <map>
#include <memory>
#include <string>

namespace tlsmodem::test {

class example_peer {
 public:
  virtual ~example_peer() = default;
  // Does what the dialogue says of it. False when it cannot.
  virtual bool act(const std::string& what) = 0;
};

// Names: "none", "coap-psk" (DTLS, port 5684), "tls-psk-reverse" (port 4433), "udp-echo" and "tcp-echo" (port
// 7007), "tls-echo" (port 4433). Throws for any other. The peer listens on 127.0.0.1 when this returns.
std::unique_ptr<example_peer> start_peer(const std::string& name);

// What the dialogues write as credentials, by file name: "ca.pem" signs the certificate of "tls-echo".
const std::map<std::string, std::string>& credential_files();

}  // namespace tlsmodem::test
