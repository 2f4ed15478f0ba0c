#!/usr/bin/env bash
# Builds the addon with AddressSanitizer, UBSan and LeakSanitizer and runs the vitest project `sanitized` with it inside
# Node: scripts/test-sanitized-addon.sh [vitest argument...]
# It is the addon of native/binding.gyp, with more flags, in build/sanitized; native/build stays as it is. The build is
# incremental. test/sanitizers/probe, with the seeded faults that have to be reported, is built by the same flags.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

[ "$(uname -s)" = Linux ] || setup_fail 'the sanitized addon needs the preloading of shared libraries, by Linux'
ensure_node
ensure_compiler
ensure_packages
ensure_build

cd "$NANOTALLY_ROOT"
sanitized="$NANOTALLY_ROOT/build/sanitized"
# Of g++, as the preloaded runtimes are: another compiler has its own.
export CXX="${CXX:-g++}"

# build_sanitized NAME SOURCE...: builds an addon of these sources, binding.gyp among them.
build_sanitized() {
  local folder="$sanitized/$1"
  shift
  link_into "$folder" "$@"
  # -O1 and frame pointers: LeakSanitizer walks them at every allocation. Asserts stay on. Uses of null are faults anyway.
  CXXFLAGS='-O1 -g1 -UNDEBUG -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize=null -fno-sanitize-recover=all' \
    LDFLAGS='-fsanitize=address,undefined' \
    npm exec --no -- node-gyp --directory="$folder" configure build --jobs 2 --loglevel warn >"$folder/build.log" 2>&1 ||
    { cat "$folder/build.log" >&2; setup_fail "the sanitized build failed; its output is above"; }
}
setup_say 'building the sanitized addon'
# shellcheck disable=SC2046 # no name has a space
build_sanitized nanotally $(addon_sources)
build_sanitized probe test/sanitizers/probe/binding.gyp test/sanitizers/probe/probe.cc

export NANOTALLY_SANITIZED_BUILD="$sanitized"
node node_modules/vitest/vitest.mjs run --allowOnly=false --project=sanitized "$@"
