// What all channels of the daemon share. Lives as long as the daemon; one thread.
#pragma once

#include "daemon/net/resolver.hpp"
#include "daemon/settings/settings.hpp"
#include "daemon/socket/profile.hpp"
#include "daemon/store/credential_store.hpp"
#include "daemon/store/session_store.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <map>
#include <string>

namespace tlsmodem {

struct services {
  boost::asio::io_context& io;
  net::resolver& resolver;
  credential_store& credentials;
  session_store& sessions;
  settings config;                                       // of the last good load
  std::map<std::string, profile, std::less<>> profiles;  // the named profiles of `config`
  std::size_t open_sockets = 0;                          // of all channels
};

// Makes the named profiles of a configuration; its values were validated when it was loaded.
std::map<std::string, profile, std::less<>> make_profiles(const settings& config);
// The validator of profile options that load() wants.
std::optional<std::string> validate_profile_option(std::string_view option, std::string_view value);

}  // namespace tlsmodem
