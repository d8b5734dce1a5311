#!/bin/bash
# The peer that knows connection IDs (RFC 9146), which no program of Debian bookworm does: ssl_server2 and
# udp_proxy of Mbed TLS 3.6, built from the source package of Debian trixie. Prints the directory they are in.
#   mbedtls_peer.sh            builds them, unless that was done before
#   mbedtls_peer.sh --cached   only looks
# Exit status 77, and a sentence on stderr: they cannot be had here.
#   TLSMODEM_MBEDTLS_PEER      the directory, instead of one in the user's cache
set -euo pipefail

scripts=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
suite=trixie
programs=(ssl_server2 udp_proxy)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
if [[ -n ${XDG_CACHE_HOME:-} ]]; then
  cache=$XDG_CACHE_HOME/tlsmodem
elif ((EUID == 0)); then
  cache=/var/cache/tlsmodem
else
  cache=$HOME/.cache/tlsmodem
fi

unavailable() {
  echo "The Mbed TLS peer is not available: $1" >&2
  exit 77
}

has_programs() {
  local program
  for program in "${programs[@]}"; do
    [[ -x $1/$program ]] || return 1
  done
}

find_built() {
  local directory
  if [[ -n ${TLSMODEM_MBEDTLS_PEER:-} ]]; then
    has_programs "$TLSMODEM_MBEDTLS_PEER" && echo "$TLSMODEM_MBEDTLS_PEER"
    return
  fi
  # The newest version, if there are more.
  while read -r directory; do
    has_programs "$directory" || continue
    echo "$directory"
    return
  done < <(compgen -G "$cache/mbedtls-*" | sort --version-sort --reverse)
  return 1
}

# The machine's apt keeps its lists and sources; its proxies and the like count here too.
private_apt() {
  apt-get --quiet --yes -o "Dir::State=$work/state" -o "Dir::Cache=$work/cache" \
    -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o APT::Get::AllowUnauthenticated=false -o Acquire::AllowInsecureRepositories=false \
    -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
    -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o APT::Update::Error-Mode=any "$@"
}

# The archive's signature covers the list of sources, the list covers the files; apt checks both.
download() {
  local mirror
  for mirror in $("$scripts/mirrors.sh"); do
    echo "deb-src [signed-by=$keyring] $mirror $suite main" >"$work/sources.list"
    private_apt update && (cd "$work/source" && private_apt source --download-only "mbedtls/$suite") && return
  done
  return 1
}

compile() {
  dpkg-source --extract "$work"/source/*.dsc "$work/tree" &&
    cmake -S "$work/tree" -B "$work/build" -DENABLE_TESTING=OFF -DCMAKE_BUILD_TYPE=Release &&
    cmake --build "$work/build" --target "${programs[@]}" --parallel "$(nproc)"
}

# What the steps say is of interest only when one fails.
quietly() {
  "$@" >"$work/log" 2>&1 && return
  cat "$work/log" >&2
  return 1
}

case ${1:-} in
  '') ;;
  --cached)
    find_built || unavailable 'scripts/mbedtls_peer.sh was not run, or could not build it'
    exit
    ;;
  *)
    echo "usage: mbedtls_peer.sh [--cached]" >&2
    exit 64
    ;;
esac

find_built && exit
place=${TLSMODEM_MBEDTLS_PEER:-$cache}
mkdir -p "$place" 2>/dev/null || true
[[ -w $place ]] || unavailable "$place cannot be written"
exec 9>"$place/.lock"
flock 9
find_built && exit # while this one waited

for tool in apt-get dpkg-source cmake; do
  command -v "$tool" >/dev/null || unavailable "$tool is missing (scripts/packages.sh check installs it)"
done
[[ -r $keyring ]] || unavailable "$keyring is missing, and nothing unsigned is built"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # apt downloads as a user of its own
mkdir -p "$work"/{state/lists/partial,cache/archives/partial,source}
quietly download || unavailable "the source package of $suite could not be downloaded from this machine's mirror"
quietly compile || unavailable 'its source package could not be built'

version=$(sed -n 's/^Version: //p' "$work"/source/*.dsc | head -n 1)
directory=${TLSMODEM_MBEDTLS_PEER:-$cache/mbedtls-$version}
mkdir -p "$directory"
for program in "${programs[@]}"; do
  install "$(find "$work/build" -type f -name "$program")" "$directory/$program.new"
  mv "$directory/$program.new" "$directory/$program" # whole, or not there
done
find_built || unavailable "$directory could not be filled"
