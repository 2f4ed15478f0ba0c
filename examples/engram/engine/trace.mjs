// Made-up traces: a real service has them of its tracer. They tell which worker did which job, so that an exemplar leads
// back to one.

/**
 * The trace of a job.
 * @param {number} worker from 0 on
 * @param {number} number of the job among all of the engine's, from 1 on
 */
export function traceOf(worker, number) {
  const hex = number.toString(16)
  return { traceId: worker.toString(16).padStart(8, '0') + hex.padStart(24, '0'), spanId: hex.padStart(16, '0') }
}
