#!/bin/sh
# The unit files say what systemd understands, and keep their walls.
#   units.sh DIRECTORY     with tlsmodemd.service and tlsmodemd.socket as they will be installed
set -eu

# Ten times the exposure that systemd-analyze computes. What is left is what the daemon is for: Unix and Internet
# sockets, the host's network, and the clients' user ids.
exposure_limit=12

units=$1
if ! command -v systemd-analyze >/dev/null; then
  echo "skipped: there is no systemd-analyze"
  [ "${CI:-}" != true ] || exit 1
  exit 77
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$units/tlsmodemd.socket" "$scratch"
# verify looks for the programs, and the daemon is not installed while it is tested.
sed -E 's|^(ExecStart(Pre)?=)[^ ]*/tlsmodemd|\1/bin/true|' "$units/tlsmodemd.service" >"$scratch/tlsmodemd.service"

# Without --recursive-errors=no an unknown key is only a warning.
systemd-analyze verify --man=no --recursive-errors=no "$scratch/tlsmodemd.service" "$scratch/tlsmodemd.socket"
SYSTEMD_EMOJI=0 systemd-analyze security --offline=true --no-pager --threshold="$exposure_limit" "$scratch/tlsmodemd.service" \
  >"$scratch/report" || { cat "$scratch/report"; exit 1; }
tail -n 1 "$scratch/report"
