import type { ExpressionProgram } from "../../kernel/expression_program.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { MemoryBlock } from "../../kernel/memory_block.ts";
import { bitmapBytes, setBit } from "../bitmap.ts";
import type { Column } from "../column.ts";
import { columnOf } from "../column_of.ts";
import type { BatchRows } from "./batch_rows.ts";
import type { Checked } from "./checked.ts";
import { columnAt } from "./columns_at.ts";
import { type Clock, type Evaluator, evaluatorOf } from "./evaluator.ts";
import type { ColumnInput } from "./lowering.ts";
import type { Columns } from "./plan.ts";
import { rowOfValue } from "./row_values.ts";
import type { ColumnPath } from "./traits.ts";

const VALUE_BYTES = 4;

/** Some rows of a batch. */
export interface Rows {
  readonly start: number;
  readonly count: number;
}

/** A column register of a program, and what it is filled from. */
export interface ColumnLink {
  readonly input: ColumnInput;
  readonly register: number;
  /** The instruction that takes text apart. */
  readonly load?: number;
}

/** Copies one column of each batch into the kernel, chunk by chunk. */
export class ColumnLoader {
  readonly #kernel: Kernel;
  readonly #program: ExpressionProgram;
  readonly #link: ColumnLink;
  readonly #text: MemoryBlock;
  readonly #evaluate: Evaluator<number> | undefined;
  #column: Column | undefined;
  #doubt: Uint8Array | undefined;

  constructor(
    program: ExpressionProgram,
    link: ColumnLink,
    on: { kernel: Kernel; rows: BatchRows },
  ) {
    this.#kernel = on.kernel;
    this.#program = program;
    this.#link = link;
    this.#text = new MemoryBlock(on.kernel);
    const { source } = link.input;
    if ("op" in source) this.#evaluate = evaluatorOf(source, (column) => on.rows.all(column));
  }

  /** Turns to a batch. */
  turnTo(batch: Columns, clock: Clock): void {
    const { source } = this.#link.input;
    if ("op" in source) this.#compute(source, { batch, clock });
    else this.#column = columnAt(batch, source as ColumnPath);
  }

  /** Copies some rows. */
  load(rows: Rows): void {
    const { input: { onlyNulls, type }, register } = this.#link;
    const { validity, nullCount } = this.#column!;
    const nullable = validity !== undefined && nullCount > 0;
    if (!onlyNulls) {
      if (type.kind === "utf8") this.#loadText(rows);
      else this.#loadValues(rows);
    }
    const place = this.#program.place(register);
    if (nullable) this.#copyBits(validity, place.validity, rows);
    if (this.#doubt !== undefined) this.#copyBits(this.#doubt, place.doubt, rows);
    this.#program.useBitmaps(register, { validity: nullable, doubt: this.#doubt !== undefined });
  }

  /** Gives the kernel memory back. */
  release(): void {
    this.#text[Symbol.dispose]();
  }

  // by the host, row by row; a row that fails is in doubt, since nobody may ever ask for it
  #compute(source: Checked, { batch, clock }: { batch: Columns; clock: Clock }): void {
    const convert = rowOfValue(source.type);
    const values: unknown[] = [];
    this.#doubt = undefined;
    for (let row = 0; row < batch.length; row++) {
      try {
        const value = this.#evaluate!(row, clock);
        values.push(value === null || convert === undefined ? value : convert(value));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        this.#doubt ??= new Uint8Array(bitmapBytes(batch.length));
        setBit(this.#doubt, row);
        values.push(null);
      }
    }
    this.#column = columnOf(this.#link.input.type, values);
  }

  #loadValues({ start, count }: Rows): void {
    const values = this.#column!.values!;
    const { values: address } = this.#program.place(this.#link.register);
    if (this.#link.input.type.kind === "bool") {
      this.#copyBits(values as Uint8Array, address, { start, count });
      return;
    }
    const width = values.BYTES_PER_ELEMENT;
    const from = values.byteOffset + start * width;
    this.#kernel.u8.set(new Uint8Array(values.buffer, from, count * width), address);
  }

  #loadText({ start, count }: Rows): void {
    const { values, offsets } = this.#column!;
    const { values: address } = this.#program.place(this.#link.register);
    const first = offsets![start];
    const bytes = (values as Uint8Array).subarray(first, offsets![start + count]);
    const text = this.#text.write(bytes);
    this.#program.setI(this.#link.load!, (text - first) >>> 0);
    const from = offsets!.byteOffset + start * VALUE_BYTES;
    const view = new Uint8Array(offsets!.buffer, from, (count + 1) * VALUE_BYTES);
    this.#kernel.u8.set(view, address);
  }

  // chunks begin at whole bytes
  #copyBits(bits: Uint8Array, address: number, { start, count }: Rows): void {
    this.#kernel.u8.set(bits.subarray(start >> 3, (start + count + 7) >> 3), address);
  }
}
