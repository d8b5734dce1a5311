// The commands' requests: what format() writes, the parser reads back; ranges, defaults, surplus.
#include "protocol/command_line.hpp"
#include "protocol/commands/bind.hpp"
#include "protocol/commands/cfg.hpp"
#include "protocol/commands/connect.hpp"
#include "protocol/commands/credential.hpp"
#include "protocol/commands/open.hpp"
#include "protocol/commands/receive.hpp"
#include "protocol/commands/send.hpp"
#include "protocol/commands/session.hpp"
#include "protocol/commands/shut.hpp"
#include "protocol/event.hpp"
#include "scripted_handler.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::at {
namespace {

// The values of the one command of a line.
std::vector<value> values_of(std::string_view line, std::string_view name) {
  EXPECT_TRUE(line.starts_with("AT")) << line;
  const auto parsed = parse_command_line(line.substr(2));
  EXPECT_FALSE(parsed.ends_in_rubbish) << line;
  EXPECT_EQ(parsed.commands.size(), 1U) << line;
  if (parsed.commands.size() != 1) return {};
  EXPECT_EQ(parsed.commands.front().name, name);
  EXPECT_EQ(parsed.commands.front().is, form::set);
  auto values = parse_values(parsed.commands.front().arguments);
  EXPECT_TRUE(values) << line;
  return values ? *values : std::vector<value>{};
}

template <typename Parse>
void expect_refused(Parse parse, std::initializer_list<std::string_view> rows,
                    error expected = error::incorrect_parameters) {
  for (const auto row : rows) {
    const auto values = parse_values(row);
    ASSERT_TRUE(values) << row;
    const auto parsed = parse(*values);
    EXPECT_FALSE(parsed) << row;
    if (!parsed) {
      EXPECT_EQ(parsed.why().code, expected) << row;
    }
  }
}

template <typename Parse>
void expect_taken(Parse parse, std::initializer_list<std::string_view> rows) {
  for (const auto row : rows) {
    const auto values = parse_values(row);
    ASSERT_TRUE(values) << row;
    EXPECT_TRUE(parse(*values)) << row;
  }
}

constexpr int max_id = 0x7fffffff;

TEST(commands, open) {
  for (const int profile : {0, 15}) {
    const open_request request{profile};
    EXPECT_EQ(*parse_open(values_of(format(request), "#TOPEN")), request);
  }
  expect_refused(parse_open, {"", "16", "-1", "0,1", "0,", "\"0\"", ","});
  EXPECT_EQ(format_opened(3), "#TOPEN: 3");
  EXPECT_EQ(format_listed(3, "dtls", socket_state::listening), "#TOPEN: 3,\"dtls\",\"listening\"");
}

TEST(commands, resume) {
  for (const std::string& handle : {std::string(32, 'a'), std::string("a\"\0b", 4)}) {
    const resume_request request{max_id, handle};
    EXPECT_EQ(*parse_resume(values_of(format(request), "#TRESUME")), request);
  }
  expect_refused(parse_resume, {"", "1", "1,2", ",\"a\"", "-1,\"a\"", "1,\"a\",1"});
}

TEST(commands, rehandshake) {
  for (const bool is_abbreviated : {false, true}) {
    const rehandshake_request request{3, is_abbreviated};
    EXPECT_EQ(*parse_rehandshake(values_of(format(request), "#TREHS")), request);
  }
  expect_refused(parse_rehandshake, {"", "1,2", "1,-1", "1,0,0", "\"1\""});
  expect_taken(parse_rehandshake, {"1", "1,", "1,0"});
}

TEST(commands, forget) {
  for (const std::optional<std::string>& handle :
       {std::optional<std::string>(), std::optional<std::string>("h")}) {
    const forget_request request{handle};
    EXPECT_EQ(*parse_forget(values_of(format(request), "#TSESS")), request);
  }
  expect_refused(parse_forget, {"", "\"all\"", "1", "\"forget\",1", "\"forget\",\"h\",1"});
  const listed_session listed{"h", "host", 5684, "DTLSv1.2", "SUITE", 1, 2, session_kind::ticket};
  EXPECT_EQ(format(listed), "#TSESS: \"h\",\"host\",5684,\"DTLSv1.2\",\"SUITE\",1,2,\"ticket\"");
  EXPECT_EQ(*parse_listed_session(format(listed)), listed);
  for (const std::string_view line :
       {"", "#TSESS:", "#TSESS: \"h\",\"host\",65536,\"\",\"\",1,2,\"id\"", "#TUP: 1"})
    EXPECT_FALSE(parse_listed_session(line)) << line;
}

TEST(commands, bind) {
  for (const std::string_view address : {"", "*", "::1", "10.0.0.1"}) {
    for (const int port : {0, 65535}) {
      const bind_request request{max_id, std::string(address), static_cast<std::uint16_t>(port)};
      EXPECT_EQ(*parse_bind(values_of(format(request), "#TBIND")), request);
    }
  }
  expect_refused(parse_bind, {"", "0", "0,\"::\"", "0,\"::\",65536", "0,\"::\",-1", "0,\"::\",1,1", "0,1,1",
                              "2147483648,\"::\",1", "0,,1", "0,\"::1\\00\",1"});
}

TEST(commands, connect) {
  for (const std::string& host :
       {std::string("h"), std::string(max_host_bytes, 'h'), std::string("a\"b\\c\r\n")}) {
    for (const std::string_view preferred : {"", "10.0.0.1"}) {
      const connect_request request{0, host, 65535, std::string(preferred)};
      EXPECT_EQ(*parse_connect(values_of(format(request), "#TCONN")), request);
    }
  }
  expect_taken(parse_connect, {"0,\"h\",1", "0,\"h\",1,", "0,\"h\",1,\"\""});
  expect_refused(parse_connect, {"", "0,\"h\"", "0,\"h\",0", "0,\"h\",65536", "0,\"\",1", "0,\"a\\00b\",1",
                                 "0,\"h\",1,\"a\\00\"", "0,\"h\",1,\"a\",1", "0,5,1"});
  const std::string too_long = "0,\"" + std::string(max_host_bytes + 1, 'h') + "\",1";
  expect_refused(parse_connect, {too_long}, error::string_too_long);
}

TEST(commands, send) {
  for (const bool is_quiet : {false, true}) {
    for (const bool is_last : {false, true}) {
      const send_request request{max_id, 65536, is_quiet, is_last};
      EXPECT_EQ(*parse_send(values_of(format(request), "#TSEND")), request);
    }
  }
  EXPECT_EQ(format(send_request{1, 2, false, false}), "AT#TSEND=1,2");
  expect_taken(parse_send, {"0,0", "0,0,", "0,2147483647,3"});
  expect_refused(parse_send,
                 {"", "0", "0,", "0,-1", "0,2147483648", "0,1,4", "0,1,-1", "0,1,0,0", "0,\"1\""});
}

TEST(commands, receive) {
  for (const std::size_t most : {std::size_t{1}, max_payload_bytes}) {
    const receive_request request{7, most};
    EXPECT_EQ(*parse_receive(values_of(format(request), "#TRECV")), request);
  }
  EXPECT_EQ(parse_receive(*parse_values("7"))->max_bytes, max_payload_bytes);
  expect_refused(parse_receive, {"", "7,0", "7,65537", "7,1,1", "-1"});
}

TEST(commands, receive_answer) {
  for (const bool is_truncated : {false, true}) {
    const receive_answer answer{7, max_payload_bytes, 0x7fffffff, is_truncated};
    EXPECT_EQ(*parse_receive_answer(format(answer)), answer);
    EXPECT_EQ(frame_payload_length(format(answer)), max_payload_bytes);
  }
  EXPECT_EQ(format(receive_answer{}), "#TRECV: 0,0,0");
  EXPECT_TRUE(parse_receive_answer("#TRECV: 1,2,3,0,\"new\""));
  for (const std::string_view line : {"", "#TRECV", "#TRECV:", "#TRECV: 1,2", "#TRECV: 1,65537,0",
                                      "#TRX: 1,2,3", "#TRECV: 1,2,-1", "#TRECV: <id>,(1-65536)"}) {
    EXPECT_FALSE(parse_receive_answer(line)) << line;
  }
}

TEST(commands, shut_and_close) {
  for (const bool is_silent : {false, true}) {
    const shut_request request{max_id, is_silent};
    EXPECT_EQ(*parse_shut(values_of(format_shut(request), "#TSHUT")), request);
    EXPECT_EQ(*parse_shut(values_of(format_close(request), "#TCLOSE")), request);
  }
  expect_refused(parse_shut, {"", "0,2", "0,1,1", "0,-1"});
}

TEST(commands, socket_reference) {
  for (const int id : {0, max_id}) {
    const socket_reference request{id};
    EXPECT_EQ(*parse_socket_reference(values_of(format_abort(request), "#TABORT")), request);
    EXPECT_EQ(*parse_socket_reference(values_of(format_reopen(request), "#TREOPEN")), request);
    EXPECT_EQ(*parse_socket_reference(values_of(format_info(request), "#TINFO")), request);
  }
  expect_refused(parse_socket_reference, {"", "-1", "2147483648", "0,0", "\"0\""});
}

TEST(commands, cfg) {
  const value omitted;
  const value number{value::kind::number, -5, {}};
  const value text{value::kind::string, 0, test::all_byte_values()};
  const std::vector<value> lists[] = {{},
                                      {number},
                                      {text},
                                      {text, number},
                                      {omitted},
                                      {omitted, number},
                                      {number, omitted},
                                      {omitted, omitted}};
  for (const auto& values : lists) {
    const cfg_request request{15, "sni", values};
    EXPECT_EQ(*parse_cfg(values_of(format(request), "#TCFG")), request) << format(request);
  }
  const cfg_request all{0, std::nullopt, {}};
  EXPECT_EQ(*parse_cfg(values_of(format(all), "#TCFG")), all);
  expect_refused(parse_cfg, {"", "16", "-1", "0,1", "0,,1", "\"0\""});
  EXPECT_EQ(format_option(1, "ca", std::vector{text}).substr(0, 16), "#TCFG: 1,\"ca\",\"\\");
}

TEST(commands, credential_round_trips) {
  const std::string password = test::all_byte_values();
  for (int type = 0; type < credential_type_count; ++type) {
    for (const auto operation :
         {credential_operation::write, credential_operation::read, credential_operation::remove}) {
      credential_request request;
      request.operation = operation;
      request.tag = max_tag;
      request.type = static_cast<credential_type>(type);
      if (operation == credential_operation::write) {
        request.length = max_payload_bytes;
        request.is_volatile = true;
        request.password = password;
      }
      const auto parsed = parse_credential(values_of(format(request), "#TCRED"));
      ASSERT_TRUE(parsed);
      EXPECT_EQ(parsed->operation, request.operation);
      EXPECT_EQ(parsed->tag, request.tag);
      EXPECT_EQ(parsed->type, request.type);
      EXPECT_EQ(parsed->length, request.length);
      EXPECT_EQ(parsed->is_volatile, request.is_volatile);
      EXPECT_EQ(parsed->password, request.password);
    }
  }
}

TEST(commands, credential_makes_keys) {
  const struct {
    std::string_view values;
    credential_type type;
    bool is_volatile;
  } rows[] = {{"4,7,2", credential_type::private_key, false},
              {"4,7,2,,1", credential_type::private_key, true},
              {"4,0,6", credential_type::key_uri, false}};
  for (const auto& row : rows) {
    const auto parsed = parse_credential(*parse_values(row.values));
    ASSERT_TRUE(parsed) << row.values;
    EXPECT_EQ(parsed->operation, credential_operation::make);
    EXPECT_EQ(parsed->type, row.type);
    EXPECT_EQ(parsed->is_volatile, row.is_volatile);
    EXPECT_EQ(format(*parsed), "AT#TCRED=" + std::string(row.values));
  }
  expect_taken(parse_credential, {"4,7,2,", "4,7,2,0", "4,7,2,,0", "4,7,6,,0"});
}

TEST(commands, credential_lists_by_tag_type_or_none) {
  const struct {
    std::string_view values;
    std::optional<std::int64_t> tag;
    std::optional<credential_type> type;
  } rows[] = {{"1", {}, {}},
              {"1,7", 7, {}},
              {"1,,2", {}, credential_type::private_key},
              {"1,0,0", 0, credential_type::trusted}};
  for (const auto& row : rows) {
    const auto parsed = parse_credential(*parse_values(row.values));
    ASSERT_TRUE(parsed) << row.values;
    EXPECT_EQ(parsed->tag, row.tag);
    EXPECT_EQ(parsed->type, row.type);
    EXPECT_EQ(format(*parsed), "AT#TCRED=" + std::string(row.values));
  }
}

TEST(commands, credential_rejects) {
  expect_refused(parse_credential, {"",
                                    "-1",
                                    "9,1,1",
                                    "0",
                                    "0,1",
                                    "0,1,1",
                                    "0,1,1,-1",
                                    "0,1,1,5,2",
                                    "0,1,1,5,0,1",
                                    "0,,1,5",
                                    "0,1,,5",
                                    "0,2147483648,1,5",
                                    "0,-1,1,5",
                                    "0,1,9,5",
                                    "2,1",
                                    "2,,1",
                                    "3,1",
                                    "2,1,1,1",
                                    "1,1,1,1",
                                    "0,1,7,5",
                                    "5,1,2",
                                    "4",
                                    "4,1",
                                    "4,,2",
                                    "4,1,0",
                                    "4,1,1",
                                    "4,1,3",
                                    "4,1,7",
                                    "4,1,2,1",
                                    "4,1,2,,2",
                                    "4,1,2,,1,\"p\"",
                                    "4,1,6,,1",
                                    "0,1,1,5,0,\"p\",1"});
  const std::string long_password = "0,1,2,5,0,\"" + std::string(max_password_bytes + 1, 'p') + "\"";
  expect_refused(parse_credential, {long_password}, error::string_too_long);
}

TEST(commands, credential_answers) {
  EXPECT_EQ(format_listed(7, credential_type::psk, "ABCD", true), "#TCRED: 7,3,\"ABCD\",1");
  EXPECT_EQ(frame_payload_length(format_listed(7, credential_type::psk, "ABCD", true)), std::nullopt);
  EXPECT_EQ(frame_payload_length(format_read(7, 12)), 12U);
}

}  // namespace
}  // namespace tlsmodem::at
