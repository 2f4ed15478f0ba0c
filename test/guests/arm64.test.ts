// arm64 machines: with a PMU, which counts exactly where QEMU executes one instruction a nanosecond (-icount), and without.
import { SUITES, testMachine } from './machine.js'

testMachine(
  {
    name: 'arm64, 2 nodes, a PMU',
    arch: 'arm64',
    qemu: ['-icount', 'shift=0,sleep=off'],
    // One thread of this machine executes all CPUs, in turns, and what it executes is what the PMU counts.
    prepare: 'export NATIVE_TEST_JOBS=1',
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
  { name: 'arm64 without a PMU', arch: 'arm64', qemu: ['-cpu', 'max,pauth-impdef=on,pmu=off'], suites: SUITES },
  ['2 nodes', 'several nodes to record on', 'no PMU', 'no hardware event is counted', 'paranoid 3 refuses'],
)
