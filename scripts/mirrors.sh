#!/bin/bash
# Prints where this machine gets its own release of Debian from, one address a line. apt knows every form that its
# sources can have; nothing is downloaded.
set -euo pipefail

VERSION_CODENAME=
# shellcheck source=/dev/null
. /etc/os-release
# An unreleased Debian has the code name of the next release, whichever of its names the sources use.
names="${VERSION_CODENAME:-stable}|oldstable|stable|testing|unstable|sid"
apt-get update --print-uris | sed -nE "s:^'(.*)/dists/($names)/InRelease' .*:\1:p" | sort --unique
