#!/usr/bin/env bash
# Builds one program of the native tests and runs it where there are two NUMA nodes, in an amd64 guest of scripts/guest.sh:
#   scripts/test-native-numa.sh NAME [-- QEMU_ARGS...]
# NANOTALLY_TEST_NUMA=1 says so to tests that would otherwise skip themselves.
# gtest's results are left in build/native-none/results-numa. QEMU_ARGS may give the guest another shape.
# shellcheck source=scripts/tools.sh
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

test="${1:-}"
[ -f "$NANOTALLY_ROOT/native/test/$test.cc" ] ||
  setup_fail 'usage: scripts/test-native-numa.sh NAME [-- QEMU_ARGS...]; NAME is a file of native/test, without .cc'
shift
[ "$(uname -m)" = x86_64 ] || setup_fail 'the guest runs what this machine compiles: it has to be x86-64'

ensure_node
ensure_compiler
ensure_packages
ensure_tool cmake >/dev/null
googletest="$(ensure_tool googletest)"

build="$NANOTALLY_ROOT/build/native-none"
results="$build/results-numa"
rm -rf "$results"
node "$NANOTALLY_ROOT/scripts/build-native.mjs" none "$googletest" --target "$test"

payload="$(mktemp -d)"
trap 'rm -rf "$payload"' EXIT
mkdir "$payload/tests"
strip -o "$payload/tests/$test" "$build/$test"
# The program's libraries and its loader lie in the guest where they lie here.
ldd "$build/$test" | grep -o '/[^ ]*' | while IFS= read -r library; do
  mkdir -p "$payload$(dirname "$library")"
  cp -L "$library" "$payload$library"
done
cp "$NANOTALLY_ROOT/scripts/guests/run-native-tests.sh" "$payload/"
echo 'NANOTALLY_TEST_NUMA=1 exec sh /run-native-tests.sh /tmp/results /tests' >"$payload/run.sh"
"$NANOTALLY_ROOT/scripts/guest.sh" amd64 "$payload" "$results" "$@"
