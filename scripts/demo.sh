#!/bin/bash
# The main job once: builds the daemon, starts it and a DTLS CoAP server, and asks that server for the time by typing AT
# commands into socat. Each answer is checked; any difference ends the demo with status 1.
#   demo.sh           all of it, then cleans up
#   demo.sh --keep    leaves the daemon and the server running and says how to connect
# "> " is what is typed, "< " is what the modem says.
set -euo pipefail
cd "$(dirname "$0")/.."

keep=false
case ${1:-} in
  '') ;;
  --keep) keep=true ;;
  *)
    echo "usage: demo.sh [--keep]" >&2
    exit 64
    ;;
esac

deadline=15 # seconds for any one answer
psk=secretPSK
identity=demo
# RFC 7252: confirmable GET, a token of one byte, message id 0x7D34, option Uri-Path "time". No byte of it is a line
# end, which socat would translate.
get_time='\x41\x01\x7d\x34\x42\xb4time'
get_time_length=10

scripts/packages.sh demo
# As the preset release, in a directory of its own, since what is left out would stay left out there.
mkdir -p build
{
  cmake --preset release -B build/demo -DTLSMODEM_TESTS=OFF -DTLSMODEM_BENCH=OFF -DTLSMODEM_WERROR=OFF &&
    cmake --build build/demo --target tlsmodemd
} >build/demo.log 2>&1 || { cat build/demo.log; exit 1; }

directory=$(mktemp -d "${TMPDIR:-/tmp}/tlsmodem-demo.XXXXXX")
daemon=
peer=
clean_up() {
  local process
  [[ -z ${client_PID:-} ]] || kill "$client_PID" 2>/dev/null || true
  $keep && return
  for process in $daemon $peer; do
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  rm -rf "$directory"
}
trap clean_up EXIT

