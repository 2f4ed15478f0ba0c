// What documents call panels: words between single asterisks. Of a sentence that names a dashboard they have to be that one's.
import { dashboardFiles, panelsOf } from './dashboards.js'

/** Where each panel is, by its title. */
const dashboardsByPanel = new Map<string, Set<string>>()
for (const { dashboard } of dashboardFiles) {
  for (const { panel } of panelsOf(dashboard))
    dashboardsByPanel.set(panel.title, (dashboardsByPanel.get(panel.title) ?? new Set()).add(dashboard.title))
}
/** What runbooks call by another name. */
const SHORT_TITLES = new Map([['the overview', 'Neuromorphic overview']])

/** Sentences, and items of lists, without tables, code and comments. */
function sentencesOf(text: string): string[] {
  return text
    .replaceAll(/^ *```.*?^ *```$/gms, '')
    .replaceAll(/<!--.*?-->/gs, '')
    .replaceAll(/^ *\|.*$/gm, '')
    .replaceAll(/`[^`]*`/g, '')
    .split(/\n\s*\n|\n(?= *(?:-|\d+\.) )/)
    .flatMap((paragraph) => paragraph.replaceAll(/\s+/g, ' ').split(/(?<=[.;:!?]) /))
}

const dashboardsIn = (sentence: string): string[] =>
  [...dashboardFiles.map(({ dashboard }) => [dashboard.title, dashboard.title] as const), ...SHORT_TITLES]
    .filter(([name]) => new RegExp(`\\b(of|on|in|dashboard) \\[?${name}\\b`).test(sentence))
    .map(([, title]) => title)

/** How many panels a document names, and what is wrong with them. @param others - what else it emphasises */
export function checkPanelNames(text: string, others: readonly string[]): { named: number; faults: string[] } {
  let named = 0
  const faults: string[] = []
  for (const sentence of sentencesOf(text)) {
    const dashboards = dashboardsIn(sentence)
    for (const [, name = ''] of sentence.matchAll(/(?<!\*)\*([^*]+)\*(?!\*)/g)) {
      if (others.includes(name)) continue
      const places = dashboardsByPanel.get(name)
      if (places === undefined) faults.push(`no panel ${name}`)
      else if (dashboards.length > 0 && !dashboards.some((title) => places.has(title)))
        faults.push(`${name} is on ${[...places].join(', ')}, not on ${dashboards.join(', ')}`)
      else named++
    }
  }
  return { named, faults }
}
