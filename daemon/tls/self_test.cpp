#include "self_test.hpp"

#include "engine.hpp"
#include "wire.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

namespace tlsmodem::tls {
namespace {

constexpr std::string_view example_key = "self-test";
constexpr std::string_view example_identity = "device";
constexpr std::string_view example_cookie = "cookie";
constexpr std::uint16_t psk_with_aes_128_gcm = 0x00a8;
constexpr std::size_t datagram_limit = 1200;
// ClientHello, the one with the cookie, and that with Finished.
constexpr unsigned expected_flights = 3;
// Each flight is repeated when it was lost, and again when its answer was.
constexpr unsigned repeats_of_flight = 2;
constexpr unsigned max_rounds = 20;

unsigned give_key(SSL*, const char* identity, unsigned char* key, unsigned room) {
  if (identity != example_identity || room < example_key.size()) return 0;
  std::memcpy(key, example_key.data(), example_key.size());
  return static_cast<unsigned>(example_key.size());
}

int make_cookie(SSL*, unsigned char* cookie, unsigned* size) {
  std::memcpy(cookie, example_cookie.data(), example_cookie.size());
  *size = static_cast<unsigned>(example_cookie.size());
  return 1;
}

int check_cookie(SSL*, const unsigned char* cookie, unsigned size) {
  return as_text({cookie, size}) == example_cookie ? 1 : 0;
}

ssl_ctx_ptr make_server_context() {
  ssl_ctx_ptr ctx(SSL_CTX_new(DTLS_server_method()));
  if (!ctx) return nullptr;
  SSL_CTX_set_options(ctx.get(), SSL_OP_COOKIE_EXCHANGE | SSL_OP_NO_QUERY_MTU);
  SSL_CTX_set_min_proto_version(ctx.get(), DTLS1_2_VERSION);
  SSL_CTX_set_cipher_list(ctx.get(), "PSK-AES128-GCM-SHA256");
  SSL_CTX_set_psk_server_callback(ctx.get(), give_key);
  SSL_CTX_set_cookie_generate_cb(ctx.get(), make_cookie);
  SSL_CTX_set_cookie_verify_cb(ctx.get(), check_cookie);
  return ctx;
}

// libssl's server on a wire.
class memory_server {
 public:
  explicit memory_server(SSL_CTX* ctx) : ssl_(SSL_new(ctx)) {
    bio_ptr bio = make_wire_bio(wire_);
    if (!ssl_ || !bio) return;
    BIO* const both = bio.release();
    SSL_set_bio(ssl_.get(), both, both);
    SSL_set_accept_state(ssl_.get());
    SSL_set_mtu(ssl_.get(), static_cast<long>(datagram_limit));
    DTLS_set_timer_cb(ssl_.get(), [](SSL*, unsigned) { return std::numeric_limits<unsigned>::max(); });
    is_ready_ = true;
  }
  // libssl forgets the session of a connection that was not closed.
  ~memory_server() {
    if (ssl_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }

  void feed(bytes_view datagram) {
    if (!is_ready_) return;
    wire_.input = datagram;
    std::array<std::uint8_t, 64> buffer;
    std::size_t size = 0;
    if (SSL_is_init_finished(ssl_.get()) == 0) SSL_do_handshake(ssl_.get());
    while (SSL_is_init_finished(ssl_.get()) != 0 &&
           SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &size) == 1)
      received_ += as_text({buffer.data(), size});
    wire_.input = {};
    ERR_clear_error();
  }
  bool send(std::string_view text) {
    std::size_t written = 0;
    return is_ready_ && SSL_write_ex(ssl_.get(), text.data(), text.size(), &written) == 1;
  }
  packet_queue& outgoing() { return wire_.output; }
  const std::string& received() const { return received_; }

 private:
  wire wire_;
  ssl_ptr ssl_;  // after what its BIO points to
  bool is_ready_ = false;
  std::string received_;
};

std::vector<bytes> take_all(packet_queue& from, const tampering& tamper) {
  std::vector<bytes> all;
  for (; !from.empty(); from.pop()) {
    all.emplace_back(from.front().begin(), from.front().end());
    if (tamper) tamper(all.back());
  }
  return all;
}

// One connection over a network that loses each flight of both sides once.
class rehearsal {
 public:
  rehearsal(std::shared_ptr<const context> with, SSL_CTX* server, const tampering& tamper)
      : client_(make_engine(std::move(with), {"192.0.2.1", std::nullopt}, datagram_limit)),
        server_(server),
        tamper_(tamper) {}

