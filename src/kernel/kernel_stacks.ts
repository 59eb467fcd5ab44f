import { memoryError, type TableContext } from "./window_context.ts";
import type { SliceStacks } from "./window_composer.ts";
import { layoutCount } from "./window_layout.ts";

/** Stacks in a kernel's memory. */
export class KernelStacks implements SliceStacks {
  readonly #context: TableContext;
  readonly #directory: number;
  readonly #results: number;

  /**
   * Stacks over a table's slices.
   *
   * @param tables Addresses: of the table that lists the keys, and of that which takes results.
   */
  constructor(context: TableContext, tables: { directory: number; results: number }) {
    this.#context = context;
    this.#directory = tables.directory;
    this.#results = tables.results;
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

  nextWaiting(index: number): number {
    return this.#exports.nextWaiting(this.#context.table, index);
  }

  clear(): void {
    this.#exports.tableClear(this.#directory);
  }

  stack(index: number): void {
    const { table, layouts, layout } = this.#context;
    this.#check(
      this.#exports.stackSlice(table, index, this.#directory, layouts, layoutCount(layout)),
    );
  }

  add(index: number): void {
    const { table, layouts, layout } = this.#context;
    this.#check(
      this.#exports.addSlice(table, index, this.#directory, layouts, layoutCount(layout)),
    );
  }

  drop(count: number): void {
    this.#exports.dropSlices(this.#context.table, count);
  }

  put(end: number): number {
    const { layouts, layout } = this.#context;
    const groups = this.#exports
      .putWindow(this.#directory, this.#results, end, layouts, layoutCount(layout));
    this.#check(groups + 1);
    return groups;
  }

  #check(done: number): void {
    if (done === 0) throw memoryError(this.#context, "close");
  }
}
