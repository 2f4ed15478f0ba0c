// The options that `nanotally pmu stat` and `pmu top` share.
import type { OptionTable } from '../command.js'

export const EVENTS_OPTION: OptionTable = {
  events: { type: 'string', short: 'e', value: 'A,B', help: 'the events to count; nanotally pmu lists them' },
}
