import { KernelKind } from "./column_staging.ts";
import { type Kernel, KernelMemoryError } from "./kernel.ts";
import { closedUpTo } from "./delta.ts";
import { KernelStacks } from "./kernel_stacks.ts";
import { checkRows, MAX_KEY_BYTES } from "./window_check.ts";
import { WindowComposer } from "./window_composer.ts";
import { memoryError, type TableContext, within } from "./window_context.ts";
import { WindowDeltas } from "./window_deltas.ts";
import { checkSums, GATHER_BYTES, WindowGather } from "./window_gather.ts";
import { WindowIngest } from "./window_ingest.ts";
import { initialState, LAYOUT_BYTES, layoutCount, layoutOf, layoutWords } from "./window_layout.ts";
import { WindowShape } from "./window_shape.ts";
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
/** Bytes behind the state of a key of the stacks: where its front starts. */
const STACK_BYTES = 16;

function modeOf(keys: readonly KeyType[]): number {
  const fixed = keys.length === 1 && KernelKind[keys[0].kind] < KernelKind.bytes;
  return fixed ? FIXED_MODE : BYTES_MODE;
}

/** Makes the table and the blocks that its parts share. */
function createContext(kernel: Kernel, plan: WindowPlan): TableContext {
  const layout = layoutOf(plan);
  const shape = new WindowShape(plan);
  const { size, offset, slide, step } = shape;
  const bufferBytes = GATHER_BYTES + MAX_KEY_BYTES + layout.bytes;
  const buffer = kernel.allocate(bufferBytes);
  const layouts = kernel.allocate(layoutCount(layout) * LAYOUT_BYTES);
  const parts = { kernel, plan, shape, layout, layouts, buffer, bufferBytes };
  const table = createTable({ ...parts, table: 0 }, layout.bytes);
  if (!shape.isPlain) kernel.exports.tableShape(table, size, offset, slide, step);
  new Int32Array(kernel.u8.buffer).set(layoutWords(layout), layouts / 4);
  return { ...parts, table };
}

/** Makes a table of a plan's keys, whose states may have bytes behind them. */
function createTable(context: TableContext, stateBytes: number): number {
  const { kernel, shape: { slice, sliceOffset }, layout, plan: { allowedLateness, keys } } =
    context;
  const { exports } = kernel;
  const table = exports
    .tableCreate(slice, sliceOffset, allowedLateness, modeOf(keys), stateBytes, keys.length) >>> 0;
  if (table === 0) throw memoryError(context, "make a table of");
  kernel.u8.set(initialState(layout), exports.tableInitial(table) >>> 0);
  // a dictionary's entries are keys like any other text
  const kinds = keys.map(({ kind }) => Math.min(KernelKind[kind], KernelKind.bytes));
  kernel.u8.set(kinds, exports.tableParts(table) >>> 0);
  return table;
}

/** What windows that overlap are put together with. */
interface Composing {
  readonly composer: WindowComposer;
  /** Addresses of tables: of the stacks' keys, and of results. */
  readonly directory: number;
  readonly results: number;
}

function createComposing(context: TableContext): Composing {
  const { layout: { bytes }, shape } = context;
  const directory = createTable(context, bytes + STACK_BYTES);
  const results = createTable(context, bytes);
  const stacks = new KernelStacks(context, { directory, results });
  return { composer: new WindowComposer(shape, stacks), directory, results };
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
  /** Absent where a slice is a window. */
  readonly #composing: Composing | undefined;
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
    this.#composing = this.#context.shape.isPlain ? undefined : createComposing(this.#context);
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
      const absorbed = rows.length - outcome.late - outcome.untimed - outcome.outside;
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
    this.#forgetClosed();
    this.#rows = 0;
    return deltas;
  }

  snapshot(): Uint8Array {
    this.#checkWhole();
    return this.#deltas.writeAll(this.#composing?.composer.closed);
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
    this.#forgetClosed(closedUpTo(snapshot));
    this.#rows = 0;
    this.#broken = false;
    if (snapshot.length === 0) return;
    within(this.#context, "restore", () => {
      this.#broken = true;
      this.#rows = this.#deltas.read(snapshot);
      this.#broken = false;
    });
  }

  #forgetClosed(closed?: number): void {
    if (!this.#composing) return;
    const { exports } = this.#context.kernel;
    const { composer, results } = this.#composing;
    exports.tableDrop(results, exports.tableCount(results));
    composer.reset(closed);
  }

  close(watermark: number): ClosedWindows | undefined {
    this.#checkWhole();
    if (this.#composing) return this.#compose(watermark, this.#composing);
    const due = this.#context.kernel.exports.tableDue(this.#context.table, watermark);
    return due === 0 ? undefined : this.#takeOut(this.#context, due);
  }

  /** Windows that overlap become slices of a table of their own, each from the window's end. */
  #compose(watermark: number, { composer, results }: Composing): ClosedWindows | undefined {
    const context = { ...this.#context, table: results };
    return within(this.#context, "close", () => {
      // Half a window in the stacks is one that must not be gone on with.
      this.#broken = true;
      composer.close(watermark - context.plan.allowedLateness);
      this.#broken = false;
      const count = context.kernel.exports.tableCount(results);
      return count === 0 ? undefined : this.#takeOut(context, count);
    });
  }

  /** The results of the first slices of a table, which are freed. */
  #takeOut(context: TableContext, count: number): ClosedWindows | undefined {
    const { kernel: { exports }, table, plan } = context;
    for (let index = 0; index < count; index++) checkSums(context, index);
    const windows = Array.from({ length: count }, (_, index) => {
      return { index, groups: exports.sortWindow(table, index) };
    });
    const gather = new WindowGather(context, windows);
    const closed = {
      ...gather.bounds(),
      keys: gather.keys(),
      aggregates: plan.aggregates.map((aggregate) => gather.aggregate(aggregate)),
    };
    exports.tableDrop(table, count);
    return closed.length === 0 ? undefined : closed;
  }

  nextClose(): number {
    const { kernel: { exports }, table, plan: { size, allowedLateness } } = this.#context;
    if (this.#composing) return this.#composing.composer.next() + allowedLateness;
    if (exports.tableCount(table) === 0) return Infinity;
    return exports.tableStart(table, 0) + size + allowedLateness;
  }

  stats(): WindowStats {
    const { kernel: { exports }, table } = this.#context;
    return {
      windows: exports.tableCount(table),
      groups: exports.tableGroups(table) >>> 0,
      rows: this.#rows,
      bytes: this.#tables.reduce((bytes, each) => bytes + (exports.tableBytes(each) >>> 0), 0),
    };
  }

  get #tables(): number[] {
    const { table } = this.#context;
    const composing = this.#composing;
    return composing ? [table, composing.directory, composing.results] : [table];
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const { kernel, buffer, layouts } = this.#context;
    this.#ingest[Symbol.dispose]();
    for (const table of this.#tables) kernel.exports.tableFree(table);
    kernel.release(buffer);
    kernel.release(layouts);
  }
}
