import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

/** Rows of a block, as `assembly/expression/layout.ts` has it. */
export const BLOCK_ROWS = 1024;
/** The most rows of one run: what columns in kernel memory hold. */
export const CHUNK_ROWS = 16 * BLOCK_ROWS;

const INSTRUCTION_BYTES = 40;
const REGISTER_BYTES = 32;
const BLOCK_BITMAP_BYTES = BLOCK_ROWS / 8;
const CHUNK_BITMAP_BYTES = CHUNK_ROWS / 8;
const COMPUTED = 0xffffffff;
const FIRST_SCRATCH_BYTES = 1 << 16;
const ALIGNMENT = 16;
const RUN_OK = 0;
const RUN_SHORT = 1;

/** Bits of a register's values by its kind. */
const VALUE_BITS = { eight: 64, four: 32, bit: 1 } as const;

/** How wide a register's values are. */
export type RegisterWidth = keyof typeof VALUE_BITS;

/** A register of a program. */
export type RegisterSpec =
  /** Computed block by block. */
  | { readonly use: "computed" }
  /** A column of a chunk's rows, read or written; `offsets` of text hold one value more. */
  | { readonly use: "column"; readonly width: RegisterWidth }
  /** The same 8 bytes, 4 bytes or bit in each row; or null. */
  | { readonly use: "constant"; readonly width: RegisterWidth; readonly valid: boolean };

/** An instruction; what an operator does not use may be left out. */
export interface Instruction {
  /** The operator, one of `expression_ops.ts`. */
  readonly op: number;
  /** The register that is written. */
  readonly dst: number;
  /** Registers that are read. */
  readonly a?: number;
  readonly b?: number;
  readonly c?: number;
  /** Addresses and counts. */
  readonly i?: number;
  readonly j?: number;
  /** Numbers; a bigint as the bits of an i64, and `int` as the bits of an i32. */
  readonly x?: number | bigint | { readonly int: number };
  readonly y?: number;
}

/** Where the parts of a column register lie. */
export interface ColumnPlace {
  readonly values: number;
  readonly validity: number;
  readonly doubt: number;
}

/** What a run found out about one of its outputs. */
export interface OutputCounts {
  readonly nulls: number;
  readonly doubtful: number;
}

/**
 * A program of the kernel's expression interpreter, with its registers in kernel memory.
 *
 * Columns are filled by whoever runs it, a chunk of at most {@linkcode CHUNK_ROWS} rows at a time.
 */
export class ExpressionProgram implements Disposable {
  readonly #kernel: Kernel;
  readonly #registers: readonly RegisterSpec[];
  readonly #count: number;
  readonly #memory: number;
  readonly #program: number;
  readonly #state: number;
  readonly #counts: number;
  readonly #places: readonly ColumnPlace[];
  readonly #scratch: MemoryBlock;

