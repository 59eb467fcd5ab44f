import { KernelKind } from "./column_staging.ts";
import { type Kernel, KernelMemoryError } from "./kernel.ts";
import { checkRows, MAX_KEY_BYTES } from "./window_check.ts";
import { memoryError, type TableContext, within } from "./window_context.ts";
import { WindowDeltas } from "./window_deltas.ts";
import { checkSums, GATHER_BYTES, WindowGather } from "./window_gather.ts";
import { WindowIngest } from "./window_ingest.ts";
import { initialState, LAYOUT_BYTES, layoutCount, layoutOf, layoutWords } from "./window_layout.ts";
import type {
  AddOutcome,
  BatchPosition,
  ClosedWindows,
  KeyType,
  Ownership,
  RouteOutcome,
  WindowEngine,
  WindowPlan,
  WindowRows,
  WindowStats,
} from "./window_types.ts";

const FIXED_MODE = 0;
const BYTES_MODE = 1;

function modeOf(keys: readonly KeyType[]): number {
  const fixed = keys.length === 1 && KernelKind[keys[0].kind] < KernelKind.bytes;
  return fixed ? FIXED_MODE : BYTES_MODE;
}

/** Makes the table and the blocks that its parts share. */
function createContext(kernel: Kernel, plan: WindowPlan): TableContext {
  const layout = layoutOf(plan);
  const { size, offset, allowedLateness, keys } = plan;
  const bufferBytes = GATHER_BYTES + MAX_KEY_BYTES + layout.bytes;
  const buffer = kernel.allocate(bufferBytes);
  const layouts = kernel.allocate(layoutCount(layout) * LAYOUT_BYTES);
  const { exports } = kernel;
  const table = exports
    .tableCreate(size, offset, allowedLateness, modeOf(keys), layout.bytes, keys.length) >>> 0;
  const context = { kernel, table, plan, layout, layouts, buffer, bufferBytes };
  if (table === 0) throw memoryError(context, "make a table of");
  const { u8 } = kernel;
  u8.set(initialState(layout), exports.tableInitial(table) >>> 0);
  // a dictionary's entries are keys like any other text
  const kinds = keys.map(({ kind }) => Math.min(KernelKind[kind], KernelKind.bytes));
  u8.set(kinds, exports.tableParts(table) >>> 0);
  new Int32Array(u8.buffer).set(layoutWords(layout), layouts / 4);
  return context;
}

/**
 * The open windows of one operator in a kernel's memory.
 *
 * The twin in plain TypeScript is `ReferenceWindowTable`. Columns that already lie in the kernel's
 * memory are used where they are, all others are copied there a few thousand rows at a time.
 *
 * Should the system refuse memory below the kernel's budget in the middle of a batch or snapshot, so
 * that a part of it was added, then the table takes nothing more and gives nothing out until
 * `restore()`. A snapshot that is damaged is refused before anything changes.
 */
export class KernelWindowTable implements WindowEngine {
  readonly #context: TableContext;
  readonly #ingest: WindowIngest;
  readonly #deltas: WindowDeltas;
  #rows = 0;
  #broken = false;
  #disposed = false;

  /**
   * An empty table.
   *
   * @throws {KernelMemoryError} when the budget does not hold even that.
   */
  constructor(kernel: Kernel, plan: WindowPlan) {
    this.#context = createContext(kernel, plan);
    this.#ingest = new WindowIngest(this.#context);
    this.#deltas = new WindowDeltas(this.#context);
  }

  /** Throws when a part of a batch or snapshot was added. */
  #checkWhole(): void {
    if (!this.#broken) return;
    throw new KernelMemoryError(
      "Cannot use windows: a batch or snapshot failed when a part of it had been added; restore a " +
        "whole snapshot, with a budget that the system has the memory for",
    );
  }

  add(rows: WindowRows, at: BatchPosition): AddOutcome {
    checkRows(this.#context.plan, rows);
    this.#checkWhole();
    return within(this.#context, "add rows to", () => {
      const before = this.stats().groups;
      const outcome = this.#ingest.add(rows, at, () => this.#broken = true);
      this.#broken = false;
      const absorbed = rows.length - outcome.late - outcome.untimed;
      this.#rows += absorbed;
      return { ...outcome, absorbed, distinct: this.stats().groups - before };
    });
  }

  route(rows: WindowRows, options: BatchPosition & Ownership): RouteOutcome {
    checkRows(this.#context.plan, rows);
    this.#checkWhole();
    return within(this.#context, "route rows to", () => this.#ingest.route(rows, options));
  }

  hashKeys(rows: WindowRows): BigUint64Array {
    checkRows(this.#context.plan, rows);
    return within(this.#context, "hash the keys of", () => this.#ingest.hashKeys(rows));
  }

  takeDeltas(ownership: Ownership): Uint8Array[] {
    this.#checkWhole();
    const deltas = this.#deltas.write(ownership);
    this.#context.kernel.exports.tableClear(this.#context.table);
    this.#rows = 0;
    return deltas;
  }

  snapshot(): Uint8Array {
    this.#checkWhole();
    return this.#deltas.writeAll();
  }

  fold(delta: Uint8Array): { records: number } {
    this.#checkWhole();
    if (delta.length === 0) return { records: 0 };
    return within(this.#context, "fold a delta into", () => {
      const { records, rows } = this.#deltas.fold(delta);
      this.#rows += rows;
      return { records };
    });
  }

  restore(snapshot: Uint8Array): void {
    if (snapshot.length > 0) this.#deltas.check(snapshot);
    const { kernel: { exports }, table } = this.#context;
    exports.tableDrop(table, exports.tableCount(table));
    this.#rows = 0;
    this.#broken = false;
    if (snapshot.length === 0) return;
    within(this.#context, "restore", () => {
      this.#broken = true;
      this.#rows = this.#deltas.read(snapshot);
      this.#broken = false;
    });
  }

  close(watermark: number): ClosedWindows | undefined {
    this.#checkWhole();
    const { kernel: { exports }, table, plan } = this.#context;
    const due = exports.tableDue(table, watermark);
    if (due === 0) return undefined;
    for (let index = 0; index < due; index++) checkSums(this.#context, index);
    const windows = Array.from({ length: due }, (_, index) => {
      return { index, groups: exports.sortWindow(table, index) };
    });
    const gather = new WindowGather(this.#context, windows);
    const closed = {
      ...gather.bounds(),
      keys: gather.keys(),
      aggregates: plan.aggregates.map((aggregate) => gather.aggregate(aggregate)),
    };
    exports.tableDrop(table, due);
    return closed.length === 0 ? undefined : closed;
  }

  nextClose(): number {
    const { kernel: { exports }, table, plan: { size, allowedLateness } } = this.#context;
    if (exports.tableCount(table) === 0) return Infinity;
    return exports.tableStart(table, 0) + size + allowedLateness;
  }

  stats(): WindowStats {
    const { kernel: { exports }, table } = this.#context;
    return {
      windows: exports.tableCount(table),
      groups: exports.tableGroups(table) >>> 0,
      rows: this.#rows,
      bytes: exports.tableBytes(table) >>> 0,
    };
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const { kernel, table, buffer, layouts } = this.#context;
    this.#ingest[Symbol.dispose]();
    kernel.exports.tableFree(table);
    kernel.release(buffer);
    kernel.release(layouts);
  }
}
