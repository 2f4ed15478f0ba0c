// Reads what a registry tells.

/** @returns the samples of a family in a text exposition: their labels and value */
export function samplesOf(text, family) {
  return text
    .split('\n')
    .map((line) => /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/.exec(line))
    .filter((match) => match?.[1] === family)
    .map(([, , labels = '', value]) => ({
      labels: Object.fromEntries([...labels.matchAll(/([a-z_0-9]+)="([^"]*)"/g)].map(([, name, text]) => [name, text])),
      value: Number(value),
    }))
}

/** @returns the value of the series that has these labels, among others; undefined where there is none */
export function sampleOf(text, family, labels = {}) {
  const has = (sample) => Object.entries(labels).every(([name, value]) => sample.labels[name] === value)
  return samplesOf(text, family).find(has)?.value
}
