#!/bin/bash
# Installs a build into a throw-away copy of this machine, boots systemd in it and uses the service as a user would.
#   boot.sh BUILD_DIRECTORY
#
# The copy is an overlay of / with its changes in memory; systemd is PID 1 of namespaces made by systemd-nspawn. Nothing
# outside of them changes, and there is no image to build. Needs root, systemd-nspawn and overlayfs; without them it
# exits 77, or 1 when $CI is true. Waiting is always for a condition, with a deadline.
set -euo pipefail

build=$1
unit=tlsmodemd
socket=/run/tlsmodemd/at.sock
deadline=20   # seconds; no single step takes one
member=61001  # user ids that nobody has
outsider=61002

skip() {
  echo "skipped: $*"
  [[ ${CI:-} == true ]] && exit 1
  exit 77
}
fail() {
  echo "FAILED: $*"
  echo '--- journal'
  guest journalctl --boot --no-pager --output=short-monotonic 2>/dev/null | tail -n 60 || true
  exit 1
}
passed() { echo "ok: $*"; }

# wait_until WHAT COMMAND...: polls until the command succeeds.
wait_until() {
  local what=$1 end=$((SECONDS + deadline))
  shift
  until "$@"; do
    ((SECONDS < end)) || fail "no $what within $deadline s"
    sleep 0.02
  done
}

((EUID == 0)) || skip 'not root'
for tool in systemd-nspawn nsenter setpriv socat pgrep softhsm2-util; do
  command -v "$tool" >/dev/null || skip "there is no $tool"
done

work=$(mktemp -d)
root=$work/root
nspawn=
leader=
# Started by us and found by us: only these two processes are ever signalled.
stop_machine() {
  [[ -n $nspawn ]] || return 0
  [[ -z $leader ]] || kill -s RTMIN+4 "$leader" 2>/dev/null || true # poweroff.target
  local end=$((SECONDS + deadline))
  while kill -0 "$nspawn" 2>/dev/null && ((SECONDS < end)); do sleep 0.02; done
  kill -KILL "$nspawn" 2>/dev/null || true
  # Without nspawn its PID 1 would live on.
  [[ -z $leader ]] || kill -KILL "$leader" 2>/dev/null || true
  wait "$nspawn" 2>/dev/null || true
}
clean_up() {
  stop_machine
  if mountpoint --quiet "$root"; then umount "$root" || umount --lazy "$root"; fi
  if mountpoint --quiet "$work"; then umount "$work" || umount --lazy "$work"; fi
  rmdir "$work"
}
trap clean_up EXIT

# --- the copy
mount -t tmpfs -o size=1g,mode=755 tlsmodem-boot "$work" || skip 'cannot mount a tmpfs'
mkdir "$work/upper" "$work/overlay" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/overlay" "$root" || skip 'cannot mount an overlay of /'
# Nothing that this machine has enabled may start, nor may the copy take itself for this machine.
rm -rf "$root"/etc/systemd/system/*.wants "$root"/etc/systemd/system/*.requires "$root/etc/fstab" "$root/var/log/journal"
: >"$root/etc/machine-id"
DESTDIR=$root cmake --install "$build" --component daemon >"$work/install.log" || { cat "$work/install.log"; exit 1; }
config=$(sed -n 's|^-- Installing: .*root\(/.*/tlsmodemd\.conf\)$|\1|p' "$work/install.log" | grep -v sysusers)
# One side of a dialogue, started by socat with the daemon on its standard streams.
cat >"$root/usr/local/bin/ask-at" <<'ASK'
#!/bin/sh
printf 'AT\r'
while read -r line; do
  case $line in
    OK*) echo answered OK >&2; exit ;;
  esac
done
ASK
chmod 755 "$root/usr/local/bin/ask-at"

# --- boot
# No machined, no D-Bus and no systemd need to run out here: hence no registration and no unit of its own.
systemd-nspawn --quiet --directory="$root" --machine="tlsmodem-boot-$$" --boot --register=no --keep-unit \
  --private-network --console=pipe </dev/null >"$work/console.log" 2>&1 &
nspawn=$!
# nspawn's first child is a helper that ends soon. PID 1 is the child that is number 1 in its own namespace.
find_leader() {
  local child
  kill -0 "$nspawn" 2>/dev/null || { cat "$work/console.log"; nspawn=; fail 'systemd-nspawn ended'; }
  for child in $(pgrep --parent "$nspawn" || true); do
    if [[ $(awk '/^NSpid/ {print $NF}' "/proc/$child/status" 2>/dev/null) == 1 &&
      $(cat "/proc/$child/comm" 2>/dev/null) == systemd ]]; then
      leader=$child
      return 0
    fi
  done
  return 1
}
guest() {
  nsenter --target "$leader" --all env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin TERM=dumb LC_ALL=C "$@"
}
booted() { [[ $(guest systemctl is-system-running 2>/dev/null || true) =~ ^(running|degraded)$ ]]; }
wait_until 'PID 1' find_leader
wait_until 'system that is up' booted
passed 'systemd is up'

# --- helpers that look at the service
property() { guest systemctl show --value --property="$1" "$unit.service"; }
ask_as() { # UID GROUPS...
  local uid=$1
  shift
  guest timeout "$deadline" setpriv --reuid="$uid" --regid="$uid" "$@" socat "UNIX-CONNECT:$socket" EXEC:ask-at 2>&1 || true
}
ask() { ask_as "$member" --groups="$(guest getent group tlsmodem | cut -d: -f3)"; }
expect_answer() { [[ $(ask) == *'answered OK'* ]] || fail "AT is not answered: $1"; }
is_active() { [[ $(property ActiveState) == active ]]; }
errors_since() { # CURSOR
  guest journalctl --boot --no-pager --priority=err --after-cursor="$1" --output=cat \
    "_SYSTEMD_UNIT=$unit.service" + "UNIT=$unit.service" + "UNIT=$unit.socket"
}
cursor() { guest journalctl --boot --no-pager --lines=1 --show-cursor | sed -n 's/^-- cursor: //p'; }

