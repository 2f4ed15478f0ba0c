#!/usr/bin/env bash
# Runs the portable suite (no servers) on each Node of the matrix, with the binary that ships:
#   scripts/portable.sh RESULTS_FOLDER [--others]
# --others: not on the major that runs this script itself.
# What tells of this checkout's tools, of the binary's instructions and of the page is left out, and the storm of scrapes: npm
# test has shown them. With --others so is, on all but the newest, what stands around the library: the command line and its
# parser, the demo, documents and types.
# Each leaves its counts in RESULTS_FOLDER/portable-<version>.json. A failing Node does not keep the next from running.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$NANOTALLY_ROOT"

results="$1"
arch="$(node -p process.arch)"
own="$(node --version)"
own="${own%%.*}"
scripts/prebuilds.sh "$arch"
export NANOTALLY_ADDON="$NANOTALLY_ROOT/prebuilds/linux-$arch/nanotally.node"
nodes="$(scripts/tools.sh node-matrix)"
newest="$(tail -n 1 <<<"$nodes")"
left_out='test/scripts/** test/bench/** test/page/** test/native/** test/workers/scrape-storm.test.ts'
left_out_of_older='test/lib/cli/** test/lib/exposition/** test/examples/** test/lib/documents.test.ts test/lib/types.test.ts'
status=0
while IFS= read -r node; do
  version="$("$node" --version)"
  [ "${2:-}" != --others ] || [ "${version%%.*}" != "$own" ] || continue
  echo "== Node $version"
  export NANOTALLY_TEST_EXCLUDE="$left_out"
  [ "${2:-}" != --others ] || [ "$node" = "$newest" ] || NANOTALLY_TEST_EXCLUDE+=" $left_out_of_older"
  PATH="$(dirname "$node"):$PATH" "$node" node_modules/vitest/vitest.mjs run --allowOnly=false \
    --project unit --project property --project workers --project native-interface \
    --reporter=default --reporter=json --outputFile.json="$results/portable-$version.json" </dev/null || status=1
done <<<"$nodes"
exit "$status"
