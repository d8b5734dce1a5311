#include "data_fixture.hpp"

#include "protocol/commands/receive.hpp"
#include "protocol/commands/send.hpp"

#include <stdexcept>

namespace tlsmodem::test {

std::string random_bytes(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::string data(count, '\0');
  for (char& byte : data) byte = static_cast<char>(random());
  return data;
}

std::vector<std::string> awkward_payloads() {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte.push_back(static_cast<char>(byte));
  return {every_byte,
          "\r\nOK\r\n",
          "\r\n#TDOWN: 1,0,-1,\"\"\r\n",
          "+++",
          std::string(1, '\0'),
          "\"",
          "\\",
          "\x1a",
          "\x1b",
          "\n",
          "\r",
          "> ",
          "A/",
          "AT\r",
          std::string(3, '\b')};
}

void configure(test_channel& channel, const std::vector<std::string>& options) {
  for (const auto& option : options) channel.ok("AT#TCFG=0," + option);
}

void send_in_chunks(test_channel& channel, int id, std::string_view data, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::size_t> sizes(1, 40'000);
  while (!data.empty()) {
    const auto piece = data.substr(0, sizes(random));
    const auto line = at::format(at::send_request{id, piece.size(), true, false}) + "\r";
    if (auto wrong = channel.raw().write(line + std::string(piece), deadline()))
      throw std::runtime_error("send: " + wrong->text);
    data.remove_prefix(piece.size());
  }
}

std::string receive_exactly(test_channel& channel, std::size_t count) {
  std::string all;
  while (all.size() < count) all += channel.receive();
  return all;
}

void expect_growth_below([[maybe_unused]] long limit_kib, [[maybe_unused]] long before_kib,
                         [[maybe_unused]] long now_kib) {
#if !defined(__SANITIZE_ADDRESS__)
  EXPECT_LT(now_kib - before_kib, limit_kib);
#endif
}

received_frame take(test_channel& channel, int id, std::optional<std::size_t> max_bytes) {
  const auto line = "AT#TRECV=" + std::to_string(id) + (max_bytes ? "," + std::to_string(*max_bytes) : "");
  const auto answer = channel.command(line);
  if (!answer.is_ok || answer.lines.size() != 1) throw std::runtime_error("no frame");
  const auto frame = at::parse_receive_answer(answer.lines.front().line);
  if (!frame) throw std::runtime_error(answer.lines.front().line);
  return {std::string(as_text(answer.lines.front().payload)), frame->unread_bytes, frame->is_truncated};
}

tls_echo::tls_echo(int port)
    : process_([&] {
        const auto server = self_sign({.common_name = "echo", .ip = {"127.0.0.1"}});
        write_file(directory_.path("echo.pem"), to_pem(server.certificate.get()) + to_pem(server.key.get()));
        return process({"socat",
                        "OPENSSL-LISTEN:" + std::to_string(port) +
                            ",bind=127.0.0.1,reuseaddr,fork,verify=0," +
                            "cert=" + directory_.path("echo.pem"),
                        "PIPE"});
      }()) {
  if (!eventually([&] { return is_tcp_port_listening(port); })) throw std::runtime_error("socat");
}

int data_test::connected(const std::string& protocol, const std::vector<std::string>& more_options) {
  configure(channel_, protocol == "tls" ? tls_echo::profile()
                                        : std::vector<std::string>{"\"proto\"," + at::quote(protocol)});
  configure(channel_, more_options);
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", port);
  return id;
}

}  // namespace tlsmodem::test
