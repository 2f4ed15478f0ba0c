// arm64 machines: with a PMU, which counts exactly where QEMU executes one instruction a nanosecond (-icount), and without.
import { SUITES, testMachine } from './machine.js'

testMachine(
  {
    name: 'arm64, 2 nodes, a PMU',
    arch: 'arm64',
    qemu: ['-icount', 'shift=0,sleep=off'],
    prepare: 'export NANOTALLY_TEST_EXACT_COUNTS=1',
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
    'native: instructions are counted',
    'native: user-space reads',
    'native: counters are shared',
    'native: a region counts instructions',
  ],
)

testMachine(
  { name: 'arm64 without a PMU', arch: 'arm64', qemu: ['-cpu', 'max,pauth-impdef=on,pmu=off'], suites: SUITES },
  ['2 nodes', 'several nodes to record on', 'no PMU', 'no hardware event is counted', 'paranoid 3 refuses'],
)
