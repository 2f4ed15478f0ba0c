#!/usr/bin/env bash
# Builds the native tests for arm64 and runs them emulated: scripts/test-native-arm64.sh user|guest [GTEST_FILTER]
#   user    each program by qemu-aarch64: this machine's kernel, with calls that QEMU does not know refused (ENOSYS)
#   guest   in a guest of scripts/guest.sh: an arm64 kernel, 4 CPUs, 2 NUMA nodes
# Of the replayed schedules, whose number does not depend on the processor, the first 1000 of each test are run.
# gtest's results are left in build/native-arm64/results-<mode>, one XML file for each program.
# Both show that the code is right for the instruction set, its alignment and its libraries. Neither shows that its memory
# orders suffice on a real arm64: the emulator keeps the order of the host's loads and stores, and x86-64 keeps most.
# shellcheck source=scripts/tools.sh
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

mode="${1:-}" filter="${2:-*}"
case "$mode" in user | guest) ;; *) setup_fail 'usage: scripts/test-native-arm64.sh user|guest [GTEST_FILTER]' ;; esac
[[ "$filter" =~ ^[A-Za-z0-9_.*?:/-]+$ ]] || setup_fail "'$filter' is no filter of gtest"

ensure_node
ensure_compiler
ensure_packages
ensure_tool cmake >/dev/null
ensure_tool aarch64 >/dev/null
googletest="$(ensure_tool googletest)"
[ "$mode" = guest ] || emulator="$(ensure_tool qemu-aarch64)"

sysroot=/usr/aarch64-linux-gnu
build="$NANOTALLY_ROOT/build/native-arm64"
results="$build/results-$mode"
rm -rf "$results"
mkdir -p "$results"
node "$NANOTALLY_ROOT/scripts/build-native.mjs" none "$googletest" --arch arm64

# The sources say which tests there are: the build folder may still hold one whose source is gone.
tests=()
for source in "$NANOTALLY_ROOT"/native/test/*_test.cc; do tests+=("$(basename "$source" .cc)"); done

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
if [ "$mode" = user ]; then
  # A program by the test's name that starts the emulator: gtest runs death tests in a new process of argv[0].
  for test in "${tests[@]}"; do
    # shellcheck disable=SC2016 # the program itself is to expand $0 and $@
    printf '#!/bin/sh\nexec "%s" -L "%s" -0 "$0" "%s" "$@"\n' "$emulator" "$sysroot" "$build/$test" >"$work/$test"
    chmod +x "$work/$test"
  done
  # QEMU knows no rseq, so native threads record atomically; in the guest they have the real one (native/test/rseq_test.cc).
  NANOTALLY_TEST_SCHEDULES=1000 NANOTALLY_TEST_RSEQ=0 GTEST_FILTER="$filter" sh "$NANOTALLY_ROOT/scripts/guests/run-native-tests.sh" "$results" "$work"
else
  mkdir "$work/lib" "$work/tests"
  cp "$sysroot"/lib/{ld-linux-aarch64.so.1,libc.so.6,libm.so.6,libstdc++.so.6,libgcc_s.so.1} "$work/lib/"
  for test in "${tests[@]}"; do aarch64-linux-gnu-strip -o "$work/tests/$test" "$build/$test"; done
  cp "$NANOTALLY_ROOT/scripts/guests/run-native-tests.sh" "$work/"
  echo "NANOTALLY_TEST_SCHEDULES=1000 NANOTALLY_TEST_RSEQ=1 GTEST_FILTER='$filter' exec sh /run-native-tests.sh /tmp/results /tests" >"$work/run.sh"
  "$NANOTALLY_ROOT/scripts/guest.sh" arm64 "$work" "$results"
fi
