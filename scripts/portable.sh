#!/usr/bin/env bash
# Runs the portable suite (no servers) on each Node of the matrix, with the binary that ships:
#   scripts/portable.sh RESULTS_FOLDER [--brief]
# --brief: on all but the newest, which differs most from the one that npm test runs on, only the files of MEETS_NODE.
# What tells of this checkout's tools, of the binary's instructions and of the page is left out, and the storm of scrapes: npm
# test has shown them.
# Each leaves its counts in RESULTS_FOLDER/portable-<version>.json. A failing Node does not keep the next from running.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$NANOTALLY_ROOT"

# What depends most on the Node that it runs on: workers and their ends, native threads, what V8 does with the addon.
MEETS_NODE=(
  test/workers/
  test/native-interface/
  test/lib/instruments/
  test/lib/native.test.ts
  test/lib/registry.test.ts
  test/lib/hardware/perf.test.ts
)

results="$1"
arch="$(node -p process.arch)"
scripts/prebuilds.sh "$arch"
export NANOTALLY_ADDON="$NANOTALLY_ROOT/prebuilds/linux-$arch/nanotally.node"
export NANOTALLY_TEST_EXCLUDE='test/scripts/** test/bench/** test/page/** test/native/** test/workers/scrape-storm.test.ts'
nodes="$(scripts/tools.sh node-matrix)"
newest="$(tail -n 1 <<<"$nodes")"
status=0
while IFS= read -r node; do
  version="$("$node" --version)"
  files=()
  [ "${2:-}" != --brief ] || [ "$node" = "$newest" ] || files=("${MEETS_NODE[@]}")
  echo "== Node $version"
  PATH="$(dirname "$node"):$PATH" "$node" node_modules/vitest/vitest.mjs run --allowOnly=false "${files[@]}" \
    --project unit --project property --project workers --project native-interface \
    --reporter=default --reporter=json --outputFile.json="$results/portable-$version.json" </dev/null || status=1
done <<<"$nodes"
exit "$status"
