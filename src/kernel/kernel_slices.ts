import type { OpenSlices } from "./window_composer.ts";
import type { TableContext } from "./window_context.ts";

/** Slices in a kernel's memory. */
export class KernelSlices implements OpenSlices {
  readonly #context: TableContext;

  /** The slices of a table. */
  constructor(context: TableContext) {
    this.#context = context;
  }

  get #exports() {
    return this.#context.kernel.exports;
  }

  get count(): number {
    return this.#exports.tableCount(this.#context.table);
  }

  get hasBelated(): boolean {
    return this.#exports.tableBelated(this.#context.table) > 0;
  }

  start(index: number): number {
    return this.#exports.tableStart(this.#context.table, index);
  }

  skipped(index: number): number {
    return this.#exports.tableSkipped(this.#context.table, index);
  }

  rank(start: number): number {
    return this.#exports.tableRank(this.#context.table, start);
  }

  drop(count: number): void {
    this.#exports.tableDrop(this.#context.table, count);
  }
}
