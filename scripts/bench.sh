#!/usr/bin/env bash
# What `npm run bench` calls: installs and builds where needed, then runs the benches with the given arguments.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

ensure_node
ensure_compiler
ensure_packages
ensure_build

cd "$NANOTALLY_ROOT"
exec node bench/run.mjs "$@"
