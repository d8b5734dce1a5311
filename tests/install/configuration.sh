#!/bin/bash
# Installs again over a configuration: one that somebody changed stays, and the new default comes beside it.
#   configuration.sh BUILD_DIRECTORY
set -euo pipefail

build=$1
default=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$build/CMakeCache.txt")/configs/tlsmodemd.conf
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
fail() {
  echo "FAILED: $*"
  exit 1
}
# The directory of the configuration.
found() { dirname "$(find "$stage/$1" -path '*/etc/tlsmodemd/tlsmodemd.conf')"; }

# into NAME: as a package is made, with DESTDIR. below NAME: with a prefix.
into() { DESTDIR=$stage/$1 cmake --install "$build" --component daemon >"$stage/log"; }
below() { cmake --install "$build" --component daemon --prefix "$stage/$1" >"$stage/log"; }

for way in into below; do
  $way "$way"
  directory=$(found "$way")
  cmp "$default" "$directory/tlsmodemd.conf" || fail "$way: the first installation brings the default"
  $way "$way"
  [[ $(ls "$directory") == tlsmodemd.conf ]] || fail "$way: the same default comes twice"

  echo 'log-level = debug' >"$directory/tlsmodemd.conf"
  $way "$way"
  [[ $(cat "$directory/tlsmodemd.conf") == 'log-level = debug' ]] || fail "$way: the changed configuration is lost"
  cmp "$default" "$directory/tlsmodemd.conf.new" || fail "$way: the new default is not beside it"
  grep --quiet "^-- Keeping: .*/tlsmodemd.conf; .* tlsmodemd.conf.new " "$stage/log" || fail "$way: nothing is said of it"

  echo 'of an older version' >"$directory/tlsmodemd.conf.new"
  $way "$way"
  cmp "$default" "$directory/tlsmodemd.conf.new" || fail "$way: the default beside it stays old"
  echo "ok: $way"
done
