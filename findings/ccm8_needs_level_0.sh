#!/bin/bash
# OpenSSL of Debian 13: a suite whose name is taken, and which is then not there.
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
./packages_of.sh trixie "$work/root" openssl=3.5.9-1~deb13u1
openssl() {
  OPENSSL_CONF=/dev/null "$work"/root/usr/lib64/ld-linux-x86-64.so.2 --library-path "$work/root/usr/lib/x86_64-linux-gnu" \
    "$work/root/usr/bin/openssl" "$@"
}
openssl version
expect() { # WHAT WANTED FOUND
  echo "$1: ${3:-none}"
  [[ $3 == "$2" ]] || { echo "that has changed; it was: ${2:-none}"; exit 1; }
}

suite=PSK-AES128-CCM8
named=$(openssl ciphers -stdname "$suite" | grep --count " $suite " || true)
expect "lines of 'openssl ciphers $suite', which takes the name" 1 "$named"
for level in 0 1 2; do
  offered=$(openssl ciphers -s -psk -tls1_2 "$suite:@SECLEVEL=$level" 2>&1 | grep --count --word-regexp "$suite" || true)
  expect "offered at security level $level" "$((level == 0))" "$offered"
done
# The one with the long tag, same cipher and key:
expect 'PSK-AES128-CCM offered at level 2' 1 \
  "$(openssl ciphers -s -psk -tls1_2 'PSK-AES128-CCM:@SECLEVEL=2' | grep --count --word-regexp PSK-AES128-CCM || true)"
