#!/bin/bash
# Runs a command on a copy of this tree in another release of Debian, so that anybody can try what they like there:
#   on_debian.sh trixie scripts/demo.sh
#   on_debian.sh [--fresh] [--stale] RELEASE COMMAND...
#     RELEASE        bookworm, trixie, testing, unstable (or sid), or experimental: unstable with the OpenSSL of experimental
#     --fresh        makes the release's root anew; testing and unstable change from day to day
#     --stale        when it is made: from a mirror that stands still, whose signed lists are past their date
#
# The root is made by mmdebstrap from this machine's own mirror and kept in build/roots/RELEASE; packages that the command
# installs stay in it. The copy is what git lists, without build directories; its own build/ and ccache stay too, so that
# a second run is short. The command has mounts and process ids of its own, and this machine's network. Needs root.
# Exit status 77, and a sentence on stderr: it cannot be done here. Otherwise the command's.
set -euo pipefail
cd "$(dirname "$0")/.."

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
usage() {
  echo "usage: on_debian.sh [--fresh] [--stale] bookworm|trixie|testing|unstable|experimental COMMAND..." >&2
  exit 64
}
unavailable() {
  echo "on_debian.sh: $1" >&2
  exit 77
}

fresh=false
stale=false
while [[ ${1:-} == --* ]]; do
  case $1 in
    --fresh) fresh=true ;;
    --stale) stale=true ;;
    *) usage ;;
  esac
  shift
done
(($# > 1)) || usage
case $1 in
  bookworm | trixie | testing | unstable | experimental) release=$1 ;;
  sid) release=unstable ;;
  *) usage ;;
esac
shift

((EUID == 0)) || unavailable 'run it as root: it makes a root directory and mounts in it'
for tool in apt-get git mmdebstrap unshare; do
  command -v "$tool" >/dev/null || unavailable "$tool is missing (apt-get install apt git mmdebstrap util-linux)"
done
[[ -r $keyring ]] || unavailable "$keyring is missing (apt-get install debian-archive-keyring), and nothing unsigned is run"
git rev-parse --is-inside-work-tree >/dev/null 2>&1 || unavailable 'this tree is no git checkout, so nothing lists its files'

place=build/roots/$release
root=$place/root
copy=$root/usr/src/tlsmodem
mkdir -p "$place"
exec 9>"$place/lock"
flock 9

# This machine's way to the mirror counts in the root too.
network_settings() {
  apt-config dump | grep -E '^Acquire::(http|https)::(Proxy|proxy)' >"$1/etc/apt/apt.conf.d/80proxy" || true
  [[ ! -e /etc/resolv.conf ]] || cp --dereference /etc/resolv.conf "$1/etc/resolv.conf"
  printf '127.0.0.1 localhost\n::1 localhost ip6-localhost\n' >"$1/etc/hosts"
}

make_root() {
  local suite=$release mirror sources=() options=()
  # mmdebstrap leaves it in the root, for the apt there.
  ! $stale || options+=("--aptopt=Acquire::Check-Valid-Until \"false\"")
  [[ $release != experimental ]] || suite=unstable
  while read -r mirror; do
    sources+=("deb [signed-by=$keyring] $mirror $suite main")
    [[ $release != experimental ]] || sources+=("deb [signed-by=$keyring] $mirror experimental main")
  done < <(scripts/mirrors.sh)
  ((${#sources[@]} > 0)) || unavailable "this machine's apt has no mirror of its own release of Debian, so where to take $release from is not known"
  rm -rf --one-file-system "$place/new"
  if ! mmdebstrap --mode=root --variant=minbase --format=directory --include=debian-archive-keyring \
    "${options[@]}" "$suite" "$place/new" "${sources[@]}" >"$place/mmdebstrap.log" 2>&1; then
    cat "$place/mmdebstrap.log" >&2
    ! grep --quiet 'is expired' "$place/mmdebstrap.log" ||
      unavailable "this machine's mirror of $release stands still; --stale takes it as it is"
    unavailable "the root of $release could not be made"
  fi
  # apt takes packages of experimental only where it is told to.
  [[ $release != experimental ]] ||
    printf 'Package: src:openssl\nPin: release a=experimental\nPin-Priority: 990\n' >"$place/new/etc/apt/preferences.d/openssl"
  network_settings "$place/new"
  mv "$place/new" "$root"
}

# Everything but build/ and .git/ is laid anew. What has not changed keeps its time, so that nothing is built twice; what has
# gets the time of now, since it may be older than what was built of the file before.
copy_tree() {
  local new=$place/tree file
  rm -rf "$new"
  mkdir -p "$new" "$copy"
  git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do
      if [[ -e $file || -L $file ]]; then printf '%s\0' "$file"; fi
    done |
    tar --create --null --files-from=- | tar --extract --touch --no-same-owner --directory="$new"
  while IFS= read -r -d '' file; do
    if cmp --silent "$new/$file" "$copy/$file"; then touch --no-dereference --reference="$copy/$file" "$new/$file"; fi
  done < <(find "$new" ! -type d -printf '%P\0')
  find "$copy" -mindepth 1 -maxdepth 1 ! -name build ! -name .git -exec rm -rf {} +
  find "$new" -mindepth 1 -maxdepth 1 -exec mv --target-directory="$copy" {} +
  # What lists files there, as scripts/check.sh does, asks git.
  [[ -d $copy/.git ]] || git init --quiet "$copy"
}

! $fresh || rm -rf --one-file-system "$root"
[[ -d $root ]] || make_root
copy_tree

settings=(HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
for name in CI TERM http_proxy https_proxy; do
  [[ ! -v $name ]] || settings+=("$name=${!name}")
done
# The first process of the namespace; all others end with it. A root of its own (not chroot) is what overlays of / and
# systemd-nspawn need.
# shellcheck disable=SC2016 # expanded there
first='
  set -e
  root=$1 copy=$2
  shift 2
  mount --bind "$root" "$root"
  mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
  mount --rbind /sys "$root/sys"
  # systemd boots with no other cgroups from 258 on; the tests need none of their controllers.
  [[ $(stat --file-system --format=%T /sys/fs/cgroup) == cgroup2fs ]] || mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs -o mode=755,nosuid,nodev run "$root/run"
  mount -t tmpfs -o mode=1777,nosuid,nodev tmp "$root/tmp"
  cd "$root"
  pivot_root . mnt
  umount --lazy /mnt
  cd "$copy"
  trap "exit 130" INT
  trap "exit 143" TERM
  status=0
  "$@" || status=$?
  exit "$status"
'
exec env -i "${settings[@]}" unshare --mount --pid --fork --kill-child --propagation private \
  bash -c "$first" on_debian "$PWD/$root" /usr/src/tlsmodem "$@"
