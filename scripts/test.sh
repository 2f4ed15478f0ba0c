#!/usr/bin/env bash
# npm test: format and lint, build, the native suites, the TypeScript suites, one test against the real Prometheus.
# Arguments go to the stage runner: --only NAME, --bail, --list.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
ensure_node
exec node "$NANOTALLY_ROOT/scripts/stages.mjs" quick "$@"