  engine& client() { return *client_; }

  // Why it is not as it should be; null when it is.
  const char* play(bytes_view session) {
    if (!session.empty()) client_->offer(session);
    client_->start(now_);
    for (unsigned round = 0; round < max_rounds && client_->state() == engine_state::handshaking; ++round)
      lose_both_flights();
    if (client_->state() != engine_state::established) return "does not come to its end";
    const auto& info = client_->info();
    if (info.resumed == session.empty()) return "is not of the kind that it should be";
    if (info.flights != expected_flights) return "has another number of flights";
    // Nobody waits for the answer to the last flight of an abbreviated one.
    const unsigned waiting = info.resumed ? expected_flights - 1 : expected_flights;
    if (info.retransmissions != waiting * repeats_of_flight) return "has another number of repeats";
    return exchange_data();
  }

 private:
  void wait_for_repeat() {
    if (!client_->deadline()) return;
    now_ = *client_->deadline();
    client_->on_deadline(now_);
  }
  void deliver_to_server() {
    for (const bytes& datagram : take_all(client_->outgoing(), tamper_)) server_.feed(datagram);
  }
  // The flight is lost, then its answer; what the server said is all there after the next repeat.
  void lose_both_flights() {
    take_all(client_->outgoing(), tamper_);
    wait_for_repeat();
    deliver_to_server();
    auto answer = take_all(server_.outgoing(), tamper_);
    wait_for_repeat();
    deliver_to_server();
    for (bytes& repeated : take_all(server_.outgoing(), tamper_)) answer.push_back(std::move(repeated));
    for (const bytes& datagram : answer) client_->feed(datagram, now_);
  }
  const char* exchange_data() {
    // What is lost with the first data is the last flight of an abbreviated handshake.
    take_all(client_->outgoing(), tamper_);
    for (const char* text : {"a", "b"}) {
      if (client_->send(as_bytes(text), now_) != send_outcome::ok) return "leaves keys that protect nothing";
      if (*text == 'a') take_all(client_->outgoing(), tamper_);
    }
    deliver_to_server();
    if (server_.received() != "b") return "leaves the server without our keys";
    if (!server_.send("c")) return "is not done for the server";
    for (const bytes& datagram : take_all(server_.outgoing(), tamper_)) client_->feed(datagram, now_);
    const bool is_there = !client_->incoming().empty() && as_text(client_->incoming().front()) == "c";
    return is_there ? nullptr : "leaves us without the server's keys";
  }

  std::unique_ptr<engine> client_;
  memory_server server_;
  const tampering& tamper_;
  time_point now_{};
};

std::string complaint(const char* kind, const char* what) {
  return std::string("DTLS is refused: a ") + kind + " handshake of the OpenSSL that is loaded (" +
         OpenSSL_version(OPENSSL_VERSION_STRING) + ") " + what;
}

}  // namespace

std::optional<std::string> examine_datagrams(const tampering& tamper) {
  const error_queue_scope scope;
  if (OPENSSL_version_major() == 3 && OPENSSL_version_minor() == 0 && OPENSSL_version_patch() < 3)
    return "DTLS is refused: it needs OpenSSL 3.0.3 or newer";
  context_options options;
  options.psk = pre_shared_key{secret(as_bytes(example_key)), to_bytes(example_identity)};
  options.ciphers = {psk_with_aes_128_gcm};
  options.resumes = true;
  const auto with = build_unexamined_context(options);
  const ssl_ctx_ptr server = make_server_context();
  if (!with) return complaint("full", with.why().text.c_str());
  if (!server) return complaint("full", "needs more memory than there is");
  rehearsal full(*with, server.get(), tamper);
  if (const char* wrong = full.play({})) return complaint("full", wrong);
  const auto sessions = full.client().take_sessions();
  if (sessions.empty()) return complaint("full", "leaves no session");
  rehearsal abbreviated(*with, server.get(), tamper);
  if (const char* wrong = abbreviated.play(sessions.front().state.view()))
    return complaint("abbreviated", wrong);
  return std::nullopt;
}

const std::optional<std::string>& datagrams_refused() {
  static const auto outcome = examine_datagrams();
  return outcome;
}

}  // namespace tlsmodem::tls
