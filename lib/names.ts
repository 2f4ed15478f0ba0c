// What may be the name of a metric or of a label. native/record/c_abi.cc holds C callers to the same.

/** In UTF-16 units, as `length` counts. Far beyond any name that people read. */
export const MAX_NAME_LENGTH = 1000

const PLAIN_METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const PLAIN_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Text that UTF-8 can carry: not empty, no lone surrogates, and no NUL, which ends text in C. */
export function isText(text: string): boolean {
  return text !== '' && text.isWellFormed() && !text.includes('\0')
}

/** Any text, as Prometheus 3 has it, up to MAX_NAME_LENGTH. */
export function isName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && isText(name)
}

/** Whether every Prometheus knows the metric by this name; one before version 3 sees other names escaped. */
export function isPlainMetricName(name: string): boolean {
  return PLAIN_METRIC_NAME.test(name)
}

/** The same for a label's name. */
export function isPlainLabelName(name: string): boolean {
  return PLAIN_LABEL_NAME.test(name)
}