  /**
   * Lays a program out in kernel memory.
   *
   * @throws {KernelMemoryError} when the budget does not hold it.
   */
  constructor(kernel: Kernel, spec: ProgramSpec) {
    const { registers, instructions, outputs } = spec;
    this.#kernel = kernel;
    this.#registers = registers;
    this.#count = instructions.length;
    const layout = layOut(registers);
    const state = layout.bytes;
    const counts = state + ALIGNMENT;
    const program = counts + align(outputs * 8);
    const bytes = program + this.#count * INSTRUCTION_BYTES + ALIGNMENT;
    this.#memory = kernel.allocate(bytes);
    kernel.u8.fill(0, this.#memory, this.#memory + bytes);
    this.#state = this.#memory + state;
    this.#counts = this.#memory + counts;
    this.#program = this.#memory + program;
    this.#places = layout.places.map((place) => moved(place, this.#memory));
    registers.forEach((register, at) => this.#writeRegister(at, register));
    instructions.forEach((instruction, at) => this.#writeInstruction(at, instruction));
    this.#scratch = new MemoryBlock(kernel);
  }

  /** Where a register's parts lie. */
  place(register: number): ColumnPlace {
    return this.#places[register];
  }

  /** The address of an output's counts, for its `PUT` instruction: see {@linkcode setI}. */
  countsAddress(output: number): number {
    return this.#counts + output * 8;
  }

  /** Says which bitmaps of a column register are in force for the next run. */
  useBitmaps(register: number, bitmaps: { validity: boolean; doubt: boolean }): void {
    const view = this.#view();
    const at = this.#memory + register * REGISTER_BYTES;
    const { validity, doubt } = this.#places[register];
    view.setUint32(at + 16, bitmaps.validity ? validity : 0, true);
    view.setUint32(at + 20, bitmaps.doubt ? doubt : 0, true);
  }

  /** Changes an instruction's first address or count. */
  setI(instruction: number, value: number): void {
    this.#view().setUint32(this.#program + instruction * INSTRUCTION_BYTES + 12, value, true);
  }

  /** Sets the value that a constant register holds in every row. */
  setConstant(register: number, value: Uint8Array): void {
    const { u8 } = this.#kernel;
    const { values } = this.#places[register];
    const bytes = BLOCK_ROWS * value.length;
    u8.set(value, values);
    for (let done = value.length; done < bytes; done *= 2) {
      u8.copyWithin(values + done, values, values + Math.min(done, bytes - done));
    }
  }

  /** Sets all rows of a constant register of bits. */
  setConstantBits(register: number, value: boolean): void {
    const { values } = this.#places[register];
    this.#kernel.u8.fill(value ? 0xff : 0, values, values + BLOCK_BITMAP_BYTES);
  }

  /** Puts all rows of a constant register in doubt. */
  doubtConstant(register: number): void {
    const { doubt } = this.#places[register];
    this.#kernel.u8.fill(0xff, doubt, doubt + BLOCK_BITMAP_BYTES);
    this.useBitmaps(register, { validity: this.#isNull(register), doubt: true });
  }

  /**
   * Computes `rows` rows; afterwards the outputs are in their registers, until the next run.
   *
   * @throws {KernelMemoryError} when text needs more memory than the budget holds.
   */
  run(rows: number): void {
    this.#scratch.reserve(FIRST_SCRATCH_BYTES);
    let status = this.#runOnce(rows);
    while (status === RUN_SHORT) {
      const missing = this.#view().getUint32(this.#state + 8, true);
      this.#scratch.reserve(this.#scratch.bytes * 2 + missing);
      status = this.#runOnce(rows);
    }
    if (status !== RUN_OK) {
      throw new Error("Cannot run expression: the kernel does not know one of its operators");
    }
  }

  /** What the last run found out about an output. */
  counts(output: number): OutputCounts {
    const view = this.#view();
    const at = this.countsAddress(output);
    return { nulls: view.getUint32(at, true), doubtful: view.getUint32(at + 4, true) };
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    this.#scratch[Symbol.dispose]();
    this.#kernel.release(this.#memory);
  }

  #runOnce(rows: number): number {
    const view = this.#view();
    const { address, bytes } = this.#scratch;
    view.setUint32(this.#state, address, true);
    view.setUint32(this.#state + 4, address + bytes, true);
    view.setUint32(this.#state + 8, 0, true);
    this.#kernel.u8.fill(0, this.#counts, this.#program);
    const { expressionRun } = this.#kernel.exports;
    return expressionRun(
      this.#program,
      this.#count,
      this.#memory,
      this.#registers.length,
      this.#state,
      rows,
    );
  }

  #view(): DataView {
    return new DataView(this.#kernel.u8.buffer);
  }

  #isNull(register: number): boolean {
    const spec = this.#registers[register];
    return spec.use === "constant" && !spec.valid;
  }

  #writeRegister(register: number, spec: RegisterSpec): void {
    const view = this.#view();
    const at = this.#memory + register * REGISTER_BYTES;
    const { values, validity, doubt } = this.#places[register];
    const column = spec.use === "column";
    const stride = column ? BLOCK_ROWS * VALUE_BITS[spec.width] / 8 : 0;
    view.setUint32(at + 12, values, true);
    view.setUint32(at + 16, spec.use === "constant" && spec.valid ? 0 : validity, true);
    view.setUint32(at + 20, spec.use === "constant" ? 0 : doubt, true);
    view.setUint32(at + 24, stride, true);
    const bits = spec.use === "computed" ? COMPUTED : column ? BLOCK_BITMAP_BYTES : 0;
    view.setUint32(at + 28, bits, true);
  }

  #writeInstruction(index: number, { op, dst, a, b, c, i, j, x, y }: Instruction): void {
    const view = this.#view();
    const at = this.#program + index * INSTRUCTION_BYTES;
    view.setUint32(at, op, true);
    view.setUint16(at + 4, dst, true);
    view.setUint16(at + 6, a ?? 0, true);
    view.setUint16(at + 8, b ?? 0, true);
    view.setUint16(at + 10, c ?? 0, true);
    view.setUint32(at + 12, i ?? 0, true);
    if (typeof x === "bigint") view.setBigInt64(at + 16, x, true);
    else if (typeof x === "object") view.setInt32(at + 16, x.int, true);
    else view.setFloat64(at + 16, x ?? 0, true);
    view.setFloat64(at + 24, y ?? 0, true);
    view.setUint32(at + 32, j ?? 0, true);
  }
}

/** What an {@linkcode ExpressionProgram} is made of. */
export interface ProgramSpec {
  readonly registers: readonly RegisterSpec[];
  readonly instructions: readonly Instruction[];
  /** Number of outputs that are counted. */
  readonly outputs: number;
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function moved({ values, validity, doubt }: ColumnPlace, by: number): ColumnPlace {
  return { values: values + by, validity: validity + by, doubt: doubt + by };
}

/** Places of the registers' parts, counted from the start of the memory. */
function layOut(registers: readonly RegisterSpec[]): { places: ColumnPlace[]; bytes: number } {
  let next = align(registers.length * REGISTER_BYTES);
  const places = registers.map((register): ColumnPlace => {
    const rows = register.use === "column" ? CHUNK_ROWS : BLOCK_ROWS;
    const bits = register.use === "computed" ? VALUE_BITS.eight : VALUE_BITS[register.width];
    const bitmap = register.use === "column" ? CHUNK_BITMAP_BYTES : BLOCK_BITMAP_BYTES;
    const values = next;
    // one value more, for the last offset of text
    const validity = values + align(rows * bits / 8 + ALIGNMENT);
    const doubt = validity + bitmap;
    next = doubt + bitmap;
    return { values, validity, doubt };
  });
  return { places, bytes: next };
}
