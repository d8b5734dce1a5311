#!/bin/bash
# Every absolute path that the documentation, the configuration and the units name is one that an installation as the
# README has it brings or makes, one of the administrator's files in the configuration's directory, or of another package.
#   paths.sh BUILD_DIRECTORY
set -euo pipefail

build=$1
source=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$build/CMakeCache.txt")
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

# The prefix goes into units when they are configured, so it is configured again, and the daemon that is there installed.
cmake -G Ninja -S "$source" -B "$stage/build" -DCMAKE_INSTALL_PREFIX=/usr -DTLSMODEM_TESTS=OFF -DTLSMODEM_BENCH=OFF \
  >"$stage/log" || { cat "$stage/log"; exit 1; }
cp "$build/daemon/tlsmodemd" "$stage/build/daemon/tlsmodemd"
DESTDIR=$stage/root cmake --install "$stage/build" --component daemon >"$stage/log" || { cat "$stage/log"; exit 1; }

unit=$stage/root/usr/lib/systemd/system/tlsmodemd
# What the units make: the socket, and the state directory.
made=$(sed -n 's/^ListenStream=//p' "$unit.socket")$'\n'/var/lib/$(sed -n 's/^StateDirectory=//p' "$unit.service")
configuration=$(find "$stage/root" -name tlsmodemd.conf -path '*/etc/*' -printf '%h\n')
configuration=${configuration#"$stage/root"}

is_right() {
  local path=$1
  if [[ $path != *tlsmodem* ]]; then
    # Of another package, which the tests need too; its links may lead to one that they do not need. A path of an
    # example's request is none.
    [[ -e $path || -L $path || $path == /time ]]
    return
  fi
  [[ -e $stage/root$path ]] && return
  grep --quiet --line-regexp --fixed-strings "$path" <<<"$made" && return
  # An administrator's secrets and certificates.
  [[ ${path%/*} == "$configuration" && $path =~ \.(pem|psk|identity|pin|key|cred)$ ]]
}

failed=0
count=0
cd "$source"
while IFS=: read -r file path; do
  path=${path#[^/]}
  path=${path%.}
  ((count += 1))
  is_right "$path" || { echo "$file names $path, which is not installed"; failed=1; }
done < <(grep -roE "(^|[][ \"'\`=(:,|])/[a-zA-Z][a-zA-Z0-9_./@%-]*" README.md SECURITY.md docs/security.md docs/shim.md \
  docs/protocol docs/man configs systemd)
((count > 20)) || { echo "only $count paths were found"; exit 1; }
((failed == 0)) && echo "ok: $count paths"
exit "$failed"