fail() {
  echo "FAILED: $*" >&2
  keep=false
  tail -n 20 "$directory"/*.log >&2
  exit 1
}

# wait_until WHAT COMMAND...: polls until the command succeeds.
wait_until() {
  local what=$1 end=$((SECONDS + deadline))
  shift
  until "$@"; do
    ((SECONDS < end)) || fail "no $what within $deadline s"
    sleep 0.02
  done
}

# --- the peer: CoAP on the port, CoAP over DTLS on the next one
udp_port_is_bound() { grep --quiet "^ *[0-9]*: 0100007F:$(printf '%04X' "$1") " /proc/net/udp; }
peer_is_up_or_gone() { udp_port_is_bound $((port + 1)) || ! kill -0 "$peer" 2>/dev/null; }
for ((attempt = 0; ; ++attempt)); do
  ((attempt < 10)) || fail 'no free port for the CoAP server'
  port=$((RANDOM % 20000 + 20000))
  if udp_port_is_bound "$port" || udp_port_is_bound $((port + 1)); then continue; fi
  coap-server-openssl -A 127.0.0.1 -p "$port" -k "$psk" -v 0 >"$directory/peer.log" 2>&1 &
  peer=$!
  wait_until 'CoAP server' peer_is_up_or_gone
  if kill -0 "$peer" 2>/dev/null; then break; fi
done
port=$((port + 1))

# --- the daemon, with no configuration but this
echo '# the demo needs none' >"$directory/tlsmodemd.conf"
build/demo/daemon/tlsmodemd --config "$directory/tlsmodemd.conf" --listen "$directory/at.sock" \
  --state-dir "$directory/state" >"$directory/daemon.log" 2>&1 &
daemon=$!
# The path alone says too little: it is there a moment before anybody listens.
daemon_is_up_or_gone() {
  socat -u OPEN:/dev/null "UNIX-CONNECT:$directory/at.sock" 2>/dev/null || ! kill -0 "$daemon" 2>/dev/null
}
wait_until 'daemon' daemon_is_up_or_gone
kill -0 "$daemon" 2>/dev/null || fail 'the daemon ended'

# --- a person at a terminal
coproc client { exec socat - "UNIX-CONNECT:$directory/at.sock,crnl"; }
exec {from_modem}<&"${client[0]}" {to_modem}>&"${client[1]}"

type_line() {
  echo "> $1"
  printf '%s\n' "$1" >&"$to_modem"
}
# next_line: reads one line that is not empty into $line, and shows it.
next_line() {
  line=
  while [[ -z $line ]]; do
    IFS= read -r -t "$deadline" -u "$from_modem" line || fail "no answer; expected: ${1:-a line}"
  done
  echo "< $line"
}
# expect PATTERN: the next line must match.
expect() {
  next_line "$1"
  # shellcheck disable=SC2053 # a pattern on purpose
  [[ $line == $1 ]] || fail "expected: $1"
}
# type_payload TEXT SHOWN: waits for the prompt, which has no line end; TEXT is a format of printf.
type_payload() {
  local prompt='' character
  while [[ $prompt != '> ' ]]; do
    IFS= read -r -N 1 -t "$deadline" -u "$from_modem" character || fail "no prompt"
    [[ $character == $'\n' ]] || prompt+=$character
    ((${#prompt} <= 2)) || fail "no prompt but: $prompt"
  done
  echo "< $prompt"
  echo "> $2"
  # shellcheck disable=SC2059 # a format on purpose
  printf "$1" >&"$to_modem"
}
# receive LENGTH: so many raw bytes, shown as text and in hexadecimal, which is left in $hexadecimal.
receive() {
  hexadecimal=$(timeout "$deadline" dd bs=1 count="$1" status=none <&"$from_modem" | od -An -v -tx1 | tr -d ' \n')
  # shellcheck disable=SC2001 # a pattern that the shell has no short way for
  echo "< $(sed 's/../\\x&/g' <<<"$hexadecimal" | xargs -0 printf | tr -c '[:print:]' '.')   ($hexadecimal)"
}

type_line 'AT'
expect 'OK'
type_line 'ATI'
until [[ ${line:=} == OK && -n ${identification:-} ]]; do
  next_line 'OK'
  identification+=$line
done
[[ $identification != OK ]] || fail 'ATI says nothing'

type_line "AT#TCRED=0,1,3,${#psk},1"
type_payload "$psk" '(the key)'
expect 'OK'
type_line "AT#TCRED=0,1,4,${#identity},1"
type_payload "$identity" "$identity"
expect 'OK'
type_line 'AT#TCFG=0,"psk","1"'
expect 'OK'

type_line 'AT#TOPEN=0'
expect '#TOPEN: 1'
expect 'OK'
type_line "AT#TCONN=1,\"127.0.0.1\",$port"
expect 'OK'
expect_up() {
  # The handle may be told before.
  next_line '#TUP'
  while [[ $line == '#TKEY: '* ]]; do next_line '#TUP'; done
  [[ $line == "#TUP: 1,0,\"DTLSv1.2\",\""*"\",\"127.0.0.1\",$port,\"127.0.0.1\","* ]] || fail 'expected: #TUP of a full handshake'
}
expect_up

type_line "AT#TSEND=1,$get_time_length"
type_payload "$get_time" "(CoAP: GET /time)"
expect 'OK'
expect '#TRX: 1,*'
receive "${line#*,}"
# Version 1, acknowledgement, a token of one byte; 2.05; the message id and the token of the request.
[[ $hexadecimal == 61457d3442*ff* ]] || fail 'expected: CoAP 2.05 Content with a payload'

type_line 'AT#TINFO=1'
information=
until [[ $line == OK ]]; do
  next_line 'OK'
  information+=$line$'\n'
done
[[ $information == *'#TINFO: 1,"state","connected"'* ]] || fail 'expected: state connected'
[[ $information == *'#TINFO: 1,"how",0'* ]] || fail 'expected: a full handshake'
type_line 'AT#TCLOSE=1'
expect 'OK'

echo
echo 'The modem did the handshake, protected the request and opened the answer.'
if $keep; then
  echo "Daemon (process $daemon) and CoAP server (process $peer, DTLS port $port, key $psk) go on; connect with"
  echo "  socat - UNIX-CONNECT:$directory/at.sock,crnl"
  echo "and end them with"
  echo "  kill $daemon $peer; rm -r $directory"
  disown -a
fi