# --- the service
start_cursor=$(cursor)
guest systemd-sysusers
guest getent passwd tlsmodem >/dev/null || fail 'systemd-sysusers made no user'
guest systemctl daemon-reload
guest systemctl start "$unit.socket"
[[ $(property ActiveState) == inactive ]] || fail 'the service runs before anybody connected'
[[ $(guest stat --format='%a %G' "$socket") == '660 tlsmodem' ]] || fail 'wrong owner or mode of the socket'
expect_answer 'by the first connection'
wait_until 'active service' is_active
passed 'the first connection starts the service, and AT is answered OK'

refused=$(ask_as "$outsider" --clear-groups)
[[ $refused == *'Permission denied'* ]] || fail "a user outside the group got: $refused"
passed 'a user outside the group is refused'

[[ $(guest stat --format='%a %U' /var/lib/tlsmodemd) == '700 tlsmodem' ]] || fail 'wrong owner or mode of the state directory'
passed 'the state directory is private'

pid=$(property MainPID)
guest systemctl reload "$unit"
wait_until 'service that is active after the reload' is_active
expect_answer 'after a reload'
[[ $(property MainPID) == "$pid" ]] || fail 'the reload changed the process'
passed 'a reload keeps the process'

inode=$(guest stat --format=%i "$socket")
guest kill -KILL "$pid"
is_restarted() { [[ $(property NRestarts) == 1 ]] && is_active && [[ $(property MainPID) != "$pid" ]]; }
wait_until 'restart after kill -9' is_restarted
expect_answer 'after kill -9'
[[ $(guest stat --format=%i "$socket") == "$inode" ]] || fail 'the listening socket is another one after kill -9'
passed 'kill -9 is followed by one restart on the same listening socket'

guest journalctl --sync
errors=$(errors_since "$start_cursor")
[[ -z $errors ]] || fail "errors in the journal: $errors"
messages=$(guest journalctl --boot --no-pager --output=json --output-fields=MESSAGE,PRIORITY _COMM=tlsmodemd)
[[ -n $messages ]] || fail 'the daemon logged nothing'
raw=$(grep -E '"MESSAGE":("(<[0-9]>|[0-9]{2}:[0-9]{2}:)|\[)' <<<"$messages" || true)
[[ -z $raw ]] || fail "log lines without priority: $raw"
passed 'log lines have priorities, and none is an error'

pid=$(property MainPID)
guest cp "$config" "$config.good"
echo 'max-channels = lots' >>"$root$config"
guest systemctl reload "$unit"
wait_until 'service that is active after the bad reload' is_active
expect_answer 'after a reload with a mistake in the configuration'
[[ $(property MainPID) == "$pid" ]] || fail 'the bad reload changed the process'
guest mv "$config.good" "$config"
passed 'a reload with a mistake in the configuration keeps the old one'

# The drop-in of docs/security.md, but for the seal around the PIN, which would need a key of this machine.
pin=471108
dropin=/etc/systemd/system/$unit.service.d
guest mkdir -p "$dropin"
guest sh -c "umask 077; printf $pin >/etc/tlsmodem-pin"
cat >"$root$dropin/token.conf" <<DROPIN
[Service]
LoadCredential=pkcs11-pin:/etc/tlsmodem-pin
ReadWritePaths=/var/lib/softhsm/tokens
SupplementaryGroups=softhsm
DROPIN
guest sed -i '1i pkcs11-module = /usr/lib/softhsm/libsofthsm2.so' "$config"
guest setpriv --reuid=tlsmodem --regid=tlsmodem --groups=softhsm \
  softhsm2-util --init-token --free --label boot --pin "$pin" --so-pin 12345678 >/dev/null || fail 'no token'
cat >"$root/usr/local/bin/ask-at" <<'ASK'
#!/bin/sh
printf 'AT#TPROMPT=0\rAT#TCRED=0,7,6,28,1\rpkcs11:token=boot;object=tlsAT#TCRED=4,7,6\rAT+CEER\r'
while read -r line; do
  case $line in
    *'BEGIN CERTIFICATE REQUEST'*) echo answered OK >&2; exit ;;
    +CEER*) echo "$line" >&2; exit ;;
  esac
done
ASK
guest systemctl daemon-reload
guest systemctl restart "$unit.service"
wait_until 'service that is active with a token' is_active
answer=$(ask)
[[ $answer == *'answered OK'* ]] || fail "no request for a certificate came: $answer"
passed 'a key is made in a token, inside the sandbox and with the PIN of the unit'

# Somebody is connected while the service stops.
guest setpriv --reuid=0 --regid=0 --clear-groups socat -u "UNIX-CONNECT:$socket" - >/dev/null &
client=$!
wait_until 'client that is connected' guest grep --quiet " 0001 03 .*$socket" /proc/net/unix
stop_cursor=$(cursor)
guest timeout "$deadline" systemctl stop "$unit.socket" "$unit.service" || fail 'no stop in time'
[[ $(property ActiveState) == inactive && $(property Result) == success ]] ||
  fail "the stop ended with $(property ActiveState), $(property Result)"
guest journalctl --sync
errors=$(errors_since "$stop_cursor")
[[ -z $errors ]] || fail "errors in the journal: $errors"
guest test ! -e "$socket" || fail 'the socket is left over'
wait "$client" || true
passed 'the service stops cleanly'
