#!/usr/bin/env bash
# Runs the portable suite (no servers) on each Node of the matrix, with the binary that ships:
#   scripts/portable.sh RESULTS_FOLDER [--brief]
# What tells of this checkout's tools, of the binary's instructions and of the page is left out, and the storm of scrapes: npm
# test has shown them. --brief: of the newest, which differs most from the one that npm test runs on, what stands around the
# library is left out, too: the command line, the parser, the demo, documents and types. On the others it is only MEETS_NODE.
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
  test/native-interface/
  test/workers/{churn,crash,disabled,facts,instances,only-workers}.test.ts
)
AROUND='test/lib/cli/** test/lib/exposition/** test/examples/** test/lib/documents.test.ts test/lib/types.test.ts'

results="$1"
arch="$(node -p process.arch)"
scripts/prebuilds.sh "$arch"
export NANOTALLY_ADDON="$NANOTALLY_ROOT/prebuilds/linux-$arch/nanotally.node"
left_out='test/scripts/** test/bench/** test/page/** test/native/** test/workers/scrape-storm.test.ts'
nodes="$(scripts/tools.sh node-matrix)"
newest="$(tail -n 1 <<<"$nodes")"
status=0
while IFS= read -r node; do
  version="$("$node" --version)"
  files=() excluded="$left_out"
  if [ "${2:-}" = --brief ]; then
    if [ "$node" = "$newest" ]; then excluded+=" $AROUND"; else files=("${MEETS_NODE[@]}"); fi
  fi
  echo "== Node $version"
  PATH="$(dirname "$node"):$PATH" NANOTALLY_TEST_EXCLUDE="$excluded" "$node" node_modules/vitest/vitest.mjs run --allowOnly=false "${files[@]}" \
    --project unit --project property --project workers --project native-interface \
    --reporter=default --reporter=json --outputFile.json="$results/portable-$version.json" </dev/null || status=1
done <<<"$nodes"
exit "$status"
