import type { Instruction, ProgramSpec, RegisterSpec } from "../../kernel/expression_program.ts";

/** A register before registers are shared out: a new one for each result. */
export type Register = number;

/** An instruction without what the assembler gives it. */
export type Operands = Omit<Instruction, "op" | "dst">;

/** A program in the kernel's terms, and where the parts of the assembled one went. */
export interface Assembled {
  readonly spec: ProgramSpec;
  /** The register in the program; `undefined` for one that nothing reads. */
  registerOf(register: Register): number | undefined;
  /** The position of the instruction in the program; `undefined` for one that nothing reads. */
  instructionOf(instruction: number): number | undefined;
}

/** Collects instructions, drops those without use, and shares out the registers. */
export class Assembler {
  readonly #registers: RegisterSpec[] = [];
  readonly #instructions: Instruction[] = [];
  readonly #results: number[] = [];

  /** A register that is filled from outside, or read there. */
  register(spec: RegisterSpec): Register {
    return this.#registers.push(spec) - 1;
  }

  /** Adds an instruction; its result is in a new register. */
  emit(op: number, operands: Operands): Register {
    const dst = this.register({ use: "computed" });
    this.#instructions.push({ op, dst, ...operands });
    return dst;
  }

  /** The position of the instruction that was added last. */
  get last(): number {
    return this.#instructions.length - 1;
  }

  /** Adds an instruction that writes an output column. */
  put(op: number, dst: Register, operands: Operands): void {
    this.#instructions.push({ op, dst, ...operands });
    this.#results.push(dst);
  }

  /** The finished program. */
  assemble(): Assembled {
    const used = this.#used();
    const kept = this.#instructions.map((_, at) => at).filter((at) =>
      used.has(this.#instructions[at].dst)
    );
    const sharing = new Sharing(this.#registers, kept.map((at) => this.#instructions[at]));
    const positions = new Map(kept.map((at, position) => [at, position]));
    return {
      spec: {
        registers: sharing.registers,
        instructions: sharing.instructions,
        outputs: this.#results.length,
      },
      registerOf: (register) => used.has(register) ? sharing.registerOf(register) : undefined,
      instructionOf: (instruction) => positions.get(instruction),
    };
  }

  // backwards from the outputs
  #used(): ReadonlySet<Register> {
    const used = new Set(this.#results);
    for (let at = this.#instructions.length - 1; at >= 0; at--) {
      const { dst, a, b, c } = this.#instructions[at];
      if (!used.has(dst)) continue;
      for (const read of [a, b, c]) if (read !== undefined) used.add(read);
    }
    return used;
  }
}

/** Gives results the registers of others that nobody reads any more: less memory, still warm. */
class Sharing {
  readonly registers: RegisterSpec[] = [];
  readonly instructions: Instruction[] = [];
  readonly #specs: readonly RegisterSpec[];
  readonly #places = new Map<Register, number>();
  readonly #free: number[] = [];

  constructor(specs: readonly RegisterSpec[], instructions: readonly Instruction[]) {
    this.#specs = specs;
    const last = new Map<Register, number>();
    instructions.forEach(({ a, b, c }, at) => {
      for (const read of [a, b, c]) if (read !== undefined) last.set(read, at);
    });
    instructions.forEach((instruction, at) => {
      const { a, b, c } = instruction;
      const reads = [a, b, c].map((read) => read === undefined ? 0 : this.registerOf(read));
      const dst = this.registerOf(instruction.dst);
      this.instructions.push({ ...instruction, dst, a: reads[0], b: reads[1], c: reads[2] });
      for (const read of new Set([a, b, c])) {
        if (read !== undefined && last.get(read) === at) this.#giveBack(read);
      }
    });
  }

  registerOf(register: Register): number {
    let place = this.#places.get(register);
    if (place === undefined) {
      const spec = this.#specs[register];
      place = (spec.use === "computed" ? this.#free.pop() : undefined) ??
        this.registers.push(spec) - 1;
      this.#places.set(register, place);
    }
    return place;
  }

  #giveBack(register: Register): void {
    if (this.#specs[register].use === "computed") this.#free.push(this.#places.get(register)!);
  }
}
