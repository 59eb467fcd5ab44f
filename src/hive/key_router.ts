import type { RecordBatch } from "../batch/record_batch.ts";
import type { Field, Schema } from "../batch/schema.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { KernelWindowTable } from "../kernel/window_table.ts";
import { count } from "../windows/aggregates.ts";
import { planOf } from "../windows/plan.ts";
import { keyGroupOwners } from "./key_groups.ts";

const TIME: Field = { name: "\u0000no time", type: { kind: "f64" } };

/** What a {@linkcode KeyRouter} is made of. */
export interface KeyRouterOptions {
  /** Of every batch. */
  readonly schema: Schema;
  readonly keys: readonly string[];
  readonly workers: number;
}

/** Tells which bee owns each row, by the hash of its key. */
export class KeyRouter implements Disposable {
  readonly #workers: number;
  readonly #table: KernelWindowTable;
  readonly #keys: readonly number[];
  readonly #ownerOf: Uint8Array;

  /**
   * A router that hashes in a kernel.
   *
   * @throws {TypeError} when a key is no column, or of a type that cannot be a key.
   */
  constructor(kernel: Kernel, { schema, keys, workers }: KeyRouterOptions) {
    // A table is what knows how keys are hashed; none of the rows go into it, whatever their time.
    const timed = { fields: [...schema.fields, TIME] };
    const rest = { aggregates: { n: count() }, window: { size: 1, offset: 0 } };
    const { plan, keys: at } = planOf({ schema: timed, time: TIME.name, keys, ...rest });
    this.#table = new KernelWindowTable(kernel, plan);
    this.#keys = at;
    this.#workers = workers;
    this.#ownerOf = keyGroupOwners(workers);
  }

  /** The rows of each owner, ascending. */
  rowsByOwner(batch: RecordBatch): readonly Int32Array[] {
    const { length } = batch;
    const times = { type: TIME.type, length, nullCount: 0, values: new Float64Array(length) };
    const hashes = this.#table.hashKeys({
      length,
      times,
      keys: this.#keys.map((key) => batch.columnAt(key)),
      values: [],
    });
    const bytes = new Uint8Array(hashes.buffer, hashes.byteOffset, hashes.byteLength);
    const rows = Array.from({ length: this.#workers }, () => new Int32Array(length));
    const counts = new Int32Array(this.#workers);
    for (let row = 0; row < length; row++) {
      // The group is the highest byte, which is the last of the eight.
      const owner = this.#ownerOf[bytes[8 * row + 7]];
      rows[owner][counts[owner]++] = row;
    }
    return rows.map((own, owner) => own.subarray(0, counts[owner]));
  }

  [Symbol.dispose](): void {
    this.#table[Symbol.dispose]();
  }
}
