#!/bin/bash
# Installs the Debian packages that are missing; without root it names them and fails.
#   packages.sh demo     what building the daemon and playing scripts/demo.sh takes
#   packages.sh check    that, and what scripts/check.sh takes
set -euo pipefail

packages=(
  # building
  g++ ccache cmake ninja-build pkg-config libboost-dev libboost-program-options-dev libidn2-dev
  libp11-kit-dev libsqlite3-dev libssl-dev libsystemd-dev
  # the demo
  socat libcoap3-bin
)
if [[ ${1:-} == check ]]; then
  packages+=(
    # tests and benchmarks
    libgtest-dev libgmock-dev libbenchmark-dev openssl gnutls-bin nginx-light procps systemd systemd-container
    softhsm2 opensc
    # the peer of scripts/mbedtls_peer.sh
    dpkg-dev debian-archive-keyring util-linux
    # fuzzing, format, lint
    clang libclang-rt-14-dev clang-format clang-tidy shellcheck mandoc python3 git
  )
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  exit 0
fi
if ((EUID != 0)); then
  echo "missing: run as root: apt-get install ${missing[*]}" >&2
  exit 1
fi

install() { DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "${missing[@]}"; }
# The package lists may be absent or older than the archive; most often they are neither.
install || { apt-get update --quiet && install; }
