import { REAL_FILE_SYSTEMS } from './exporters.mjs'
import { twoLevels } from './levels.mjs'

const EXHAUSTION = 'Document 000 asks for alerts on resource exhaustion and gives no rule.'
const HEALTH = 'Document 004 asks for the health of the databases and gives no rule.'

/** Of a disk that is rather full: a new one fills up quickly at first, and nobody has to know. */
const RATHER_FULL = 0.2
const WRITEABLE = 'and node_filesystem_readonly == 0'

/** @type {import('./build.mjs').FileSource} */
export const servers = {
  file: 'servers',
  component: 'servers',
  about:
    'Alerts on the machine and on PostgreSQL and Redis themselves, from what their exporters tell (documents 000 and 004).',
  groups: [
    {
      name: 'servers_databases',
      intervalSeconds: 15,
      rules: [
        {
          alert: 'PostgresDown',
          family: 'pg_up',
          severity: 'critical',
          subsystem: 'postgres',
          summary: 'PostgreSQL does not answer',
          description: 'PostgreSQL does not answer the exporter {{ $labels.instance }} (pg_up is {{ $value }})',
          measure: 'whether PostgreSQL answers its exporter',
          documents: ['004'],
          differs: `${HEALTH} The exporter itself goes on, so that ScrapeFailing is silent.`,
        },
        ...twoLevels({
          alert: 'PostgresConnectionsNearlyUsed',
          family: 'pg_stat_activity_count',
          subsystem: 'postgres',
          summary: 'PostgreSQL has few connections left',
          description:
            '{{ $value | humanizePercentage }} of the connections of PostgreSQL behind {{ $labels.instance }} are in use',
          measure: 'connections to PostgreSQL in those that it takes of others than superusers',
          documents: ['000', '004'],
          differs: `${EXHAUSTION} Limit and duration of the warning are those of the exporter’s own mixin.`,
        }),
        {
          alert: 'RedisDown',
          family: 'redis_up',
          severity: 'critical',
          subsystem: 'redis',
          summary: 'Redis does not answer',
          description: 'Redis does not answer the exporter {{ $labels.instance }} (redis_up is {{ $value }})',
          measure: 'whether Redis answers its exporter',
          documents: ['004'],
          differs: `${HEALTH} The exporter itself goes on, so that ScrapeFailing is silent.`,
        },
        {
          alert: 'RedisMemoryNearlyFull',
          family: 'redis_memory_used_bytes',
          severity: 'warning',
          subsystem: 'redis',
          summary: 'Redis has little memory left',
          description:
            '{{ $value | humanizePercentage }} of the maxmemory of Redis behind {{ $labels.instance }} are in use',
          measure: 'memory of Redis in its maxmemory, where that is set and not every key may be evicted',
          documents: ['000', '004'],
          differs: `${EXHAUSTION} A cache whose policy evicts any key is full by design: nobody is told of it, and Databases shows what it evicts.`,
        },
      ],
    },
    {
      name: 'servers_machine',
      intervalSeconds: 15,
      rules: [
        ...twoLevels({
          alert: 'DiskNearlyFull',
          family: 'node_filesystem_avail_bytes',
          subsystem: 'machine',
          summary: 'A disk is nearly full',
          description:
            '{{ $value | humanizePercentage }} of {{ $labels.mountpoint }} ({{ $labels.device }}) of {{ $labels.instance }} are left',
          measure: 'the share of a file system that can be written which is left to programs without privileges',
          documents: ['000', '004'],
          differs: `${EXHAUSTION} The node exporter’s own mixin has 5 % and 3 % for half an hour: a database on the disk cannot wait for those.`,
        }),
        {
          alert: 'DiskFullPredicted',
          expr: `node_filesystem_avail_bytes{${REAL_FILE_SYSTEMS}} / node_filesystem_size_bytes < ${RATHER_FULL}\nand predict_linear(node_filesystem_avail_bytes[6h], 86400) < 0\n${WRITEABLE}`,
          forSeconds: 3600,
          severity: 'warning',
          subsystem: 'prediction',
          summary: 'A disk will be full within a day',
          description:
            '{{ $value | humanizePercentage }} of {{ $labels.mountpoint }} ({{ $labels.device }}) of {{ $labels.instance }} are left, and none will be within a day',
          measure: `the share of a file system that is left, where it is below ${RATHER_FULL} and the line through the last 6 h leads to nothing within a day`,
          documents: ['000', '002'],
          differs: `${EXHAUSTION} Document 002 asks for predictive monitoring and gives none either. Window, horizon and duration are those of the node exporter’s own mixin.`,
        },
        {
          alert: 'HostMemoryNearlyFull',
          family: 'node_memory_MemAvailable_bytes',
          severity: 'warning',
          subsystem: 'machine',
          summary: 'The machine has little memory left',
          description: '{{ $value | humanizePercentage }} of the memory of {{ $labels.instance }} could still be had',
          measure: 'memory of the machine that programs could have without swapping',
          documents: ['000', '004'],
          differs: `${EXHAUSTION} Page cache that gives way counts as available.`,
        },
      ],
    },
  ],
}
