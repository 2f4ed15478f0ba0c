#!/usr/bin/env bash
# What `npm run demo` calls: installs and builds where needed, then runs examples/engram with the given arguments.
#   scripts/demo.sh [FLAG...]      its flags: scripts/demo.sh --help
#   scripts/demo.sh --set-up-only  installs and builds, and runs nothing
# All that the set-up says goes to stderr: stdout is the demo's own, for --json.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

ENGRAM="$NANOTALLY_ROOT/examples/engram"

# The demo's own packages: WordNet, and a link to this checkout. As ensure_packages does it for the root.
engram_packages_now() {
  local done_file="$ENGRAM/node_modules/.package-lock.json"
  if [ -e "$done_file" ] && [ -e "$ENGRAM/node_modules/nanotally/package.json" ]; then
    [ "$ENGRAM/package-lock.json" -nt "$done_file" ] || return 0
    if packages_match "$ENGRAM/package-lock.json" "$done_file"; then
      touch "$done_file"
      return 0
    fi
  fi
  setup_say 'installing the packages of examples/engram (npm ci)'
  (cd "$ENGRAM" && npm ci --no-audit --no-fund >&2) || setup_fail 'npm ci failed in examples/engram; its output is above'
  touch "$done_file"
}

# Its index is an addon, built here: the demo has no install scripts.
engram_addon_now() {
  cd "$NANOTALLY_ROOT"
  build_example_addon examples/engram/native
}

ensure_node
ensure_compiler
ensure_packages
ensure_build
with_setup_lock engram_packages_now
with_setup_lock engram_addon_now

if [ "${1:-}" = --set-up-only ]; then exit 0; fi
exec node "$ENGRAM/main.mjs" "$@"
