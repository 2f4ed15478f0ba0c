#!/usr/bin/env bash
# Runs the portable suite (no servers) on each Node of the matrix, with the binary that ships:
#   scripts/portable.sh RESULTS_FOLDER [--brief]
# What tells of this checkout's tools, of the binary's instructions and of the page is left out, and the storm of scrapes: npm
# test has shown them. --brief: only the files of MEETS_NODE, and not on the Node that npm test has run on, with an addon built of
# the same sources; the tests of the package load the binary there.
# Each leaves its counts in RESULTS_FOLDER/portable-<version>.json. A failing Node does not keep the next from running.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$NANOTALLY_ROOT"

# What depends most on the Node that it runs on: loading, workers and their ends, native threads, what V8 does with the addon.
MEETS_NODE=(
  test/lib/hardware/perf.test.ts
  test/lib/instruments/histogram.test.ts
  test/lib/native.test.ts
  test/lib/registry.test.ts
  test/lib/runtime/
  test/native-interface/
  test/workers/{churn,crash,disabled,facts,instances,only-workers}.test.ts
)

results="$1"
arch="$(node -p process.arch)"
scripts/prebuilds.sh "$arch"
export NANOTALLY_ADDON="$NANOTALLY_ROOT/prebuilds/linux-$arch/nanotally.node"
export NANOTALLY_TEST_EXCLUDE='test/scripts/** test/bench/** test/page/** test/native/** test/workers/scrape-storm.test.ts'
nodes="$(scripts/tools.sh node-matrix)"
files=()
[ "${2:-}" != --brief ] || files=("${MEETS_NODE[@]}")
status=0
while IFS= read -r node; do
  version="$("$node" --version)"
  if [ "${2:-}" = --brief ] && [ "${version%%.*}" = "$(node -p 'process.version.split(".")[0]')" ]; then continue; fi
  echo "== Node $version"
  PATH="$(dirname "$node"):$PATH" "$node" node_modules/vitest/vitest.mjs run --allowOnly=false "${files[@]}" \
    --project unit --project property --project workers --project native-interface \
    --reporter=default --reporter=json --outputFile.json="$results/portable-$version.json" </dev/null || status=1
done <<<"$nodes"
exit "$status"
