import { memoryError, type TableContext } from "./window_context.ts";
import type { SliceStacks } from "./window_composer.ts";
import { layoutCount } from "./window_layout.ts";

/** What stacks are made with. */
export interface KernelStacksParts {
  /** Which kind of windows they are of. */
  readonly kind: number;
  /** Address of the table that lists the keys. */
  readonly directory: number;
  /** Address of the table that takes results. */
  readonly results: number;
}

/** Stacks in a kernel's memory. */
export class KernelStacks implements SliceStacks {
  readonly #context: TableContext;
  readonly #parts: KernelStacksParts;

  /** Stacks over a table's slices. */
  constructor(context: TableContext, parts: KernelStacksParts) {
    this.#context = context;
    this.#parts = parts;
  }

  get #exports() {
    return this.#context.kernel.exports;
  }

  nextWaiting(index: number): number {
    return this.#exports.nextWaiting(this.#context.table, index, this.#parts.kind);
  }

  clear(): void {
    this.#exports.tableClear(this.#parts.directory);
  }

  stack(index: number): void {
    const { table, layouts, layout } = this.#context;
    const { kind, directory } = this.#parts;
    this.#check(
      this.#exports.stackSlice(table, index, kind, directory, layouts, layoutCount(layout)),
    );
  }

  add(index: number): void {
    const { table, layouts, layout } = this.#context;
    const { kind, directory } = this.#parts;
    this.#check(
      this.#exports.addSlice(table, index, kind, directory, layouts, layoutCount(layout)),
    );
  }

  collect(index: number, end: number): number {
    const { table, layouts, layout } = this.#context;
    const { results } = this.#parts;
    const groups = this.#exports
      .collectSlice(table, index, results, end, layouts, layoutCount(layout));
    this.#check(groups + 1);
    return groups;
  }

  leave(from: number, to: number): void {
    if (from < to) this.#exports.leaveSlices(this.#context.table, from, to, this.#parts.kind);
  }

  put(end: number): number {
    const { layouts, layout } = this.#context;
    const { directory, results } = this.#parts;
    const groups = this.#exports
      .putWindow(directory, results, end, layouts, layoutCount(layout));
    this.#check(groups + 1);
    return groups;
  }

  #check(done: number): void {
    if (done === 0) throw memoryError(this.#context, "close");
  }
}
