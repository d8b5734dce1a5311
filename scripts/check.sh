#!/bin/bash
# What must pass. Goes on after a failure and ends with a summary.
#   check.sh             format, lint, build and tests of the preset dev (the fuzz targets replay their corpus)
#   check.sh --quick     the same without clang-tidy
#   check.sh --full      the same, the tests again with sanitizers, and each fuzz target with new inputs; what CI=true
#                        means. Not the preset release: without a cache it would not be done in half an hour
# shellcheck disable=SC2317 # the functions are called by their names, through step
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

quick=false
full=false
[[ ${CI:-} != true ]] || full=true
case ${1:-} in
  '') ;;
  --quick) quick=true full=false ;;
  --full) full=true ;;
  *)
    echo "usage: check.sh [--quick|--full]" >&2
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

packages() { scripts/packages.sh check; }
mbedtls_peer() { scripts/mbedtls_peer.sh; }
format() { files '*.cpp' '*.hpp' '*.c' '*.h' | xargs -0 --no-run-if-empty clang-format --dry-run --Werror; }
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
tidy() { scripts/tidy.py build/dev "$jobs"; }

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
# command: it cannot be had on this machine, which is a failure where CI=true.
step() {
  local name=$1 started=$SECONDS outcome=ok status=0
  shift
  printf '\n== %s\n' "$name"
  "$@" || status=$?
  if ((status == 77)) && [[ ${CI:-} != true ]]; then
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
step packages packages || exit 1
step format format
step scripts scripts
step 'manual pages' manuals
step 'Mbed TLS peer' mbedtls_peer ||
  summary+=("SKIPPED: the tests with a peer that knows connection IDs, for the reason that 'Mbed TLS peer' gives above")
if step 'dev: build' build dev; then
  step 'dev: test' run_tests dev
  $quick || step clang-tidy tidy
fi
if $full; then
  build_and_test asan-ubsan
  build_and_test fuzz && step 'fuzz: new inputs' fuzz
fi

printf '\n%s\n' "${summary[@]}"
if ((failed)); then
  echo "FAILED after $SECONDS s"
elif $skipped; then
  echo "passed in $SECONDS s what could be run; NOT ALL OF IT was, see SKIPPED above"
else
  echo "all passed in $SECONDS s"
fi
exit "$failed"
