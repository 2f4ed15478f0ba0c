// What is found wrong with an exposition, in bounded memory: it may break a rule in each of a million lines.

/** Findings of one rule that are kept, the first ones. */
export const MAX_FINDINGS_OF_A_RULE = 100

export class Findings<Finding extends { rule: string }> {
  readonly kept: Finding[] = []
  readonly #counts = new Map<Finding['rule'], number>()

  add(finding: Finding): void {
    if (this.isFull(finding.rule)) return
    this.kept.push(finding)
    this.#counts.set(finding.rule, (this.#counts.get(finding.rule) ?? 0) + 1)
  }

  isFull(rule: Finding['rule']): boolean {
    return (this.#counts.get(rule) ?? 0) >= MAX_FINDINGS_OF_A_RULE
  }
}
