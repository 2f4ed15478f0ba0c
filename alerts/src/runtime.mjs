import { twoLevels } from './levels.mjs'

const EXHAUSTION = 'Document 000 asks for alerts on resource exhaustion and gives no rule.'
const DEADLOCK = 'Document 000 asks for the detection of deadlocks and gives no rule.'

/**
 * A loop that turns is held for less than a tenth of a second at most scrapes. One that stands for longer than the window goes on
 * being told of, as it was within the hour, whatever scrapes failed: a window of a day is millions of samples where there are many
 * threads.
 */
const ofThreadsThatTurn = (/** @type {string} */ query, /** @type {number} */ limit) =>
  `${query} > ${limit}\nand on (job, instance, thread) (\n  min_over_time(nodejs_eventloop_stall_seconds[1h]) < 0.1\n  or present_over_time(ALERTS{alertname="EventLoopStalled"}[1h])\n)`

/** @type {import('./build.mjs').FileSource} */
export const runtime = {
  file: 'runtime',
  component: 'runtime',
  about:
    'Alerts on the process, its threads and its surroundings: what can be exhausted, and what stands still (document 000).',
  groups: [
    {
      name: 'nanotally_deadlocks',
      intervalSeconds: 15,
      rules: [
        ...twoLevels({
          alert: 'EventLoopStalled',
          family: 'nodejs_eventloop_stall_seconds',
          expr: ofThreadsThatTurn,
          subsystem: 'deadlock',
          summary: 'An event loop does not turn',
          description:
            'The event loop of thread {{ $labels.thread }} of {{ $labels.instance }} has not turned for {{ $value | humanizeDuration }}',
          measure: 'the time for which the event loop of a thread has not turned that did within the hour before',
          documents: ['000'],
          differs: `${DEADLOCK} The exporter answers from a thread of its own, and tells of those that stand still while they do. A thread that works in Atomics.wait and never turns its loop stands still by design: only one that was seen to turn within the hour before is told of, and then for as long as it stands.`,
        }),
        ...twoLevels({
          alert: 'ThreadPoolStalled',
          family: 'nodejs_threadpool_waiting_seconds',
          subsystem: 'deadlock',
          summary: 'The thread pool of libuv takes no work',
          description:
            'Work for the thread pool of {{ $labels.instance }} has waited for {{ $value | humanizeDuration }}',
          measure: 'the time for which a probe has waited for libuv’s thread pool',
          documents: ['000'],
          differs: DEADLOCK,
        }),
        ...twoLevels({
          alert: 'EventLoopDelayHigh',
          family: 'nodejs_eventloop_delay_seconds',
          subsystem: 'latency',
          summary: 'An event loop is late',
          description:
            'The event loop of thread {{ $labels.thread }} of {{ $labels.instance }} is late by {{ $value | humanizeDuration }} or more once in a hundred times',
          measure: 'the 99th percentile of the delay of an event loop over 5 min',
          documents: ['000'],
          differs: 'Document 000 asks for alerts on latency, and gives a rule for allocations only.',
        }),
      ],
    },
    {
      name: 'nanotally_resources',
      intervalSeconds: 15,
      rules: [
        ...twoLevels({
          alert: 'HeapNearlyFull',
          family: 'nodejs_heap_size_used_bytes',
          subsystem: 'resources',
          summary: 'A heap is nearly full',
          description:
            'The heap of thread {{ $labels.thread }} of {{ $labels.instance }} is {{ $value | humanizePercentage }} full',
          measure: 'the share of a heap’s limit that is used',
          documents: ['000'],
          differs: EXHAUSTION,
        }),
        ...twoLevels({
          alert: 'FileDescriptorsNearlyExhausted',
          family: 'process_open_fds',
          subsystem: 'resources',
          summary: 'File descriptors run out',
          description: '{{ $value | humanizePercentage }} of the file descriptors of {{ $labels.instance }} are open',
          measure: 'open file descriptors in those that may be open',
          documents: ['000'],
          differs: EXHAUSTION,
        }),
        ...twoLevels({
          alert: 'ContainerMemoryNearlyFull',
          family: 'process_cgroup_memory_working_set_bytes',
          subsystem: 'resources',
          summary: 'A container is near its memory limit',
          description:
            '{{ $value | humanizePercentage }} of the memory that {{ $labels.instance }} may have is in use, by it or by neighbours',
          measure:
            'the part of the lowest memory limit that cannot be had any more: limits of ancestors and what neighbours have there are counted',
          documents: ['000', '004'],
          differs: `${EXHAUSTION} Page cache of the own group that is not in active use can be had; that of neighbours is not known, and is taken for used.`,
        }),
        {
          alert: 'ContainerOutOfMemory',
          family: 'process_cgroup_memory_events_total',
          severity: 'critical',
          subsystem: 'resources',
          summary: 'A container ran out of memory',
          description: '{{ $labels.instance }} had {{ $value | humanize }} events {{ $labels.event }} within 5 minutes',
          measure: 'times that the control group was out of memory, or a process was killed for it, within 5 min',
          documents: ['000', '004'],
          differs: EXHAUSTION,
        },
        {
          alert: 'ContainerCpuThrottled',
          family: 'process_cgroup_cpu_throttled_periods_total',
          severity: 'warning',
          subsystem: 'resources',
          summary: 'A container uses up its CPU quota',
          description:
            '{{ $labels.instance }} used up its CPU quota in {{ $value | humanizePercentage }} of all periods',
          least: {
            of: 'process_cgroup_cpu_throttled_periods_total',
            things: 'throttled periods',
            // A hundredth of those of five minutes: periods in which nothing runs are not counted.
            count: 30,
          },
          measure: 'throttled periods in all periods, over 5 min',
          documents: ['000', '004'],
          differs: EXHAUSTION,
        },
        ...twoLevels({
          alert: 'MemoryPressureHigh',
          family: 'process_pressure_ratio',
          subsystem: 'resources',
          summary: 'Tasks wait for memory',
          description:
            'Some tasks waited for memory for {{ $value | humanizePercentage }} of the time around {{ $labels.instance }} ({{ $labels.scope }})',
          measure: 'the share of the last 10 s for which some tasks waited for memory',
          documents: ['000'],
          differs: EXHAUSTION,
        }),
      ],
    },
  ],
}
