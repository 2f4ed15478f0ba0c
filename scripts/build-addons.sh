#!/usr/bin/env bash
# Builds the addons that record through native/include/nanotally.h, the example for users and the one of the tests:
#   scripts/build-addons.sh [arm64]    arm64: cross-built, in build/addons-arm64/<the folder's name>
# Does nothing for an addon that is newer than its sources and that header. Installs and builds what they stand on.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

ADDONS=(examples/native-addon test/native-interface/addon)

build_addons_now() {
  cd "$NANOTALLY_ROOT"
  # What `npm install` in the example would make of "file:../..".
  mkdir -p examples/native-addon/node_modules
  ln -sfn ../../.. examples/native-addon/node_modules/nanotally
  local folder place product source arguments=()
  if [ -n "$arch" ]; then
    arguments=(--arch="$arch")
    export CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ AR=aarch64-linux-gnu-ar
  fi
  for folder in "${ADDONS[@]}"; do
    place="$folder"
    if [ -n "$arch" ]; then
      place="build/addons-$arch/$(basename "$folder")"
      for source in "$folder"/{binding.gyp,src,*.cc}; do [ ! -e "$source" ] || link_into "$place" "$source"; done
    fi
    # Nothing is built there yet where there is no folder.
    product="$(find "$place/build/Release" -maxdepth 1 -name '*.node' -print -quit 2>/dev/null || true)"
    if [ -z "$product" ] || [ -n "$(find "$folder" native/include -name build -prune -o -name node_modules -prune -o \
      -regex '.*\.\(h\|c\|cc\|gyp\)' -newer "$product" -print -quit)" ]; then
      setup_say "building the addon of $folder (node-gyp)${arch:+ for $arch}"
      npm exec --no --silent -- node-gyp --directory="$place" "${arguments[@]}" configure build >&2 ||
        setup_fail "the build in $place failed; its output is above"
      touch "$place"/build/Release/*.node # a build that found nothing to compile leaves it as it was
    fi
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
