// Reads machine code with objdump: the instructions of functions, and the restartable sequences that a linked file
// describes in its section __rseq_cs, judged by what the kernel and the recording rely on (native/os/rseq.h).
import { execFileSync } from 'node:child_process'

export interface Instruction {
  readonly address: number
  readonly length: number
  /** As objdump prints it: mnemonic, blanks, operands. */
  readonly text: string
  /** The function that it is in, demangled; the section's name where there is none. */
  readonly symbol: string
}

/** What differs from one instruction set to the other. Texts are objdump's, AT&T syntax for x86-64. */
interface InstructionSet {
  /** The signature that glibc registers: the four bytes before an abort handler, little-endian. */
  readonly signature: number
  /** The commit: a plain store of a double. */
  readonly commit: RegExp
  readonly store: RegExp
  /** What may not be in a sequence: it would leave it, or be an atomic read-modify-write. */
  readonly forbidden: RegExp
  readonly jump: RegExp
  readonly always: RegExp
  /** The store that arms the sequence, right before its start, and the read of the CPU inside it. */
  readonly arms: RegExp
  readonly readsCpu: RegExp
}

const X86_64: InstructionSet = {
  signature: 0x53053053,
  commit: /^movsd +%xmm\d+,\(%r\w+,%r\w+,1\)$/,
  // The last operand of AT&T syntax is the target; compares and tests have none, nop only pretends.
  store: /^(?!(?:cmp|test|nop|j)\w*)\S+ .*\)$/,
  forbidden: /^(?:lock|xacquire|xrelease|rep\w*|call|ret|syscall|sysenter|int|hlt|ud\d|cmpxchg\w*|xadd\w*|xchg\w*)\b/,
  jump: /^(j\w+) +([0-9a-f]+)\b/,
  always: /^jmp +([0-9a-f]+)\b/,
  arms: /^mov +%rax,%fs:0x8\(%r\w+\)$/,
  readsCpu: /^mov +%fs:0x4\(%r\w+\),%e\w+$/,
}

