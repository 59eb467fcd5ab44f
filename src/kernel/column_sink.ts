import type { Kernel } from "./kernel.ts";
import { SinkColumn } from "./sink_column.ts";
import { SINK_BYTES, type SinkColumnSpec, type SinkRoom } from "./sink_types.ts";

/**
 * Columns under construction in kernel memory, shared by the readers of JSON, CSV and Avro.
 *
 * The host begins a batch, reserves room before each block of bytes that goes into it, has a
 * kernel write rows (`assembly/column/sink.ts` says how), and takes the finished buffers. Rows of
 * several blocks may go into one batch.
 *
 * ```ts ignore
 * const sink = new ColumnSink(kernel, [{ kind: "dict" }, { kind: "f64" }]);
 * sink.begin();
 * sink.reserve({ rows: 8_192, bytes: block.length });
 * const rows = kernel.exports.readSomething(sink.address, sink.length, …);
 * const [sensor, temperature] = sink.columns.map((column) => column.finish(rows));
 * ```
 */
export class ColumnSink implements Disposable {
  /** The columns, in order. */
  readonly columns: readonly SinkColumn[];
  /** Where the first column is described, in 64 bytes; the others follow. */
  readonly address: number;
  readonly #kernel: Kernel;

  /**
   * Columns without rows.
   *
   * @throws {KernelMemoryError} when the budget does not hold them.
   */
  constructor(kernel: Kernel, specs: readonly SinkColumnSpec[]) {
    this.#kernel = kernel;
    const all = specs.length + specs.filter(({ item }) => item !== undefined).length;
    this.address = kernel.allocate(Math.max(all, 1) * SINK_BYTES);
    kernel.u8.fill(0, this.address, this.address + all * SINK_BYTES);
    let items = this.address + specs.length * SINK_BYTES;
    this.columns = specs.map((spec, at) => {
      const column = new SinkColumn(kernel, spec, this.address + at * SINK_BYTES);
      if (spec.item !== undefined) {
        column.items = new SinkColumn(kernel, spec.item, items);
        items += SINK_BYTES;
      }
      return column;
    });
  }

  /** How many columns there are. */
  get length(): number {
    return this.columns.length;
  }

  /** Empties all columns. */
  begin(): void {
    for (const column of this.columns) column.begin();
  }

  /**
   * Makes room for what is written next; what was written before stays. Views of kernel memory may
   * end by it. To be called again after a bad record: its texts may stay in dictionaries.
   *
   * @param held Rows that the batch has. Default 0.
   * @throws {KernelMemoryError} when the budget does not hold it.
   */
  reserve(room: SinkRoom, held = 0): void {
    for (const column of this.columns) column.reserve(room, held);
  }

  /** Makes a row as if it had not been written. */
  undoRow(row: number): void {
    this.#kernel.exports.undoRow(this.address, this.length, row);
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    for (const column of this.columns) column[Symbol.dispose]();
    this.#kernel.release(this.address);
  }
}
