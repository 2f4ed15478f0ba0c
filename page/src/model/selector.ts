// What PromQL calls a series, to be copied. Names that are no identifiers are quoted, as only Prometheus 3 reads them.

export function selectorOf(name: string, labels: Readonly<Record<string, string>>): string {
  const isPlain = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)
  const matchers = Object.entries(labels).map(([label, value]) => `${labelName(label)}=${JSON.stringify(value)}`)
  if (!isPlain) return `{${[JSON.stringify(name), ...matchers].join(', ')}}`
  return matchers.length === 0 ? name : `${name}{${matchers.join(', ')}}`
}

function labelName(label: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) ? label : JSON.stringify(label)
}
