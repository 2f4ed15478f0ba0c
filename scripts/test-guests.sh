#!/usr/bin/env bash
# Boots the machines that this one is not and runs in each, against its kernel, what is about hardware: the native tests
# of HARDWARE_TESTS, on arm64 those of ARM64_TESTS, too, and test/guests/suite: scripts/test-guests.sh [vitest argument...]
# Builds first what is missing: for each architecture a layer of scripts/guest.sh, build/guests/<arch>.cpio, in which
# /app is this checkout as far as the suite needs it and /tests are the native tests.
# shellcheck source=scripts/tools.sh
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
cd "$NANOTALLY_ROOT"

# Names of files in native/test, without _test.cc.
HARDWARE_TESTS='cgroup cpu* hardware* numa* perf* slot_placement topology*'
# What depends on the instruction set: arithmetic, the layout of memory, restartable sequences.
# scripts/test-native-arm64.sh runs all.
ARM64_TESTS='bucket_mapping double_double histogram_math number rseq shard trace_ids'

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] ||
  setup_fail 'the guests run what is built here for x86-64 and cross-built for arm64: this needs an x86-64 Linux'
ensure_node
ensure_compiler
ensure_packages
ensure_build
ensure_tool cmake >/dev/null
ensure_tool aarch64 >/dev/null
ensure_tool guest-amd64 >/dev/null
ensure_tool guest-arm64 >/dev/null
googletest="$(ensure_tool googletest)"

# make_layer ARCH TESTS BUILD_FOLDER ADDON STRIP BUILD_OPTION...
make_layer() {
  local arch="$1" patterns="$2" build="$3" addon="$4" strip="$5" root="build/guests/$1" tests=() targets=() pattern source test
  shift 5
  for pattern in $patterns; do
    for source in native/test/${pattern}_test.cc; do
      [ -e "$source" ] || setup_fail "native/test holds no ${pattern}_test.cc"
      tests+=("$(basename "$source" .cc)")
    done
  done
  for test in "${tests[@]}"; do targets+=(--target "$test"); done
  node scripts/build-native.mjs none "$googletest" "$@" "${targets[@]}" >"$root.log" 2>&1 ||
    { cat "$root.log" >&2; setup_fail "the native tests for $arch could not be built; the output is above"; }
  rm -rf "$root"
  mkdir -p "$root"/{tests,app/native/build/Release,app/test/guests}
  for test in "${tests[@]}"; do "$strip" -o "$root/tests/$test" "$build/$test"; done
  "$strip" --strip-unneeded -o "$root/app/native/build/Release/nanotally.node" "$addon"
  cp -r package.json dist "$root/app/"
  cp -r test/guests/suite "$root/app/test/guests/"
  cp scripts/guests/run-native-tests.sh "$root/"
  pack_layer "$root" >"$root.cpio"
}

mkdir -p build/guests
setup_say 'building what the guests run'
make_layer amd64 "$HARDWARE_TESTS" build/native-none native/build/Release/nanotally.node strip
scripts/prebuilds.sh arm64
make_layer arm64 "$HARDWARE_TESTS $ARM64_TESTS" build/native-arm64 prebuilds/linux-arm64/nanotally.node aarch64-linux-gnu-strip --arch arm64

NANOTALLY_GUEST_NODE_AMD64="$(ensure_tool guest-node-amd64)"
NANOTALLY_GUEST_NODE_ARM64="$(ensure_tool guest-node-arm64)"
export NANOTALLY_GUEST_NODE_AMD64 NANOTALLY_GUEST_NODE_ARM64
node node_modules/vitest/vitest.mjs run --allowOnly=false --project=guests "$@"
