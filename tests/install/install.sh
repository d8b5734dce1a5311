#!/bin/bash
# Installs a build into a directory of its own and uses it as others would: by find_package, by pkg-config, by its
# headers.
#   install.sh BUILD_DIRECTORY
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

DESTDIR=$stage cmake --install "$1" >"$stage/install.log"
prefix=$stage$(sed -n 's/^CMAKE_INSTALL_PREFIX:PATH=//p' "$1/CMakeCache.txt")
packages=$(find "$prefix" -name 'tlsmodem-*.pc' -printf '%h\n' | sort --unique)
export PKG_CONFIG_PATH=$packages PKG_CONFIG_SYSROOT_DIR=$stage
modules=$(find "$packages" -name 'tlsmodem-*.pc' -printf '%f\n' | sed 's/\.pc$//')
# shellcheck disable=SC2086 # words on purpose, here and below
flags=$(pkg-config --cflags $modules)

cmake -G Ninja -S "$here/consumer" -B "$stage/consumer" -DCMAKE_PREFIX_PATH="$prefix" >"$stage/configure.log" ||
  { cat "$stage/configure.log"; exit 1; }
cmake --build "$stage/consumer"
"$stage/consumer/consumer"
echo 'ok: find_package'

# shellcheck disable=SC2086,SC2046
c++ -std=c++20 $flags "$here/consumer/main.cpp" -o "$stage/by_pkg_config" $(pkg-config --libs --static $modules)
"$stage/by_pkg_config"
echo 'ok: pkg-config'

while read -r header; do
  # shellcheck disable=SC2086
  echo "#include <${header#"$prefix/include/"}>" | c++ -std=c++20 $flags -fsyntax-only -Wall -Wextra -Werror -x c++ - ||
    { echo "$header does not stand alone"; exit 1; }
done < <(find "$prefix/include/tlsmodem" -name '*.hpp' -o -name '*.h')
echo 'ok: every header stands alone'

if [[ -e $prefix/bin/tlsmodemd ]]; then
  "$prefix/bin/tlsmodemd" --version
  "$prefix/bin/tlsmodemd" --check-config --config "$(find "$stage" -path '*/etc/tlsmodemd/tlsmodemd.conf')"
  for file in lib/systemd/system/tlsmodemd.service lib/systemd/system/tlsmodemd.socket lib/sysusers.d/tlsmodemd.conf \
    share/man/man8/tlsmodemd.8 share/man/man5/tlsmodemd.conf.5 share/man/man7/tlsmodem-at.7; do
    [[ -f $prefix/$file ]] || { echo "$file is missing"; exit 1; }
  done
  grep --quiet "^ExecStart=${prefix#"$stage"}/bin/tlsmodemd$" "$prefix/lib/systemd/system/tlsmodemd.service"
  echo 'ok: the daemon'
fi
