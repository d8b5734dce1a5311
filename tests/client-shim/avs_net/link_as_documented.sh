#!/bin/bash
# Links an application in C against installed libraries, with the flags that docs/shim.md gives and with those of
# pkg-config. The shared client library lies beside the static ones, as it does after an installation.
#   link_as_documented.sh SOURCE_DIRECTORY CC VERSION ADAPTER DOUBLE CLIENT SHARED_CLIENT PROTOCOL
set -euo pipefail

source=$1 cc=$2 version=$3 adapter=$4 double=$5 client=$6 shared=$7 protocol=$8
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
mkdir "$prefix/lib"
cp "$adapter" "$prefix/lib/libtlsmodem-avs-net.a"
cp "$client" "$prefix/lib/libtlsmodem-client.a"
cp "$protocol" "$prefix/lib/libtlsmodem-protocol.a"
cp "$shared" "$prefix/lib/libtlsmodem-client.so"

documented=$(sed -n 's/.*-DCMAKE_C_STANDARD_LIBRARIES=\(.*\)"$/\1/p' "$source/docs/shim.md" | sed "s|\$prefix|$prefix|")
for one in avs-net client protocol; do
  sed -e "s|@CMAKE_INSTALL_PREFIX@|$prefix|; s|@CMAKE_INSTALL_FULL_LIBDIR@|$prefix/lib|" \
    -e "s|@CMAKE_INSTALL_FULL_INCLUDEDIR@|$prefix/include|; s|@PROJECT_VERSION@|$version|" \
    "$source/cmake/tlsmodem-$one.pc.in" >"$prefix/tlsmodem-$one.pc"
done
packaged=$(PKG_CONFIG_PATH=$prefix pkg-config --libs --static tlsmodem-avs-net)

"$cc" -I"$source/tests/avs_double/include" -I"$source/tests/avs_double" -I"$source" -c \
  "$source/tests/client-shim/avs_net/c_program.c" -o "$prefix/program.o"
for flags in "$documented" "$packaged"; do
  [[ $flags == *"$prefix/lib"* ]] || { echo "no flags: $flags"; exit 1; }
  # The double and the adapter call each other, as avs_net and the adapter do.
  # shellcheck disable=SC2086 # words on purpose
  "$cc" "$prefix/program.o" -Wl,--start-group "$double" $flags -Wl,--end-group -o "$prefix/program"
  [[ $(ldd "$prefix/program") != *libtlsmodem* ]] || { echo "needs a shared library: $flags"; exit 1; }
  echo "ok: ${flags//$prefix/PREFIX}"
done
