#include "client_hello.hpp"

#include <stdexcept>

namespace tlsmodem::test {
namespace {

constexpr std::uint8_t handshake_record = 22;
constexpr std::uint8_t client_hello_message = 1;
constexpr std::size_t dtls_record_header = 13;
constexpr std::size_t dtls_message_header = 12;  // RFC 6347 4.2.2
constexpr std::size_t tls_record_header = 5;
constexpr std::size_t tls_message_header = 4;

class reader {
 public:
  explicit reader(bytes_view data) : data_(data) {}
  bool is_at_end() const { return data_.empty(); }
  bytes_view take(std::size_t count) {
    if (count > data_.size()) throw std::runtime_error("the ClientHello is cut off");
    const auto taken = data_.first(count);
    data_ = data_.subspan(count);
    return taken;
  }
  std::size_t number(std::size_t size) {
    std::size_t value = 0;
    for (const auto byte : take(size)) value = value << 8 | byte;
    return value;
  }
  std::uint16_t word() { return static_cast<std::uint16_t>(number(2)); }
  // What follows its own length of `size` bytes.
  bytes_view vector(std::size_t size) { return take(number(size)); }

 private:
  bytes_view data_;
};

client_hello parse(bytes_view data, std::size_t record_header, std::size_t message_header) {
  reader in(data);
  client_hello hello;
  if (in.number(1) != handshake_record) throw std::runtime_error("not a handshake record");
  hello.record_version = in.word();
  in.take(record_header - 3);
  if (in.number(1) != client_hello_message) throw std::runtime_error("not a ClientHello");
  in.take(message_header - 1);
  hello.version = in.word();
  const auto random = in.take(32);
  hello.random.assign(random.begin(), random.end());
  const auto session_id = in.vector(1);
  hello.session_id.assign(session_id.begin(), session_id.end());
  if (record_header == dtls_record_header) hello.cookie_bytes = in.vector(1).size();
  for (reader suites(in.vector(2)); !suites.is_at_end();) hello.suites.push_back(suites.word());
  in.vector(1);  // compression methods
  for (reader extensions(in.vector(2)); !extensions.is_at_end();) {
    const auto type = extensions.word();
    const auto content = extensions.vector(2);
    hello.extensions.emplace(type, bytes(content.begin(), content.end()));
  }
  return hello;
}

}  // namespace

client_hello parse_dtls_hello(bytes_view datagram) {
  return parse(datagram, dtls_record_header, dtls_message_header);
}

client_hello parse_tls_hello(bytes_view record) {
  return parse(record, tls_record_header, tls_message_header);
}

bool is_dtls_hello(bytes_view datagram) {
  return datagram.size() > dtls_record_header && datagram[0] == handshake_record &&
         datagram[dtls_record_header] == client_hello_message;
}

}  // namespace tlsmodem::test
