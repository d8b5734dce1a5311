#include "token_fixture.hpp"

#include <stdexcept>

namespace tlsmodem::test {

std::string name_of(s_server_version version) {
  switch (version) {
    case s_server_version::dtls1_2:
      return "dtls1_2";
    case s_server_version::tls1_2:
      return "tls1_2";
    default:
      return "tls1_3";
  }
}

token_test::token_test(const std::string& more_config)
    : daemon_("pkcs11-module = " + soft_token::module() + "\npkcs11-pin-file = " + token_.pin_file() +
              "\ndevice-name = " + device_name + "\n" + more_config) {
  new_channel();
  keep(0, to_pem(root_.certificate.get()));
}

int token_test::error_of_keeping(int type, std::string_view content) {
  return channel_->error_of(
      "AT#TCRED=0," + std::to_string(tag) + "," + std::to_string(type) + "," + std::to_string(content.size()),
      content);
}

void token_test::keep(int type, std::string_view content) {
  if (error_of_keeping(type, content) != 0) throw std::runtime_error(sentence());
}

std::string token_test::request(int type, const std::string& more) {
  const auto line = "AT#TCRED=4," + std::to_string(tag) + "," + std::to_string(type) + more;
  const auto answer = channel_->command(line);
  if (!answer.is_ok || answer.lines.size() != 1) throw std::runtime_error(line + ": " + sentence());
  const auto& item = answer.lines.front();
  EXPECT_EQ(item.line, "#TCRED: 7," + std::to_string(item.payload.size()));
  return std::string(as_text(item.payload));
}

void token_test::enrol(int type) {
  const auto issued = issue_on(root_, request(type));
  if (!issued.certificate) throw std::runtime_error("the request is not signed by its key");
  keep(1, to_pem(issued.certificate.get()));
}

void token_test::prepare(s_server_version version) {
  const auto* const protocol = version == s_server_version::dtls1_2 ? "dtls" : "tls";
  const auto* const number = version == s_server_version::tls1_3 ? "1.3" : "1.2";
  channel_->ok(std::string("AT#TCFG=0,\"reset\";#TCFG=0,\"proto\",\"") + protocol +
               "\";#TCFG=0,\"version\",\"" + number + "\",\"" + number + "\"");
  channel_->ok("AT#TCFG=0,\"ca\",\"7\";#TCFG=0,\"cert\",\"7\";#TCFG=0,\"key\",\"7\"");
}

int token_test::open(s_server_version version) {
  prepare(version);
  return channel_->open();
}

peer token_test::server(s_server_version version) const {
  return s_server(version, port,
                  {"-cert", files_.write("server.pem", server_), "-CAfile",
                   files_.write_certificate("root.pem", root_), "-Verify", "2", "-verify_return_error"});
}

void token_test::expect_accepted(s_server_version version) {
  const auto accepting = server(version);
  const int id = open(version);
  EXPECT_EQ(channel_->connect_up(id, "127.0.0.1", port).how, 0);
  channel_->send(id, "hello server\n");
  EXPECT_TRUE(accepting.prints("hello server")) << accepting.output();
  accepting.type("hello client\n");
  EXPECT_EQ(channel_->receive(), "hello client\n");
  EXPECT_NE(accepting.output().find(std::string("CN=") + device_name), std::string::npos)
      << accepting.output();
  channel_->ok("AT#TCLOSE=" + std::to_string(id));
}

std::string token_test::sentence() {
  const auto line = channel_->failure_sentence();
  return line.size() > 9 ? line.substr(8, line.size() - 9) : line;
}

}  // namespace tlsmodem::test
