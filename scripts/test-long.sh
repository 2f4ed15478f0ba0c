#!/usr/bin/env bash
# npm run test:long: what takes hours and is run by hand.
# Arguments go to the stage runner: --only NAME, --bail, --list.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
ensure_node
exec node "$NANOTALLY_ROOT/scripts/stages.mjs" long "$@"
