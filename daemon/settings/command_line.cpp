#include "keys.hpp"
#include "settings.hpp"

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <openssl/crypto.h>

#include <exception>
#include <set>
#include <sstream>
#include <string>

namespace tlsmodem {
namespace {

namespace po = boost::program_options;

po::options_description all_options() {
  constexpr unsigned columns = 100;
  po::options_description options("Options", columns);
  options.add_options()("help,h", "show this text")("version",
                                                    "show the versions of the daemon and of OpenSSL")(
      "check-config", "read the configuration, say what is wrong with it, and exit")(
      "config", po::value<std::string>()->value_name("FILE"), "configuration file");
  for (const setting_key& key : setting_keys()) {
    options.add_options()(std::string(key.name).c_str(),
                          po::value<std::string>()->value_name(std::string(key.argument)),
                          std::string(key.help).c_str());
  }
  return options;
}

at::failure usage_error(const std::string& text) {
  return {at::error::incorrect_parameters, "tlsmodemd: " + text + " (tlsmodemd --help lists the options)"};
}

// Help before version before check: whoever asks for help gets it.
void take_task(command_line& line, task asked) {
  if (asked > line.what) {
    line.what = asked;
  }
}

// Returns what is wrong with the option.
std::optional<std::string> take_option(command_line& line, const std::string& name,
                                       const std::string& value) {
  if (name == "help") {
    take_task(line, task::show_help);
  } else if (name == "version") {
    take_task(line, task::show_version);
  } else if (name == "check-config") {
    take_task(line, task::check_config);
  } else if (name == "config") {
    line.config_file = value;
  } else {
    settings scratch;
    if (auto wrong = store(*find_key(name), value, scratch)) {
      return wrong;
    }
    line.overrides.emplace_back(name, value);
  }
  return std::nullopt;
}

at::result<command_line> from_options(const std::vector<po::option>& options) {
  command_line line;
  std::set<std::string> seen;
  for (const po::option& option : options) {
    if (!seen.insert(option.string_key).second) {
      return usage_error("--" + option.string_key + " is given twice");
    }
    const std::string value = option.value.empty() ? std::string() : option.value.front();
    if (const auto wrong = take_option(line, option.string_key, value)) {
      return usage_error("--" + option.string_key + ' ' + *wrong);
    }
  }
  return line;
}

}  // namespace

at::result<command_line> parse_command_line(std::span<const char* const> arguments) {
  if (!arguments.empty()) {
    arguments = arguments.subspan(1);  // the program's name
  }
  // No guessing: an abbreviation that works today is ambiguous tomorrow.
  using namespace po::command_line_style;
  constexpr int style = unix_style & ~allow_guessing;
  const po::options_description known = all_options();
  try {
    po::command_line_parser parser(std::vector<std::string>(arguments.begin(), arguments.end()));
    const po::positional_options_description none;
    return from_options(parser.options(known).positional(none).style(style).run().options);
  } catch (const std::exception& error) {  // how Program_options reports
    return usage_error(error.what());
  }
}

std::string help_text() {
  std::ostringstream text;
  text << "Usage: tlsmodemd [OPTION]...\n"
          "A (D)TLS-offloading modem: does TLS and DTLS for the clients of a Unix socket, by AT commands.\n\n"
       << all_options() << "\nWithout --config, " << default_config_file()
       << " is read if it exists. Exit status: 0 stopped or checked, 64 usage, 78 configuration.\n"
          "See tlsmodemd(8), tlsmodemd.conf(5), tlsmodem-at(7).\n";
  return text.str();
}

std::string version_text() {
  return std::string("tlsmodemd " TLSMODEM_VERSION " (") + OpenSSL_version(OPENSSL_VERSION) + ")\n";
}

std::string default_config_file() { return TLSMODEM_CONFIG_FILE; }

}  // namespace tlsmodem
