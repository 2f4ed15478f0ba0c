#!/usr/bin/env bash
# Builds and runs the native tests: scripts/test-native.sh [none|thread|address] [ctest argument...]
# `thread` is ThreadSanitizer; `address` is AddressSanitizer with UBSan and LeakSanitizer. Both also run the seeded faults
# of native/test/must_fail, which have to be reported. The build is incremental, in build/native-<sanitizer>, where ctest
# leaves its results as ctest.xml.
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
rm -f "$build/ctest.xml"
node "$NANOTALLY_ROOT/scripts/build-native-tests.mjs" "$sanitizer" "$googletest"

# ThreadSanitizer of older compilers cannot place its shadow memory where the kernel randomises more than 28 bits.
run=()
if [ "$sanitizer" = thread ] && [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)" -gt 28 ]; then
  setarch "$(uname -m)" -R true || setup_fail 'ThreadSanitizer needs setarch -R here, and it is not permitted'
  run=(setarch "$(uname -m)" -R)
fi
"${run[@]}" ctest --test-dir "$build" --parallel 2 --no-tests=error --output-on-failure --output-junit ctest.xml "$@"
