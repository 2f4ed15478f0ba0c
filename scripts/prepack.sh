#!/usr/bin/env bash
# What npm runs before it packs: builds all that the package ships. scripts/postpack.sh takes away what only the package needs.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$NANOTALLY_ROOT"

ensure_node
ensure_packages
scripts/prebuilds.sh >&2
# No file of an older build may be packed.
rm -rf dist
npm run --silent build:lib >&2 || setup_fail 'the TypeScript build failed; its output is above'
npm run --silent build:page >&2 || setup_fail 'the build of the live page failed; its output is above'
# Whoever builds from the package's own sources needs these, and nothing from the registry.
rm -rf native/node-addon-api
mkdir native/node-addon-api
cp node_modules/node-addon-api/{LICENSE.md,napi.h,napi-inl.h,napi-inl.deprecated.h} native/node-addon-api/
