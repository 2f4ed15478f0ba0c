// One line on a terminal that says what runs now; nothing where no one is watching.

export class Progress {
  #title
  #enabled = process.stderr.isTTY

  constructor(title, index, count) {
    this.#title = `[${index + 1}/${count}] ${title}`
  }

  show(text) {
    if (this.#enabled) process.stderr.write(`\r\x1b[2K${this.#title}: ${text}`.slice(0, process.stderr.columns ?? 120))
  }

  clear() {
    if (this.#enabled) process.stderr.write('\r\x1b[2K')
  }
}
