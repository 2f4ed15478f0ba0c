#!/usr/bin/env bash
# npm run test:full: what npm test leaves out and a machine can still show in three quarters of an hour.
# Arguments go to the stage runner: --only NAME, --bail, --list.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
ensure_node
exec node "$NANOTALLY_ROOT/scripts/stages.mjs" full "$@"
