#!/usr/bin/env bash
# Packs the package and runs the vitest project `package` on the tarball: scripts/test-package.sh [vitest argument...]
# The tarball stays in build/package, and unpacked beside it.
# shellcheck source=scripts/tools.sh
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
cd "$NANOTALLY_ROOT"

ensure_node
ensure_compiler
ensure_packages
ensure_build # the addon for this machine alone, which oldest-glibc.test.ts has to find out
# The tools that packages are tried with have a lock of their own: nothing else needs them.
(cd test/package/tools && npm ci --no-audit --no-fund >&2) || setup_fail 'npm ci failed in test/package/tools; its output is above'

folder="$NANOTALLY_ROOT/build/package"
rm -rf "$folder"
mkdir -p "$folder"
npm pack --silent --pack-destination "$folder" >&2 || setup_fail 'npm pack failed; its output is above'
NANOTALLY_TARBALL="$(find "$folder" -name '*.tgz')"
export NANOTALLY_TARBALL
tar -xzf "$NANOTALLY_TARBALL" -C "$folder"
node node_modules/vitest/vitest.mjs run --allowOnly=false --project=package "$@"
