#!/bin/bash
# Unpacks packages of another release of Debian, with what they depend on, into a directory; nothing is installed.
#   packages_of.sh RELEASE DIRECTORY PACKAGE...
# From this machine's own mirror; apt checks the signatures.
set -euo pipefail

release=$1 directory=$2
shift 2
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
sources=()
while read -r mirror; do
  sources+=("deb [signed-by=$keyring] $mirror $release main")
done < <("$(dirname "$0")/../scripts/mirrors.sh")
include=$(IFS=,; echo "$*")
mmdebstrap --quiet --variant=extract --include="$include" "$release" "$directory" "${sources[@]}"
