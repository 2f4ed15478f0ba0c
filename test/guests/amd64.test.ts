// x86-64 machines with several NUMA nodes. QEMU gives them no PMU.
import { HAS_NODES, SUITES, testMachine } from './machine.js'

const NO_PMU = ['no PMU', 'no hardware event is counted', 'paranoid 3 refuses']
const SEVERAL = 'several nodes to record on'

testMachine({ name: 'amd64, 2 nodes', arch: 'amd64', prepare: HAS_NODES, suites: SUITES }, [
  '2 nodes',
  'several packages',
  'caches',
  SEVERAL,
  ...NO_PMU,
])

/** Memory of 256 MB each, and two CPUs. */
const FOUR_NODES = [0, 1, 2, 3].flatMap((n) => [
  ...['-object', `memory-backend-ram,id=m${n},size=256M`],
  ...['-numa', `node,nodeid=${n},cpus=${2 * n}-${2 * n + 1},memdev=m${n}`],
])
/** From, to and how far: each different, as no machine is, so that none passes for another. */
const DISTANCES = ['0,1,12', '0,2,14', '0,3,16', '1,2,18', '1,3,21', '2,3,24'].flatMap((distance) => {
  const [from, to, far] = distance.split(',')
  return ['-numa', `dist,src=${from},dst=${to},val=${far}`]
})
testMachine(
  {
    name: 'amd64, 4 nodes',
    arch: 'amd64',
    qemu: ['-smp', '8,sockets=4', '-m', '1024', ...FOUR_NODES, ...DISTANCES],
    prepare: HAS_NODES,
    suites: SUITES,
  },
  ['4 nodes', 'several packages', SEVERAL, ...NO_PMU],
)

testMachine(
  {
    name: 'amd64, a node without CPUs, one without memory, two dies in a package, hardware threads and an offline CPU',
    arch: 'amd64',
    qemu: [
      ...['-cpu', 'max,vendor=GenuineIntel', '-smp', '8,sockets=1,dies=2,cores=2,threads=2', '-m', '1024'],
      ...['-object', 'memory-backend-ram,id=m0,size=512M', '-object', 'memory-backend-ram,id=m2,size=512M'],
      ...['-numa', 'node,nodeid=0,cpus=0-3,memdev=m0', '-numa', 'node,nodeid=1,cpus=4-7'],
      ...['-numa', 'node,nodeid=2,memdev=m2', '-numa', 'dist,src=0,dst=1,val=12'],
      ...['-numa', 'dist,src=0,dst=2,val=17', '-numa', 'dist,src=1,dst=2,val=28'],
    ],
    prepare: 'echo 0 >/sys/devices/system/cpu/cpu3/online',
    suites: SUITES,
  },
  [
    '3 nodes',
    'a node without CPUs',
    'a node without memory',
    'several dies in a package',
    'hardware threads',
    'offline CPUs',
    'one node to record on',
    'a node whose memory is another’s',
    ...NO_PMU,
  ],
)
