// arm64 machines: with a PMU, which counts exactly where QEMU executes one instruction a nanosecond (-icount), and without.
import { HAS_NODES, SUITES, testMachine } from './machine.js'

testMachine(
  {
    name: 'arm64, 2 nodes, a PMU',
    arch: 'arm64',
    qemu: ['-icount', 'shift=0,sleep=off'],
    // The PMU counts what is executed on all CPUs while a program has its turn: there is to be one program.
    prepare: `${HAS_NODES}; export NATIVE_TEST_JOBS=1`,
    suites: SUITES,
  },
  [
    '2 nodes',
    'several nodes to record on',
    'a PMU',
    'hardware events are counted',
    'instructions are counted',
    'unlisted events are refused',
    'user-space reads',
    'paranoid 3 refuses',
    'regions count instructions',
    'counters are shared',
    'the process counts instructions',
    'native: ExactCounts.OfALoopBySystemCalls',
    'native: ExactCounts.AreTheSameReadInUserSpace',
    'native: ExactCounts.AreEstimatesWhereCountersAreShared',
    'native: PerfRegionKernel.ALoopOfKnownInstructionsIsCountedExactly',
  ],
)

testMachine(
  {
    name: 'arm64 without a PMU',
    arch: 'arm64',
    qemu: ['-cpu', 'max,pauth-impdef=on,pmu=off'],
    prepare: HAS_NODES,
    suites: SUITES,
  },
  ['2 nodes', 'several nodes to record on', 'no PMU', 'no hardware event is counted', 'paranoid 3 refuses'],
)
