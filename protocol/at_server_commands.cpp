// The commands that change how the channel itself talks. Their state is at_server's, so they are its members.
#include "at_server.hpp"

namespace tlsmodem::at {
namespace {

outcome refuse(std::string why) { return outcome::failed({error::incorrect_parameters, std::move(why)}); }

}  // namespace

outcome at_server::answer_test(const request& what, response& answer) {
  if (what.command.id == command_id::s_register) return s_register(what, answer);
  if (!what.command.values.empty())
    answer.line(std::string(what.command.name) + ": " + std::string(what.command.values));
  return outcome::done();
}

std::optional<outcome> at_server::execute_own(const request& what, response& answer) {
  switch (what.command.id) {
    case command_id::echo:
      return set_flag(what, settings_.echo);
    case command_id::quiet:
      return set_flag(what, settings_.quiet);
    case command_id::verbose:
      return set_flag(what, settings_.verbose);
    case command_id::s_register:
      return s_register(what, answer);
    case command_id::reset:
    case command_id::factory_defaults:
      reset();
      return outcome::done();
    case command_id::error_format:
      return error_format(what, answer);
    case command_id::last_failure:
      answer.line("+CEER: " + quote(last_failure_));
      return outcome::done();
    case command_id::list_commands:
      list_commands(answer);
      return outcome::done();
    case command_id::prompt:
      return prompt(what, answer);
    default:
      return std::nullopt;
  }
}

// V.250 5.3.1: a missing number is 0.
outcome at_server::set_flag(const request& what, bool& flag) {
  arguments values(what.values);
  const auto number = values.number_or(0, 0, 1);
  if (auto wrong = values.finish()) return outcome::failed(std::move(*wrong));
  flag = number == 1;
  return outcome::done();
}

outcome at_server::s_register(const request& what, response& answer) {
  const auto number = what.s_register;
  char* const reg = number == 3   ? &settings_.s3
                    : number == 4 ? &settings_.s4
                    : number == 5 ? &settings_.s5
                                  : nullptr;
  if (reg == nullptr) return refuse("Only the registers S3, S4 and S5 exist.");
  if (what.is == form::test) {
    answer.line("(0-127)");
    return outcome::done();
  }
  if (what.is == form::read) {
    std::string text = std::to_string(static_cast<int>(*reg));
    text.insert(0, 3 - text.size(), '0');  // V.250 5.3.2: three digits
    answer.line(text);
    return outcome::done();
  }
  arguments values(what.values);
  const auto character = values.number_or(0, 0, 127);
  if (auto wrong = values.finish()) return outcome::failed(std::move(*wrong));
  *reg = static_cast<char>(character);
  framer_.set_carriage_return(settings_.s3);
  framer_.set_backspace(settings_.s5);
  return outcome::done();
}

outcome at_server::error_format(const request& what, response& answer) {
  if (what.is == form::read) {
    answer.line("+CMEE: " + std::to_string(settings_.error_format));
    return outcome::done();
  }
  arguments values(what.values);
  const auto number = values.number_or(0, 0, 2);
  if (auto wrong = values.finish()) return outcome::failed(std::move(*wrong));
  settings_.error_format = static_cast<int>(number);
  return outcome::done();
}

outcome at_server::prompt(const request& what, response& answer) {
  if (what.is == form::read) {
    answer.line("#TPROMPT: " + std::to_string(settings_.prompt ? 1 : 0));
    return outcome::done();
  }
  arguments values(what.values);
  const auto number = values.number(0, 1);
  if (auto wrong = values.finish()) return outcome::failed(std::move(*wrong));
  settings_.prompt = number == 1;
  return outcome::done();
}

void at_server::list_commands(response& answer) {
  for (const auto& command : command_set()) answer.line("AT" + std::string(command.name));
}

void at_server::reset() {
  settings_ = {};
  settings_.echo = initial_echo_ == initial_echo::on;
  framer_.set_carriage_return(settings_.s3);
  framer_.set_backspace(settings_.s5);
  handler_.reset();
}

}  // namespace tlsmodem::at
