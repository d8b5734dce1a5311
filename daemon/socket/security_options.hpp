// The options of a profile that say whom a socket trusts and what it offers; profile.cpp has the table of
// all.
#pragma once

#include "option_values.hpp"
#include "profile.hpp"

namespace tlsmodem::security_options {

using option_values::outcome;
using option_values::values;

outcome set_version(profile& p, at::arguments& in);
values get_version(const profile& p);
outcome set_ciphers(profile& p, at::arguments& in);
values get_ciphers(const profile& p);
outcome set_verify(profile& p, at::arguments& in);
values get_verify(const profile& p);
outcome set_sni(profile& p, at::arguments& in);
values get_sni(const profile& p);
outcome set_alpn(profile& p, at::arguments& in);
values get_alpn(const profile& p);
outcome set_dane(profile& p, at::arguments& in);
values get_dane(const profile& p);
outcome set_cid(profile& p, at::arguments& in);
values get_cid(const profile& p);
outcome set_legacy(profile& p, at::arguments& in);
values get_legacy(const profile& p);

}  // namespace tlsmodem::security_options
