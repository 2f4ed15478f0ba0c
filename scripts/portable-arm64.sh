#!/usr/bin/env bash
# Runs the portable suite (no servers) on arm64, emulated, with the binary that ships:
#   scripts/portable-arm64.sh RESULTS_FOLDER [--brief|--all]
# On each Node of the matrix the files of SMOKE; on the newest, whose compilers have been out there for the least time, all
# but those of COSTLY. --brief: the files of SMOKE on each. --all: everything on each. What no emulation can run, UNABLE, is
# never run.
# Each leaves its counts in RESULTS_FOLDER/portable-arm64-<version>.json. A failing Node does not keep the next from running.
# vitest's own process is this machine's Node: its transformer is a native program. The processes that run tests, and all
# that they start, are emulated (scripts/emulate-arm64.sh); there the cross-built addons lie where tests look for them.
# The emulator has no restartable sequences: native threads record atomically. It shows no more of memory orders than
# scripts/test-native-arm64.sh says.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$NANOTALLY_ROOT"

# Loading, copies of the package, registries, buckets, workers, native threads: about a minute of one processor.
SMOKE=(
  test/lib/native.test.ts
  test/lib/registry.test.ts
  test/lib/instruments/histogram.test.ts
  test/workers/facts.test.ts
  test/native-interface/attach.test.ts
  test/native-interface/series.test.ts
)
# Each with its reason.
UNABLE=(
  "test/lib/types.test.ts|TypeScript's compiler is a native program, and npm has it installed for this machine alone"
  "test/lib/documents.test.ts|vite's parser is the same, and it checks documents, not the binary"
  'test/scripts/format-native.test.ts|so is clang-format'
  'test/lib/exporter/survival.test.ts|limits of descriptors and memory would be those of the emulator'
  "test/lib/runtime/**|what the kernel tells of the process is told of the emulator"
)
# What tells of this checkout's tools, of the demo and of the page; and what takes the emulator minutes: dozens of processes, or millions
# of recordings between scrapes. Other files have some of each.
COSTLY=(
  'test/scripts/**'
  'test/bench/**'
  'test/examples/**'
  'test/page/**'
  'test/lib/cli/**'
  'test/lib/exposition/**'
  'test/lib/exporter/{collect,credentials,events,handler,limits,routes,scrapes,socket,tls}.test.ts'
  'test/lib/health/**'
  'test/lib/hardware/{memory-placement,topology}.test.ts'
  'test/lib/instruments/{idle,overflow}.test.ts'
  'test/property/{operations,round-trip,snapshots}.test.ts'
  'test/workers/{churn,crash,gauges,histogram-counts,operated,progress,runtime-cycles,runtime-owned}.test.ts'
  'test/workers/{scrape-storm,series-churn,series-life,stall}.test.ts'
  test/native-interface/lifetimes.test.ts
)

results="${1:-}" extent="${2:-}"
if [ -z "$results" ] || [[ ! "$extent" =~ ^(--brief|--all)?$ ]]; then
  setup_fail 'usage: scripts/portable-arm64.sh RESULTS_FOLDER [--brief|--all]'
fi
[ "$(uname -m)" != aarch64 ] || setup_fail 'this machine is arm64: scripts/portable.sh runs the whole suite on it'

scripts/prebuilds.sh arm64
scripts/build-addons.sh
scripts/build-addons.sh arm64
nodes="$(scripts/tools.sh node-matrix-arm64)"
newest="$(tail -n 1 <<<"$nodes")"

over=()
for folder in examples/native-addon examples/engram/native test/native-interface/addon; do
  over+=(--over "$folder/build/Release" "build/addons-arm64/$(basename "$folder")/build/Release")
done

export NANOTALLY_ADDON="$NANOTALLY_ROOT/prebuilds/linux-arm64/nanotally.node" NANOTALLY_TEST_TIME_FACTOR=10
# What tests compile and read is for arm64, too.
export CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ OBJDUMP=aarch64-linux-gnu-objdump

own="$(command -v node)"
status=0
while IFS= read -r node; do
  version="v$(basename "$(dirname "$(dirname "$node")")")"
  files=() excluded=("${UNABLE[@]%%|*}")
  echo "== Node $version, arm64"
  if [ "$extent" = --brief ] || { [ -z "$extent" ] && [ "$node" != "$newest" ]; }; then
    files=("${SMOKE[@]}")
  else
    printf 'cannot be run: %s\n' "${UNABLE[@]/|/: }"
    if [ -z "$extent" ]; then
      printf 'left to --all: %s\n' "${COSTLY[@]}"
      excluded+=("${COSTLY[@]}")
    fi
  fi
  PATH="$(dirname "$node"):$PATH" NANOTALLY_TEST_NODE="$node" NANOTALLY_TEST_EXCLUDE="${excluded[*]}" scripts/emulate-arm64.sh "${over[@]}" \
    "$own" node_modules/vitest/vitest.mjs run --allowOnly=false "${files[@]}" \
    --project unit --project property --project workers --project native-interface \
    --reporter=default --reporter=json --outputFile.json="$results/portable-arm64-$version.json" </dev/null || status=1
done <<<"$nodes"
exit "$status"
