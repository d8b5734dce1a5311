#!/bin/bash
# Installs the Debian packages that are missing; without root it names them and fails. Knows Debian 12, 13, testing and
# unstable; elsewhere it says what is needed by what it holds, and fails.
#   packages.sh demo     what building the daemon and playing scripts/demo.sh takes
#   packages.sh test     that, and what building and running the tests takes
#   packages.sh check    that, and what else scripts/check.sh takes
set -euo pipefail

group=${1:-demo}
case $group in
  demo | test | check) ;;
  *)
    echo "usage: packages.sh [demo|test|check]" >&2
    exit 64
    ;;
esac

ID='' VERSION_ID='' PRETTY_NAME='this system'
if [[ -r /etc/os-release ]]; then
  # shellcheck source=/dev/null
  . /etc/os-release
fi
if [[ $ID != debian || ${VERSION_ID:-13} -lt 12 ]]; then
  cat >&2 <<ELSEWHERE
packages.sh knows the packages of Debian 12, 13, testing and unstable, not those of $PRETTY_NAME. What is needed:
  to build: GCC 12 or newer for C and C++, CMake 3.25, Ninja, pkg-config, the headers of Boost 1.74 or newer (with
    Program_options), of OpenSSL 3.0 (from 3.0.3 on) or 3.5 and newer, SQLite 3, p11-kit, libidn2 and libsystemd
  for the demo: socat, and libcoap's coap-server-openssl
  for the tests: GoogleTest with GoogleMock, Google Benchmark, the programs openssl, gnutls-serv, nginx, ps, unshare,
    SoftHSM 2 and OpenSC's pkcs11-tool, systemd with systemd-nspawn
  for scripts/check.sh: clang with libFuzzer, clang-format, clang-tidy, shellcheck, mandoc, Python 3, git, mmdebstrap
ELSEWHERE
  exit 1
fi

packages=(
  # building
  g++ ccache cmake ninja-build pkg-config libboost-dev libboost-program-options-dev libidn2-dev
  libp11-kit-dev libsqlite3-dev libssl-dev libsystemd-dev
  # the demo
  socat libcoap3-bin
)
if [[ $group != demo ]]; then
  packages+=(
    # tests and benchmarks
    libgtest-dev libgmock-dev libbenchmark-dev openssl gnutls-bin nginx-light procps systemd systemd-container
    softhsm2 opensc
    # the peer of scripts/mbedtls_peer.sh
    dpkg-dev debian-archive-keyring util-linux
  )
fi
if [[ $group == check ]]; then
  # What clang's sanitizers and libFuzzer need has a name without a version since Debian 13.
  clang_runtime=libclang-rt-dev
  [[ ${VERSION_ID:-13} != 12 ]] || clang_runtime=libclang-rt-14-dev
  packages+=(clang "$clang_runtime" clang-format clang-tidy shellcheck mandoc python3 git mmdebstrap)
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
