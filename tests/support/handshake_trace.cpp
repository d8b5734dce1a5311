#include "handshake_trace.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace tlsmodem::test {
namespace {

constexpr std::uint8_t change_cipher_spec_record = 20;
constexpr std::uint8_t handshake_record = 22;
constexpr std::uint8_t application_data_record = 23;
constexpr std::size_t dtls_record_header = 13;
constexpr std::size_t dtls_message_header = 12;
constexpr std::size_t tls_record_header = 5;
constexpr std::size_t tls_message_header = 4;

std::size_t number_at(bytes_view data, std::size_t offset, std::size_t size) {
  if (offset + size > data.size()) throw std::runtime_error("a message is cut off");
  std::size_t value = 0;
  for (const auto byte : data.subspan(offset, size)) value = value << 8 | byte;
  return value;
}

bytes copy(bytes_view data, std::size_t offset, std::size_t size) {
  if (offset + size > data.size()) throw std::runtime_error("a message is cut off");
  const auto part = data.subspan(offset, size);
  return {part.begin(), part.end()};
}

// `body`: behind the message header.
server_hello parse_server_hello(bytes_view body) {
  server_hello hello;
  hello.random = copy(body, 2, 32);
  const std::size_t id_at = 2 + 32;
  const auto id_size = number_at(body, id_at, 1);
  hello.session_id = copy(body, id_at + 1, id_size);
  hello.suite = static_cast<std::uint16_t>(number_at(body, id_at + 1 + id_size, 2));
  std::size_t at = id_at + 1 + id_size + 2 + 1;  // suite, compression
  if (at == body.size()) return hello;           // no extensions
  for (at += 2; at < body.size();) {
    const auto size = number_at(body, at + 2, 2);
    hello.extensions.emplace(static_cast<std::uint16_t>(number_at(body, at, 2)), copy(body, at + 4, size));
    at += 4 + size;
  }
  return hello;
}

void count(handshake_trace& trace, const conversation& passed) {
  for (std::size_t i = 0; i < passed.size(); ++i) {
    const auto& [is_from_client, data] = passed[i];
    (is_from_client ? trace.client_bytes : trace.server_bytes) += data.size();
    if (i == 0 || passed[i - 1].is_from_client != is_from_client) ++trace.flights;
    if (trace.flights == 2) trace.second_flight_bytes += data.size();
  }
}

// What a DTLS endpoint sends again, because a timer was faster than its peer, is no part of the handshake.
class dtls_counter {
 public:
  handshake_trace trace;

  void note(const passage& what) {
    is_from_client_ = what.is_from_client;
    brings_ = content::protected_only;
    const bytes_view datagram(what.data);
    for (std::size_t at = 0; at + dtls_record_header <= datagram.size();) {
      const auto size = dtls_record_header + number_at(datagram, at + 11, 2);
      if (at + size > datagram.size()) break;
      note_record(datagram.subspan(at, size));
      at += size;
    }
    if (brings_ == content::repeats) return;
    (is_from_client_ ? trace.client_bytes : trace.server_bytes) += datagram.size();
    if (brings_ == content::news && last_turn_ != is_from_client_) {
      ++trace.flights;
      last_turn_ = is_from_client_;
    }
    if (trace.flights == 2) trace.second_flight_bytes += datagram.size();
  }

 private:
  enum class content : std::uint8_t { protected_only, repeats, news };
  // Direction, type, message_seq, fragment_offset.
  using fragment = std::tuple<bool, std::uint8_t, std::size_t, std::size_t>;

  // One record; handshake messages of our peers do not share records.
  void note_record(bytes_view record) {
    if (number_at(record, 3, 2) != 0) return;
    if (record[0] == change_cipher_spec_record) is_new({is_from_client_, 0, 0, 0});
    if (record[0] != handshake_record) return;
    const auto body = record.subspan(dtls_record_header);
    const auto offset = number_at(body, 6, 3);
    if (!is_new({is_from_client_, body[0], number_at(body, 4, 2), offset}) || offset != 0) return;
    (is_from_client_ ? trace.from_client : trace.from_server).insert(body[0]);
    if (body[0] == message::client_hello) trace.hellos.push_back(parse_dtls_hello(record));
    if (body[0] == message::server_hello && !trace.answer)
      trace.answer = parse_server_hello(body.subspan(dtls_message_header));
  }

  bool is_new(const fragment& what) {
    const bool is = seen_.insert(what).second;
    if (is) {
      brings_ = content::news;
    } else if (brings_ == content::protected_only) {
      brings_ = content::repeats;
    }
    return is;
  }

  std::set<fragment> seen_;
  std::optional<bool> last_turn_;
  bool is_from_client_ = false;
  content brings_ = content::protected_only;
};

// The handshake messages of one direction up to ChangeCipherSpec or protected data, joined.
bytes clear_messages(const conversation& passed, bool is_from_client) {
  bytes stream;
  for (const auto& each : passed)
    if (each.is_from_client == is_from_client)
      stream.insert(stream.end(), each.data.begin(), each.data.end());
  bytes messages;
  const bytes_view data(stream);
  for (std::size_t at = 0; at + tls_record_header <= data.size();) {
    const auto type = data[at];
    const auto size = number_at(data, at + 3, 2);
    if (type == change_cipher_spec_record || type == application_data_record) break;
    if (at + tls_record_header + size > data.size()) break;  // still on its way
    const auto content = data.subspan(at + tls_record_header, size);
    if (type == handshake_record) messages.insert(messages.end(), content.begin(), content.end());
    at += tls_record_header + size;
  }
  return messages;
}

void note_tls_messages(handshake_trace& trace, bool is_from_client, bytes_view messages) {
  for (std::size_t at = 0; at + tls_message_header <= messages.size();) {
    const auto size = number_at(messages, at + 1, 3);
    if (at + tls_message_header + size > messages.size()) break;
    (is_from_client ? trace.from_client : trace.from_server).insert(messages[at]);
    if (messages[at] == message::server_hello && !trace.answer)
      trace.answer = parse_server_hello(messages.subspan(at + tls_message_header, size));
    at += tls_message_header + size;
  }
}

}  // namespace

server_hello parse_dtls_server_hello(bytes_view record) {
  const auto content_at = dtls_record_header + dtls_message_header;
  if (number_at(record, dtls_record_header, 1) != message::server_hello)
    throw std::runtime_error("not a ServerHello");
  const auto size = number_at(record, dtls_record_header + 1, 3);
  return parse_server_hello(record.subspan(content_at, std::min(size, record.size() - content_at)));
}

handshake_trace trace_dtls(const conversation& passed) {
  dtls_counter counter;
  for (const auto& each : passed) counter.note(each);
  return std::move(counter.trace);
}

handshake_trace trace_tls(const conversation& passed) {
  handshake_trace trace;
  count(trace, passed);
  if (!passed.empty() && passed.front().is_from_client)
    trace.hellos.push_back(parse_tls_hello(passed.front().data));
  note_tls_messages(trace, true, clear_messages(passed, true));
  note_tls_messages(trace, false, clear_messages(passed, false));
  return trace;
}

}  // namespace tlsmodem::test
