import { BLOCK_ROWS, CHUNK_ROWS, ExpressionProgram } from "../../kernel/expression_program.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { MemoryBlock } from "../../kernel/memory_block.ts";
import type { DataType } from "../schema.ts";
import type { Assembled } from "./assembler.ts";
import { BatchRows } from "./batch_rows.ts";
import type { Checked } from "./checked.ts";
import { DictionaryTable } from "./dictionary_table.ts";
import { type Clock, type Evaluator, evaluatorOf } from "./evaluator.ts";
import { ColumnLoader, type Rows } from "./kernel_columns.ts";
import { OutputReader } from "./kernel_output.ts";
import { encodeText } from "./lower_texts.ts";
import type { ConstantInput, Lowering, PutResult, StringSpace } from "./lowering.ts";
import type { Columns } from "./plan.ts";
import { StringCodes } from "./string_codes.ts";
import type { Value } from "./values.ts";

/** A value that is computed in the kernel. */
export interface KernelResult extends PutResult {
  readonly checked: Checked;
  readonly type: DataType;
  readonly space?: StringSpace;
}

/** A program with all that it needs around it: one batch after the other goes through. */
export class Machine implements Disposable {
  readonly outputs: readonly OutputReader[];
  readonly #kernel: Kernel;
  readonly #program: ExpressionProgram;
  readonly #rows: BatchRows = new BatchRows();
  readonly #columns: readonly ColumnLoader[];
  readonly #tables: readonly { table: DictionaryTable; gather: number; codes?: StringCodes }[];
  readonly #clocks: readonly number[];
  readonly #blobs: MemoryBlock;
  readonly #deciders: readonly Evaluator<number>[];
  #now: number | undefined;

