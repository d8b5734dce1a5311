#!/bin/bash
# What must pass. Goes on after a failure and ends with a summary.
#   check.sh             format, lint, build and tests of the preset dev (the fuzz targets replay their corpus)
#   check.sh --quick     the same without clang-tidy
#   check.sh --tests     only build and tests of the preset dev
#   check.sh --full      all of the first, the tests again with sanitizers, and each fuzz target with new inputs
#   check.sh --releases  all of --full, and --tests on Debian 13 and unstable as well, by on_debian.sh
# CI=true without an option: all of --full, and --tests on Debian 13.
# shellcheck disable=SC2317 # the functions are called by their names, through step
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

lint=true
tidy=true
full=false
releases=()
case ${1:-} in
  '')
    if [[ ${CI:-} == true ]]; then
      full=true
      releases=(trixie)
    fi
    ;;
  --quick) tidy=false ;;
  --tests) lint=false tidy=false ;;
  --full) full=true ;;
  --releases) full=true releases=(trixie unstable) ;;
  *)
    echo "usage: check.sh [--quick|--tests|--full|--releases]" >&2
    exit 64
    ;;
esac

jobs=$(nproc)
fuzz_seconds=5 # for each target
launcher=()
if command -v ccache >/dev/null; then
  launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  # One cache for every checkout of this tree, wherever it is: paths below it count as relative ones.
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
fi

# New files count before they are added.
files() {
  git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do
    [[ ! -f $file ]] || printf '%s\0' "$file"
  done
}

ID='' VERSION_ID='' VERSION_CODENAME=''
# shellcheck source=/dev/null
. /etc/os-release
is_debian_12() { [[ $ID == debian && $VERSION_ID == 12 ]]; }
# Of this release everything is run anyhow. testing and unstable have no number.
here=unstable
[[ -z $VERSION_ID ]] || here=$VERSION_CODENAME

packages() { scripts/packages.sh "$1"; }
mbedtls_peer() { scripts/mbedtls_peer.sh; }
# Another version formats differently and finds other things, so the tree is held to one: that of Debian 12.
clang_version=14
has_clang_version() { # TOOL
  "$1" --version | grep --quiet "version $clang_version\." && return
  echo "SKIPPED: the tree is held to $1 $clang_version of Debian 12; here is $("$1" --version | grep --only-matching 'version [0-9.]*')"
  is_debian_12 && return 77
  return 78
}
format() {
  has_clang_version clang-format || return
  files '*.cpp' '*.hpp' '*.c' '*.h' | xargs -0 --no-run-if-empty clang-format --dry-run --Werror
}
scripts() { files '*.sh' .ci/run | xargs -0 --no-run-if-empty shellcheck; }
manuals() { files 'docs/man/*' | xargs -0 --no-run-if-empty mandoc -Tlint -Wwarning; }
build() {
  if ! cmake --preset "$1" "${launcher[@]}" >"build/$1.log" 2>&1; then
    cat "build/$1.log"
    return 1
  fi
  cmake --build --preset "$1" --parallel "$jobs"
}
run_tests() { ctest --preset "$1" --parallel "$jobs"; }
tidy() {
  has_clang_version clang-tidy || return
  scripts/tidy.py build/dev "$jobs"
}
on_release() { scripts/on_debian.sh "$1" scripts/check.sh --tests; }

# Inputs that once broke a target come first, then new ones are tried for a short time.
fuzz_one() {
  local target=$1 name=${1##*/fuzz_}
  mkdir -p "build/fuzz/corpus/$name" build/fuzz/findings
  "$target" -max_total_time="$fuzz_seconds" -timeout=5 -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/findings/$name-" "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name" \
    >"build/fuzz/$name.log" 2>&1 || {
    cat "build/fuzz/$name.log"
    return 1
  }
  echo "fuzz_$name: $(sed -n 's/^stat::number_of_executed_units: //p' "build/fuzz/$name.log") inputs"
}
export -f fuzz_one
export fuzz_seconds
fuzz() {
  find build/fuzz/tests -maxdepth 1 -type f -executable -name 'fuzz_*' -print0 |
    xargs -0 -P "$jobs" -I '{}' bash -c 'fuzz_one {}'
}

summary=()
failed=0
skipped=false
# step NAME COMMAND...: runs it and notes the outcome, which is also the return status. Status 77 of the
# command: it cannot be had on this machine, which is a failure where CI=true. 78: it is not for this release of Debian.
step() {
  local name=$1 started=$SECONDS outcome=ok status=0
  shift
  printf '\n== %s\n' "$name"
  "$@" || status=$?
  if ((status == 78)) || { ((status == 77)) && [[ ${CI:-} != true ]]; }; then
    outcome=SKIPPED
    skipped=true
  elif ((status != 0)); then
    outcome=FAILED
    failed=1
  fi
  summary+=("$(printf '%-28s %-7s %4d s' "$name" "$outcome" $((SECONDS - started)))")
  [[ $outcome == ok ]]
}
build_and_test() { step "$1: build" build "$1" && step "$1: test" run_tests "$1"; }

mkdir -p build
if $lint; then
  step packages packages check || exit 1
  step format format
  step scripts scripts
  step 'manual pages' manuals
else
  step packages packages test || exit 1
fi
step 'Mbed TLS peer' mbedtls_peer ||
  summary+=("SKIPPED: the tests with a peer that knows connection IDs, for the reason that 'Mbed TLS peer' gives above")
if step 'dev: build' build dev; then
  step 'dev: test' run_tests dev
  ! $tidy || step clang-tidy tidy
fi
if $full; then
  build_and_test asan-ubsan
  build_and_test fuzz && step 'fuzz: new inputs' fuzz
fi
for release in "${releases[@]}"; do
  [[ $release == "$here" ]] || step "$release: build and test" on_release "$release"
done

printf '\n%s\n' "${summary[@]}"
if ((failed)); then
  echo "FAILED after $SECONDS s"
elif $skipped; then
  echo "passed in $SECONDS s what could be run; NOT ALL OF IT was, see SKIPPED above"
else
  echo "all passed in $SECONDS s"
fi
exit "$failed"
