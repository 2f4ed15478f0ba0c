#!/usr/bin/env bash
# Builds the addons that record through native/include/nanotally.h: the example for users and the one of the tests.
# Does nothing for an addon that is newer than its sources and that header. Installs and builds what they stand on.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

ADDONS=(examples/native-addon test/native-interface/addon)

build_addons_now() {
  cd "$NANOTALLY_ROOT"
  # What `npm install` in the example would make of "file:../..".
  mkdir -p examples/native-addon/node_modules
  ln -sfn ../../.. examples/native-addon/node_modules/nanotally
  local folder product
  for folder in "${ADDONS[@]}"; do
    product="$(find "$folder/build/Release" -maxdepth 1 -name '*.node' -print -quit 2>/dev/null || true)"
    if [ -z "$product" ] || [ -n "$(find "$folder" native/include -name build -prune -o -name node_modules -prune -o \
      -regex '.*\.\(h\|c\|cc\|gyp\)' -newer "$product" -print -quit)" ]; then
      setup_say "building the addon of $folder (node-gyp)"
      npm exec --no --silent -- node-gyp --directory "$folder" configure build >&2 ||
        setup_fail "the build in $folder failed; its output is above"
      touch "$folder"/build/Release/*.node # a build that found nothing to compile leaves it as it was
    fi
  done
}

ensure_node
ensure_compiler
ensure_packages
ensure_build
with_setup_lock build_addons_now
