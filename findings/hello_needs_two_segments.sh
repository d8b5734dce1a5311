#!/bin/bash
# OpenSSL of Debian 13: its first TLS message does not fit a TCP segment of Ethernet (1,460 bytes), nor a small receive
# buffer; one setting makes it small again.
set -euo pipefail
cd "$(dirname "$0")"

segment=1460
work=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
./packages_of.sh trixie "$work/root" openssl=3.5.9-1~deb13u1
openssl=("$work/root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$work/root/usr/lib/x86_64-linux-gnu" "$work/root/usr/bin/openssl")
export OPENSSL_CONF=/dev/null
"${openssl[@]}" version
"${openssl[@]}" s_server -accept 127.0.0.1:0 -www -nocert -psk 00112233 >"$work/server" 2>&1 </dev/null &
server=$!
end=$((SECONDS + 15))
until port=$(sed -n 's/^ACCEPT 127.0.0.1:\([0-9]*\)$/\1/p' "$work/server") && [[ -n $port ]]; do
  ((SECONDS < end)) || { cat "$work/server"; exit 1; }
done
hello() {
  ("${openssl[@]}" s_client -connect "127.0.0.1:$port" -servername example.com -msg "$@" </dev/null 2>/dev/null || true) |
    grep '^>>> .*ClientHello$' | sed -nE '1s/.*\[length ([0-9a-f]+)\].*/0x\1/p'
}
default=$(($(hello)))
small=$(($(hello -groups X25519)))
echo "ClientHello by default: $default bytes, with the group X25519 alone: $small; a segment has $segment"
((default > segment && small > 0 && small < 512)) || { echo 'that has changed'; exit 1; }