const AARCH64: InstructionSet = {
  signature: 0xd428bc00,
  commit: /^str\s+d\d+, \[x\d+\]$/,
  store: /^st\w+\s/,
  forbidden:
    /^(?:bl|blr|br|ret\w*|svc|hvc|brk|udf|ld(?:a?xr|a?xp|add|clr|eor|set|smax|smin|umax|umin)\w*|st(?:l?xr|l?xp|add)\w*|cas\w*|swp\w*)\b/,
  jump: /^((?:b|b\.\w+|cbn?z|tbn?z)(?=\s)).*?\b([0-9a-f]+) </,
  always: /^b\s+([0-9a-f]+)\b/,
  arms: /^str\s+x\d+, \[x\d+, #8\]$/,
  readsCpu: /^ldr\s+w\d+, \[x\d+, #4\]$/,
}

export type Architecture = 'x64' | 'arm64'
const INSTRUCTION_SETS: Record<Architecture, InstructionSet> = { x64: X86_64, arm64: AARCH64 }

/** One restartable sequence and what is wrong with it; nothing where it is as it has to be. */
export interface Sequence {
  readonly symbol: string
  readonly instructions: readonly Instruction[]
  readonly faults: readonly string[]
}

export class MachineCode {
  readonly instructions: readonly Instruction[]
  readonly #byAddress: Map<number, number>

  /**
   * @param file A linked program, shared library or addon.
   * @param architecture Of the file.
   * @param objdump The objdump that knows it.
   */
  constructor(
    readonly file: string,
    readonly architecture: Architecture,
    readonly objdump = 'objdump',
  ) {
    this.instructions = parseInstructions(this.#run('-d', '-w', '-C'))
    this.#byAddress = new Map(this.instructions.map(({ address }, index) => [address, index]))
  }

  /** The instructions of the functions whose demangled name matches. */
  functionsNamed(name: RegExp): Instruction[] {
    return this.instructions.filter(({ symbol }) => name.test(symbol))
  }

  /** @throws Error where the file holds no sequence at all. */
  sequences(): Sequence[] {
    const { address: first, bytes } = parseSection(this.#run('-s', '-j', '__rseq_cs'))
    if (bytes.length === 0 || bytes.length % 32 !== 0) {
      throw new Error(`${this.file}: __rseq_cs has ${bytes.length} bytes, expected a multiple of 32 above 0`)
    }
    const relocated = parseRelocations(this.#run('-R'))
    const sequences: Sequence[] = []
    for (let offset = 0; offset < bytes.length; offset += 32) {
      const address = first + offset
      const pointer = (at: number) => relocated.get(address + at) ?? Number(bytes.readBigUInt64LE(offset + at))
      sequences.push(
        this.#judge({
          address,
          flags: bytes.readBigUInt64LE(offset),
          start: pointer(8),
          length: Number(bytes.readBigUInt64LE(offset + 16)),
          abort: pointer(24),
        }),
      )
    }
    return sequences
  }

  #judge(descriptor: { address: number; flags: bigint; start: number; length: number; abort: number }): Sequence {
    const { address, flags, start, length, abort } = descriptor
    const set = INSTRUCTION_SETS[this.architecture]
    const end = start + length
    const inside = this.instructions.filter(({ address }) => address >= start && address < end)
    const faults: string[] = []
    const require = (holds: boolean, fault: string) => {
      if (!holds) faults.push(fault)
    }
    require(address % 32 === 0, `the descriptor at ${hex(address)} is not aligned to 32 bytes`)
    require(flags === 0n, `version and flags are ${flags}, not 0`)

    // Disassembly in step: the instructions tile the sequence.
    let next = start
    for (const instruction of inside) {
      require(instruction.address === next, `no instruction starts at ${hex(next)}`)
      next = instruction.address + instruction.length
    }
    const last = inside.at(-1)
    require(last !== undefined &&
      next === end &&
      set.commit.test(
        last.text,
      ), `the post-commit address does not follow a plain store of a double, but '${last?.text ?? 'nothing'}'`)
    for (const { text } of inside.slice(0, -1)) {
      require(!set.store.test(text), `'${text}' stores before the commit`)
    }
    for (const { text } of inside) {
      require(!set.forbidden.test(text), `'${text}' may not be in a sequence`)
      const target = set.jump.exec(text)?.[2]
      if (target === undefined) continue
      const to = Number.parseInt(target, 16)
      require(to < start || to >= end, `'${text}' jumps inside the sequence`)
    }
    require(inside.some(({ text }) => set.readsCpu.test(text)), 'the CPU is not read inside the sequence')
    const arming = this.instructions[(this.#byAddress.get(start) ?? 0) - 1]?.text ?? 'nothing'
    require(set.arms.test(arming), `the sequence is not armed right before its start, but there is '${arming}'`)

    require(abort < start || abort >= end, 'the abort handler is inside the sequence')
    const signature = this.#wordAt(abort - 4)
    require(signature ===
      set.signature, `the word before the abort handler is ${hex(signature)}, not the signature ${hex(set.signature)}`)
    const handler = this.#textAt(abort)
    require(set.always.test(handler), `the abort handler is '${handler}', not a jump`)
    return { symbol: inside[0]?.symbol ?? '', instructions: inside, faults }
  }

  /** The instruction at an address, also where the linear disassembly is out of step there. */
  #textAt(address: number): string {
    const [found] = parseInstructions(this.#run('-d', '-w', '-C', ...range(address, address + 16)))
    return found?.address === address ? found.text : 'nothing'
  }

  #wordAt(address: number): number {
    const { bytes } = parseSection(this.#run('-s', '-j', '__rseq_failure', ...range(address, address + 4)))
    return bytes.length < 4 ? 0 : bytes.readUInt32LE(0)
  }

  #run(...args: string[]): string {
    return execFileSync(this.objdump, [...args, this.file], { encoding: 'utf8', maxBuffer: 2 ** 27 })
  }
}

const ORDERED = {
  // AArch64's load-acquire (ldapr: with the weaker order that C++ asks for) and store-release.
  acquire: /^lda(?:r|pr)\w*\s/,
  release: /^stlr\w*\s/,
}

/** How many acquire loads and release stores there are among AArch64 instructions. */
export function countOrdered(instructions: readonly Instruction[]) {
  const count = (pattern: RegExp) => instructions.filter(({ text }) => pattern.test(text)).length
  return { acquire: count(ORDERED.acquire), release: count(ORDERED.release) }
}

/** The stores of AArch64 instructions that no frame needs, in the order of their addresses: 'str' or 'stlr'. */
export function storesOutsideFrame(instructions: readonly Instruction[]): string[] {
  return instructions
    .map(({ text }) => /^(st\w+)\s(?!.*\[sp)/.exec(text)?.[1])
    .filter((mnemonic) => mnemonic !== undefined)
}

function parseInstructions(text: string): Instruction[] {
  const found: Instruction[] = []
  let symbol = ''
  for (const line of text.split('\n')) {
    const section = /^Disassembly of section (.+):$/.exec(line)
    if (section?.[1] !== undefined) symbol = section[1]
    const heading = /^[0-9a-f]+ <(.+)>:$/.exec(line)
    if (heading?.[1] !== undefined) symbol = heading[1]
    const [, address, bytes, rest] = /^ *([0-9a-f]+):\t((?:[0-9a-f]{2,8} )+) *\t(.*)$/.exec(line) ?? []
    if (address === undefined || bytes === undefined || rest === undefined) continue
    found.push({
      address: Number.parseInt(address, 16),
      length: bytes.replaceAll(' ', '').length / 2,
      // Comments tell of targets and aliases.
      text: rest.replace(/\s+(?:#|\/\/) .*$/, '').trim(),
      symbol,
    })
  }
  return found
}

/** The bytes that `objdump -s` shows. */
function parseSection(text: string): { address: number; bytes: Buffer } {
  const lines = [...text.matchAll(/^ ([0-9a-f]+) ((?:[0-9a-f]{2,8} ){1,4})/gm)]
  return {
    address: Number.parseInt(lines[0]?.[1] ?? '0', 16),
    bytes: Buffer.from(lines.map((line) => (line[2] ?? '').replaceAll(' ', '')).join(''), 'hex'),
  }
}

/** What the loader stores relative to the file's start: offset -> address. */
function parseRelocations(text: string): Map<number, number> {
  const relative = text.matchAll(/^([0-9a-f]+) R_\w+_RELATIVE\s+\*ABS\*\+0x([0-9a-f]+)/gm)
  return new Map([...relative].map(([, at, to]) => [Number.parseInt(at ?? '', 16), Number.parseInt(to ?? '', 16)]))
}

function range(start: number, stop: number): string[] {
  return [`--start-address=${hex(start)}`, `--stop-address=${hex(stop)}`]
}

function hex(value: number): string {
  return `0x${value.toString(16)}`
}
