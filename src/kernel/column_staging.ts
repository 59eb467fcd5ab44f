import { ALIGNMENT } from "./buffer_source.ts";
import type { ColumnSource, RowSpan } from "./column_source.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

/** Bytes of a column's description in kernel memory. */
export const DESCRIPTION_BYTES = 32;

const KEPT_BYTES = 1 << 20;

/** Brings columns into kernel memory, some rows at a time. */
export class ColumnStaging implements Disposable {
  readonly #kernel: Kernel;
  readonly #block: MemoryBlock;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#block = new MemoryBlock(kernel, KEPT_BYTES);
  }

  /**
   * Stages some rows of columns and describes them to the kernel.
   *
   * @throws {KernelMemoryError} when the budget does not hold them.
   */
  stage(columns: readonly ColumnSource[], span: RowSpan): void {
    let cost = ALIGNMENT;
    for (const column of columns) cost += column.cost(span);
    let at = this.#block.reserve(cost);
    const memory = new Int32Array(this.#kernel.u8.buffer);
    for (const column of columns) {
      memory.set(column.place(span, at), column.description / 4);
      at += column.cost(span);
    }
  }

  /** Gives back what larger batches than usual took. */
  trim(): void {
    this.#block.trim();
  }

  [Symbol.dispose](): void {
    this.#block[Symbol.dispose]();
  }
}
