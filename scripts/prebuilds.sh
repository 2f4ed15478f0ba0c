#!/usr/bin/env bash
# Builds what the package ships: scripts/prebuilds.sh [ARCH]...    x64 arm64 unless named
# Each becomes prebuilds/linux-ARCH/nanotally.node, stripped; the other architecture is cross-built. The builds are
# incremental, in build/prebuilt-ARCH. What the binaries must be like is checked by test/package/binaries.test.ts.
# shellcheck source=scripts/tools.sh
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

[ "$(uname -s)" = Linux ] || setup_fail 'the prebuilt binaries are built on Linux'
ensure_node
ensure_compiler
ensure_packages

build_for() {
  local arch="$1" prefix='' folder="$NANOTALLY_ROOT/build/prebuilt-$1" target="$NANOTALLY_ROOT/prebuilds/linux-$1"
  case "$arch" in
    x64) [ "$(uname -m)" = x86_64 ] || prefix=x86_64-linux-gnu- ;;
    arm64) [ "$(uname -m)" = aarch64 ] || prefix=aarch64-linux-gnu- ;;
    *) setup_fail "there are binaries for x64 and arm64, not for '$arch'" ;;
  esac
  [ -z "$prefix" ] || ensure_command "${prefix}g++" "g++-${prefix%-}"
  mkdir -p "$target"
  cd "$NANOTALLY_ROOT"
  # shellcheck disable=SC2046 # no name has a space
  link_into "$folder" $(addon_sources)
  # node-gyp is run by npm, which tells it where this machine has Node's headers.
  (
    export CC="${prefix}gcc" CXX="${prefix}g++" AR="${prefix}ar"
    gyp=(npm exec --no -- node-gyp --directory="$folder" --loglevel=warn --arch="$arch")
    "${gyp[@]}" configure -- -Dprebuilt=1 && "${gyp[@]}" --jobs=2 build
  ) >&2 || setup_fail "the build for linux-$arch failed; its output is above"
  "${prefix}strip" --strip-unneeded -o "$target/nanotally.node" "$folder/build/Release/nanotally.node"
  setup_say "built prebuilds/linux-$arch/nanotally.node"
}

[ $# -gt 0 ] || set -- x64 arm64
for arch in "$@"; do with_setup_lock build_for "$arch"; done
