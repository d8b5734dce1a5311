#!/bin/bash
# systemd of Debian 13: RestartPreventExitStatus= holds until a client waits in the backlog of the socket unit.
# Needs root and systemd-nspawn.
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
root=$work/root
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
sources=()
while read -r mirror; do sources+=("deb [signed-by=$keyring] $mirror trixie main"); done < <(../scripts/mirrors.sh)
mmdebstrap --quiet --mode=root --variant=minbase --include=systemd=257.13-1~deb13u1,systemd-sysv trixie "$root" \
  "${sources[@]}" 2>"$work/log" || { cat "$work/log"; exit 1; }

# A service that ends with a status after which it is not to be started again.
for name in plain flushed; do
  cat >"$root/etc/systemd/system/$name.service" <<UNIT
[Service]
Type=notify
ExecStart=/bin/sh -c 'echo start >>/starts-$name; exit 78'
Restart=always
RestartSec=50ms
RestartPreventExitStatus=78
UNIT
  printf '[Socket]\nListenStream=/run/%s.sock\n' $name >"$root/etc/systemd/system/$name.socket"
done
echo 'FlushPending=yes' >>"$root/etc/systemd/system/flushed.socket"
cat >"$root/trial" <<'TRIAL'
#!/bin/sh
systemctl --version | head -n 1 >/version
for name in plain flushed; do
  touch /starts-$name
  systemctl start $name.socket
  # One client, which waits to be answered or hung up on.
  timeout 10 perl -MIO::Socket::UNIX -e '
    my $modem = IO::Socket::UNIX->new(Peer => "/run/'$name'.sock") or die "no connection";
    sysread $modem, my $answer, 1' </dev/null
  timeout 10 sh -c 'until systemctl show --property=ActiveState --value '$name.service' | grep -q failed; do :; done'
  systemctl show --property=ActiveState,Result --value $name.socket | paste -sd' ' >/socket-$name
done
systemctl poweroff --force
TRIAL
chmod 755 "$root/trial"
cat >"$root/etc/systemd/system/trial.service" <<'UNIT'
[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/trial
UNIT
systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit --private-network --console=pipe \
  systemd.unit=trial.service </dev/null >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

starts() { wc -l <"$root/starts-$1"; }
cat "$root/version"
echo "with RestartPreventExitStatus=78 and one client: $(starts plain) starts; the socket is $(cat "$root/socket-plain")"
echo "and with FlushPending=yes in the socket unit: $(starts flushed) start; the socket is $(cat "$root/socket-flushed")"
(($(starts plain) > 1 && $(starts flushed) == 1)) || { echo 'that has changed'; exit 1; }
