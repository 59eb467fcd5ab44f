import { KernelKind } from "./column_source.ts";
import { type Kernel, KernelMemoryError } from "./kernel.ts";
import { closedUpTo } from "./delta.ts";
import { KernelSlices } from "./kernel_slices.ts";
import { KernelStacks } from "./kernel_stacks.ts";
import { SharedShape } from "./shared_shape.ts";
import { checkRows, MAX_KEY_BYTES } from "./window_check.ts";
import { WindowClosing } from "./window_closing.ts";
import { memoryError, type TableContext, within } from "./window_context.ts";
import { type SliceRows, WindowDeltas } from "./window_deltas.ts";
import { checkSums, GATHER_BYTES, WindowGather } from "./window_gather.ts";
import { WindowIngest } from "./window_ingest.ts";
import {
  initialState,
  LAYOUT_BYTES,
  layoutCount,
  layoutOf,
  layoutWords,
  windowsOf,
} from "./window_layout.ts";
import type {
  AddOutcome,
  BatchPosition,
  ClosedWindows,
  KeyType,
  Ownership,
  PlannedWindows,
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
/** Bytes of what the kernel knows of each of several kinds of windows. */
const KIND_BYTES = 40;
/** The kernel notes which kinds have taken a slice as bits of a word. */
const MAX_KINDS = 32;

function modeOf(keys: readonly KeyType[]): number {
  const fixed = keys.length === 1 && KernelKind[keys[0].kind] < KernelKind.bytes;
  return fixed ? FIXED_MODE : BYTES_MODE;
}

/** Makes the table and the blocks that its parts share. */
function createContext(kernel: Kernel, plan: WindowPlan): TableContext {
  const layout = layoutOf(plan);
  const shape = shapeOf(plan);
  const bufferBytes = GATHER_BYTES + MAX_KEY_BYTES + layout.bytes;
  const buffer = kernel.allocate(bufferBytes);
  const layouts = kernel.allocate(layoutCount(layout) * LAYOUT_BYTES);
  const parts = { kernel, plan, shape, layout, layouts, buffer, bufferBytes };
  const table = createTable({ ...parts, table: 0 }, layout.bytes);
  if (!shape.isPlain) placeShape({ ...parts, table });
  new Int32Array(kernel.u8.buffer).set(layoutWords(layout), layouts / 4);
  return { ...parts, table };
}

function shapeOf(plan: WindowPlan): SharedShape {
  const windows = windowsOf(plan).map(({ window }) => window);
  if (windows.length <= MAX_KINDS) return new SharedShape(windows);
  throw new RangeError(
    `Cannot make windows: at most ${MAX_KINDS} kinds can share their slices, received ` +
      `${windows.length}`,
  );
}

/** Tells the kernel where windows lie. */
function placeShape(context: TableContext): void {
  const { kernel, table, shape: { kinds, step, end, gapped = kinds[0] } } = context;
  const { size, slide } = gapped;
  kernel.exports.tableShape(table, size, end - size, slide, step);
  if (kinds.length === 1) return;
  const at = kernel.exports.tableKinds(table, kinds.length) >>> 0;
  if (at === 0) throw memoryError(context, "make a table of");
  kinds.forEach((kind, index) => {
    const numbers = [kind.size, kind.slide, kind.step, kind.offset + kind.size];
    const words = BigInt64Array.from(numbers, (number) => BigInt(number));
    kernel.u8.set(new Uint8Array(words.buffer), at + index * KIND_BYTES);
  });
}

/** Makes a table of a plan's keys, whose states may have bytes behind them. */
export function createTable(
  context: TableContext,
  stateBytes: number,
  mode: number = modeOf(context.plan.keys),
): number {
  const { kernel, shape: { slice, sliceOffset }, layout, plan: { allowedLateness, keys } } =
    context;
  const { exports } = kernel;
  const table = exports
    .tableCreate(slice, sliceOffset, allowedLateness, mode, stateBytes, keys.length) >>> 0;
  if (table === 0) throw memoryError(context, "make a table of");
  kernel.u8.set(initialState(layout), exports.tableInitial(table) >>> 0);
  // a dictionary's entries are keys like any other text
  const kinds = keys.map(({ kind }) => Math.min(KernelKind[kind], KernelKind.bytes));
  kernel.u8.set(kinds, exports.tableParts(table) >>> 0);
  return table;
}

/** What a kind of windows is put together with: addresses of tables. */
interface ComposedKind {
  /** Of the stacks' keys. */
  readonly directory: number;
  readonly results: number;
}

/** What windows that overlap, or share slices, are put together with. */
interface Composing {
  readonly closing: WindowClosing;
  readonly kinds: readonly ComposedKind[];
}

function createComposing(context: TableContext): Composing {
  const { layout: { bytes }, shape } = context;
  const kinds = shape.kinds.map((): ComposedKind => {
    const directory = createTable(context, bytes + STACK_BYTES);
    return { directory, results: createTable(context, bytes) };
  });
  const stacks = kinds.map((tables, kind) => new KernelStacks(context, { kind, ...tables }));
  return { closing: new WindowClosing(shape, new KernelSlices(context), stacks), kinds };
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
  readonly #windows: readonly PlannedWindows[];
  #rows = 0;
  /** Of each of several kinds. */
  #kindRows: number[];
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
    this.#windows = windowsOf(plan);
    this.#kindRows = this.#windows.map(() => 0);
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
      const { kernel: { exports }, table } = this.#context;
      const before = exports.tableGroups(table);
      const outcome = this.#ingest.add(rows, at, () => this.#broken = true);
      this.#broken = false;
      const absorbed = rows.length - outcome.late - outcome.untimed - outcome.outside;
      this.#rows += absorbed;
      outcome.kinds?.forEach(({ absorbed }, kind) => this.#kindRows[kind] += absorbed);
      return { ...outcome, absorbed, distinct: exports.tableGroups(table) - before };
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
    this.#forgetRows();
    return deltas;
  }

  #forgetRows(): void {
    this.#rows = 0;
    this.#kindRows.fill(0);
  }

  #countRows(slices: readonly SliceRows[]): void {
    const { shape } = this.#context;
    for (const slice of slices) {
      this.#rows += slice.rows;
      for (let kind = 0; kind < this.#kindRows.length; kind++) {
        if (shape.holds(kind, slice)) this.#kindRows[kind] += slice.rows;
      }
    }
  }

  snapshot(): Uint8Array {
    this.#checkWhole();
    return this.#deltas.writeAll(this.#composing?.closing.closed);
  }

  fold(delta: Uint8Array): { records: number } {
    this.#checkWhole();
    if (delta.length === 0) return { records: 0 };
    return within(this.#context, "fold a delta into", () => {
      const { records, rows } = this.#deltas.fold(delta);
      this.#countRows(rows);
      return { records };
    });
  }

  restore(snapshot: Uint8Array): void {
    if (snapshot.length > 0) this.#deltas.check(snapshot);
    const { kernel: { exports }, table } = this.#context;
    exports.tableDrop(table, exports.tableCount(table));
    this.#forgetClosed(closedUpTo(snapshot, this.#windows.length));
    this.#forgetRows();
    this.#broken = false;
    if (snapshot.length === 0) return;
    within(this.#context, "restore", () => {
      this.#broken = true;
      this.#countRows(this.#deltas.read(snapshot));
      this.#broken = false;
    });
  }

  #forgetClosed(closed?: readonly number[]): void {
    if (!this.#composing) return;
    const { exports } = this.#context.kernel;
    const { closing, kinds } = this.#composing;
    for (const { results } of kinds) exports.tableDrop(results, exports.tableCount(results));
    closing.reset(closed);
  }

  close(watermark: number): ClosedWindows | undefined {
    this.#checkWhole();
    if (this.#composing) return this.#compose(watermark, this.#composing);
    const due = this.#context.kernel.exports.tableDue(this.#context.table, watermark);
    return due === 0 ? undefined : this.#takeOut(this.#context, due, 0);
  }

  /** Windows put together become slices of a table of their own, each from the window's end. */
  #compose(watermark: number, { closing, kinds }: Composing): ClosedWindows | undefined {
    return within(this.#context, "close", () => {
      // Half a window in the stacks is one that must not be gone on with.
      this.#broken = true;
      const kind = closing.close(watermark - this.#context.plan.allowedLateness);
      this.#broken = false;
      if (kind === undefined) return undefined;
      const context = { ...this.#context, table: kinds[kind].results };
      return this.#takeOut(context, context.kernel.exports.tableCount(context.table), kind);
    });
  }

  /** The results of the first slices of a table, which are freed. */
  #takeOut(context: TableContext, count: number, kind: number): ClosedWindows | undefined {
    const { kernel: { exports }, table, shape } = context;
    const { aggregates } = this.#windows[kind];
    for (let index = 0; index < count; index++) checkSums(context, index, aggregates);
    const windows = Array.from({ length: count }, (_, index) => {
      return { index, groups: exports.sortWindow(table, index) };
    });
    const gather = new WindowGather(context, windows);
    const closed = {
      kind,
      ...gather.bounds(shape.kinds[kind]),
      keys: gather.keys(),
      aggregates: aggregates.map((aggregate) => gather.aggregate(aggregate)),
    };
    exports.tableDrop(table, count);
    return closed.length === 0 ? undefined : closed;
  }

  nextClose(): number {
    const { kernel: { exports }, table, plan: { size, allowedLateness } } = this.#context;
    if (this.#composing) return this.#composing.closing.next() + allowedLateness;
    if (exports.tableCount(table) === 0) return Infinity;
    return exports.tableStart(table, 0) + size + allowedLateness;
  }

  stats(): WindowStats {
    const { kernel: { exports }, table } = this.#context;
    return {
      windows: exports.tableCount(table),
      groups: exports.tableGroups(table) >>> 0,
      rows: this.#rows,
      ...(this.#windows.length > 1 && { kindRows: [...this.#kindRows] }),
      bytes: this.#tables.reduce((bytes, each) => bytes + (exports.tableBytes(each) >>> 0), 0),
    };
  }

  get #tables(): number[] {
    const { table } = this.#context;
    const kinds = this.#composing?.kinds ?? [];
    return [table, ...kinds.flatMap(({ directory, results }) => [directory, results])];
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
