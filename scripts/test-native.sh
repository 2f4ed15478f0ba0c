#!/usr/bin/env bash
# Builds and runs the native tests: scripts/test-native.sh [none|thread|address] [ctest argument...]
# `thread` is ThreadSanitizer; `address` is AddressSanitizer with UBSan and LeakSanitizer. Both also run the seeded faults
# of native/test/must_fail, which have to be reported. The build is incremental, in build/native-<sanitizer>, where ctest
# leaves its results as ctest.xml, and sanitized programs theirs in results/.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

sanitizer="${1:-none}"
shift || true
case "$sanitizer" in none | thread | address) ;; *) setup_fail "'$sanitizer' is no sanitizer: none, thread or address" ;; esac

ensure_node
ensure_compiler
ensure_packages
"$NANOTALLY_ROOT/scripts/tools.sh" cmake >/dev/null
googletest="$("$NANOTALLY_ROOT/scripts/tools.sh" googletest)"

build="$NANOTALLY_ROOT/build/native-$sanitizer"
mkdir -p "$build"
rm -rf "$build"/{ctest.xml,results}
node "$NANOTALLY_ROOT/scripts/build-native.mjs" "$sanitizer" "$googletest"

# A finding ends the process, so it ends the test: none is printed and passed over.
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
# Tests that GLIBC_TUNABLES leaves it to have restartable sequences (native/test/rseq_test.cc).
[ "$(uname -s)" != Linux ] || export NANOTALLY_TEST_RSEQ=1

# What native/test/runtime_load_test.cc asks beside the kernel.
[ "$(uname -s)" != Linux ] || { NANOTALLY_TEST_TIME="$("$NANOTALLY_ROOT/scripts/tools.sh" gnu-time)" && export NANOTALLY_TEST_TIME; }

# A replayed schedule runs one thread at a time, so a sanitizer sees the same in each: the first ones are enough there.
[ "$sanitizer" = none ] || export NANOTALLY_TEST_SCHEDULES="${NANOTALLY_TEST_SCHEDULES:-1000}"

# ThreadSanitizer of older compilers cannot place its shadow memory where the kernel randomises more than 28 bits.
run=()
if [ "$sanitizer" = thread ] && [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)" -gt 28 ]; then
  setarch "$(uname -m)" -R true || setup_fail 'ThreadSanitizer needs setarch -R here, and it is not permitted'
  run=(setarch "$(uname -m)" -R)
fi
"${run[@]}" ctest --test-dir "$build" --parallel 2 --no-tests=error --output-on-failure --output-junit ctest.xml "$@"
