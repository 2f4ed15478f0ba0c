#!/usr/bin/env bash
# Builds the native benches (native/bench) in build/native-bench; the build is incremental. Its output goes to stderr.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

ensure_node
ensure_compiler
ensure_packages
"$NANOTALLY_ROOT/scripts/tools.sh" cmake >/dev/null
benchmark="$("$NANOTALLY_ROOT/scripts/tools.sh" benchmark)"
mkdir -p "$NANOTALLY_ROOT/build/native-bench"
node "$NANOTALLY_ROOT/scripts/build-native.mjs" bench "$benchmark" >&2
