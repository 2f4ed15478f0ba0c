// The programs of fixtures/programs, run and read.
import { parseTextFormat } from '../support/text-format.js'
import { ended, type RunOptions } from './commands.js'
import type { Project } from './project.js'

export interface Ran {
  /** What each thread counted, by the thread's name, as the exporter served it. */
  jobs: Record<string, number>
  /** The addons that the process had mapped, by their paths. */
  addons: string[]
}

/** @throws Error where it did not end well, or wrote to stderr */
export async function runProgram(project: Project, command: string[], options?: Partial<RunOptions>): Promise<Ran> {
  const { stdout, stderr } = ended(await project.run(command, options))
  if (stderr !== '') throw new Error(`${command.join(' ')} wrote to stderr: ${stderr}`)
  const { served, addons } = JSON.parse(stdout)
  const { samples = [] } = parseTextFormat(served).get('jobs_total') ?? {}
  return { jobs: Object.fromEntries(samples.map(({ labels, value }) => [labels.thread, value])), addons }
}