  constructor(kernel: Kernel, lowering: Lowering, results: readonly KernelResult[]) {
    const assembled = lowering.assemble();
    const program = new ExpressionProgram(kernel, assembled.spec);
    const codes = new Map<StringSpace, StringCodes>();
    const codesOf = (space: StringSpace | undefined) => {
      if (space !== undefined && !codes.has(space)) codes.set(space, new StringCodes(space));
      return space && codes.get(space);
    };
    this.#kernel = kernel;
    this.#program = program;
    this.#blobs = writeConstants({ kernel, program, lowering, assembled });
    this.#columns = lowering.columns.flatMap((input) => {
      const register = assembled.registerOf(input.register);
      if (register === undefined) return [];
      const load = input.load === undefined ? undefined : assembled.instructionOf(input.load);
      return [new ColumnLoader(program, { input, register, load }, { kernel, rows: this.#rows })];
    });
    this.#tables = lowering.tables.flatMap((input) => {
      const gather = assembled.instructionOf(input.gather);
      if (gather === undefined) return [];
      const own = codesOf(input.space);
      return [{ table: new DictionaryTable(kernel, input, own), gather, codes: own }];
    });
    this.#clocks = lowering.clocks.flatMap((clock) => assembled.registerOf(clock) ?? []);
    this.outputs = results.map(({ output, put, type, space }, index) => {
      program.setI(assembled.instructionOf(put)!, program.countsAddress(index));
      const register = assembled.registerOf(output)!;
      return new OutputReader(kernel, program, { index, register, type, codes: codesOf(space) });
    });
    this.#deciders = results.map(({ checked }) =>
      evaluatorOf<number>(checked, (column) => this.#rows.few(column))
    );
  }

  /** Turns to a batch. */
  turnTo(batch: Columns, clock: Clock): void {
    this.#rows.turnTo(batch);
    this.#setClock(clock);
    for (const column of this.#columns) column.turnTo(batch, clock);
    this.#buildTables(batch);
  }

  /** Computes a batch, chunk by chunk; the outputs hold a chunk when `each` is called. */
  run(batch: Columns, each: (rows: Rows) => void): void {
    for (let start = 0; start < batch.length; start += CHUNK_ROWS) {
      const rows = { start, count: Math.min(CHUNK_ROWS, batch.length - start) };
      for (const column of this.#columns) column.load(rows);
      this.#program.run(rows.count);
      each(rows);
    }
  }

  /** The value of an output for a row that the kernel left to the host. */
  decide(output: number, row: number, clock: Clock): Value {
    return this.#deciders[output](row, clock);
  }

  /** Lets go of the batch. */
  finish(): void {
    this.#rows.turnTo();
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    for (const column of this.#columns) column.release();
    for (const { table } of this.#tables) table.release();
    for (const output of this.outputs) output.release();
    this.#blobs[Symbol.dispose]();
    this.#program[Symbol.dispose]();
  }

  #setClock({ now = 0 }: Clock): void {
    if (now === this.#now) return;
    this.#now = now;
    const value = new Uint8Array(Float64Array.of(now).buffer);
    for (const clock of this.#clocks) this.#program.setConstant(clock, value);
  }

  // tables of one dict output share its codes, so they are built together
  #buildTables(batch: Columns): void {
    const stale = this.#tables.filter(({ table }) => !table.isCurrent(batch));
    if (stale.length === 0) return;
    const codes = new Set(stale.flatMap((entry) => entry.codes ?? []));
    for (const each of codes) each.reset();
    for (const entry of this.#tables) {
      if (stale.includes(entry) || entry.codes !== undefined && codes.has(entry.codes)) {
        entry.table.build(batch);
        this.#program.setI(entry.gather, entry.table.address);
      }
    }
  }
}

interface Linking {
  readonly kernel: Kernel;
  readonly program: ExpressionProgram;
  readonly lowering: Lowering;
  readonly assembled: Assembled;
}

/** Writes all constants and what instructions point to; the memory that holds the bytes of it. */
function writeConstants({ kernel, program, lowering, assembled }: Linking): MemoryBlock {
  const blobs = new BlobWriter(kernel);
  const later: ((base: number) => void)[] = [];
  for (const constant of lowering.constants) {
    const register = assembled.registerOf(constant.register);
    if (register === undefined) continue;
    if (constant.fails) program.doubtConstant(register);
    if (constant.representation === "text" && constant.value !== null) {
      const bytes = encodeText(constant.value as string);
      const at = blobs.add(bytes);
      later.push((base) => program.setConstant(register, pair(base + at, bytes.length)));
    } else {
      writeConstant(program, register, constant);
    }
  }
  for (const { instruction, bytes } of lowering.blobs) {
    const position = assembled.instructionOf(instruction);
    const at = blobs.add(bytes);
    if (position !== undefined) later.push((base) => program.setI(position, base + at));
  }
  for (const { instruction, texts } of lowering.textLists) {
    const position = assembled.instructionOf(instruction);
    const list = blobs.addTexts(texts);
    if (position !== undefined) later.push((base) => program.setI(position, base + list));
  }
  return blobs.write(later);
}

function writeConstant(
  program: ExpressionProgram,
  register: number,
  { representation, value }: ConstantInput,
): void {
  if (representation === "bool") return program.setConstantBits(register, value === true);
  program.setConstant(register, constantBytes(representation, value));
}

function constantBytes(representation: ConstantInput["representation"], value: Value): Uint8Array {
  switch (representation) {
    case "i32":
      return new Uint8Array(Int32Array.of(value as number ?? 0).buffer);
    case "i64":
      return new Uint8Array(BigInt64Array.of(value as bigint ?? 0n).buffer);
    case "f64":
      return new Uint8Array(Float64Array.of(value as number ?? 0).buffer);
    default:
      return pair(0, 0);
  }
}

function pair(address: number, bytes: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(address, bytes).buffer);
}

/** Bytes that belong to a program, put together before their place is known. */
class BlobWriter {
  readonly #buffer: MemoryBlock;
  readonly #parts: { at: number; bytes: Uint8Array }[] = [];
  readonly #lists: { at: number; texts: { at: number; bytes: number }[] }[] = [];
  #size = 0;

  constructor(kernel: Kernel) {
    this.#buffer = new MemoryBlock(kernel);
    this.#kernel = kernel;
  }

  readonly #kernel: Kernel;

  /** Adds bytes; their place, counted from the start, on a multiple of 8. */
  add(bytes: Uint8Array): number {
    const at = this.#size;
    this.#parts.push({ at, bytes });
    this.#size += (bytes.length + 7) & ~7;
    return at;
  }

  /** Adds texts; the place of the list of their addresses and lengths. */
  addTexts(texts: readonly Uint8Array[]): number {
    const places = texts.map((bytes) => ({ at: this.add(bytes), bytes: bytes.length }));
    const at = this.#size;
    this.#lists.push({ at, texts: places });
    this.#size += texts.length * 8;
    return at;
  }

  /** Writes all, and tells whoever waits for the start. */
  write(later: readonly ((base: number) => void)[]): MemoryBlock {
    const base = this.#buffer.reserve(Math.max(this.#size, BLOCK_ROWS));
    for (const { at, bytes } of this.#parts) this.#kernel.u8.set(bytes, base + at);
    for (const { at, texts } of this.#lists) {
      texts.forEach((text, index) =>
        this.#kernel.u8.set(pair(base + text.at, text.bytes), base + at + index * 8)
      );
    }
    for (const tell of later) tell(base);
    return this.#buffer;
  }
}
