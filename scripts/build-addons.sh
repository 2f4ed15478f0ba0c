#!/usr/bin/env bash
# Builds the addons that record through native/include/nanotally.h, the example for users, that of the demo and the one of the
# tests:
#   scripts/build-addons.sh [arm64]    arm64: cross-built, in build/addons-arm64/<the folder's name>
# Does nothing for an addon that is newer than its sources and that header. Installs and builds what they stand on.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

ADDONS=(examples/native-addon examples/engram/native test/native-interface/addon)

build_addons_now() {
  cd "$NANOTALLY_ROOT"
  # What `npm install` in the example would make of "file:../..".
  mkdir -p examples/native-addon/node_modules
  ln -sfn ../../.. examples/native-addon/node_modules/nanotally
  local folder place source arguments=()
  if [ -n "$arch" ]; then
    arguments=(--arch="$arch")
    export CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ AR=aarch64-linux-gnu-ar
  fi
  for folder in "${ADDONS[@]}"; do
    place="$folder"
    if [ -n "$arch" ]; then
      place="build/addons-$arch/$(basename "$folder")"
      for source in "$folder"/{binding.gyp,src,*.cc,*.h}; do [ ! -e "$source" ] || link_into "$place" "$source"; done
    fi
    build_example_addon "$folder" "$place" "${arguments[@]}"
  done
}

arch="${1:-}"
case "$arch" in '' | arm64) ;; *) setup_fail 'usage: scripts/build-addons.sh [arm64]' ;; esac

ensure_node
ensure_compiler
[ -z "$arch" ] || "$NANOTALLY_ROOT/scripts/tools.sh" aarch64 >/dev/null
ensure_packages
ensure_build
with_setup_lock build_addons_now
