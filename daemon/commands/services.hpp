// What all channels of the daemon share. Lives as long as the daemon; one thread.
#pragma once

#include "daemon/net/resolver.hpp"
#include "daemon/pkcs11/tokens.hpp"
#include "daemon/settings/settings.hpp"
#include "daemon/socket/profile.hpp"
#include "daemon/store/association_store.hpp"
#include "daemon/store/credential_store.hpp"
#include "daemon/store/session_store.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace tlsmodem {

using named_profiles = std::map<std::string, profile, std::less<>>;

class modem;

struct services {
  boost::asio::io_context& io;
  net::resolver& resolver;
  credential_store& credentials;
  session_store& sessions;
  association_store& associations;
  std::shared_ptr<pkcs11::tokens> tokens;
  settings config;               // of the last good load
  named_profiles profiles;       // the named profiles of `config`
  std::size_t open_sockets = 0;  // of all channels
  std::set<modem*> modems{};     // of all channels
};

// Makes the named profiles of a configuration. Each value was validated when it was loaded; what may still be
// wrong is that there are too many. The failure's text is one line that names the place.
at::result<named_profiles> make_profiles(const settings& config);
// The validator of profile options that load() wants.
std::optional<std::string> validate_profile_option(std::string_view option, std::string_view value);

}  // namespace tlsmodem
