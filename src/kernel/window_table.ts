import {
  ColumnSource,
  ColumnStaging,
  DESCRIPTION_BYTES,
  KernelKind,
  type RowSpan,
  type StagedColumn,
  StagedDictionary,
} from "./column_staging.ts";
import {
  checkHeader,
  DELTA_HEADER_BYTES,
  DELTA_WINDOW_BYTES,
  deltaWindows,
  writeHeader,
  writeWindow,
} from "./delta.ts";
import { type Kernel, KernelMemoryError } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";
import { checkRows, longKey, MAX_KEY_BYTES } from "./window_check.ts";
import { checkSums, GATHER_BYTES, WindowGather } from "./window_gather.ts";
import {
  fingerprintOf,
  FIRST,
  initialState,
  LAST,
  layoutOf,
  layoutWords,
  RANGE,
  type StateLayout,
  SUM,
} from "./window_layout.ts";
import type {
  AddOutcome,
  BatchPosition,
  ClosedWindows,
  KernelColumn,
  KeyType,
  Ownership,
  RouteOutcome,
  TimeOutcome,
  WindowEngine,
  WindowPlan,
  WindowRows,
  WindowStats,
} from "./window_types.ts";

/** Rows that are staged and worked on at a time: their columns stay in the second-level cache. */
const CHUNK_ROWS = 8192;
const KEPT_STATES_BYTES = 5 * 65_536;
const BLOCK_ROWS = 512;
const LAYOUT_BYTES = 32;
const KEY_GROUPS = 256;
const NOBODY = 255;

const OUT_OF_MEMORY = 1;
const BAD_INDEX = 2;
const BAD_RECORD = -3;

const FIXED_MODE = 0;
const BYTES_MODE = 1;

function modeOf(keys: readonly KeyType[]): number {
  const [first] = keys;
  const fixed = keys.length === 1 && KernelKind[first.kind] < KernelKind.bytes;
  return fixed ? FIXED_MODE : BYTES_MODE;
}

function* chunksOf(length: number): Generator<RowSpan> {
  for (let from = 0; from < length; from += CHUNK_ROWS) {
    yield { from, count: Math.min(CHUNK_ROWS, length - from) };
  }
}

/** Where the addresses of a batch's states lie. */
interface StateAddresses {
  /** One a row. */
  readonly rows: number;
  /** One a block of rows, of a map of the key's dictionary; 0 when there are none. */
  readonly maps: number;
}

/** A batch's columns on their way into the kernel. */
interface BatchSources {
  readonly times: StagedColumn;
  readonly keys: readonly StagedColumn[];
  readonly values: readonly StagedColumn[];
}

/**
 * The open windows of one operator in a kernel's memory.
 *
 * The twin in plain TypeScript is `ReferenceWindowTable`. Columns that already lie in the kernel's
 * memory are used where they are, all others are copied there a few thousand rows at a time.
 */
export class KernelWindowTable implements WindowEngine {
  readonly #kernel: Kernel;
  readonly #plan: WindowPlan;
  readonly #layout: StateLayout;
  readonly #fingerprint: number;
  readonly #table: number;
  readonly #staging: ColumnStaging;
  readonly #states: MemoryBlock;
  readonly #dictionaries: readonly StagedDictionary[];
  /** Descriptions of the time, key and value columns, then the layouts of the values. */
  readonly #descriptions: number;
  readonly #layouts: number;
  readonly #buffer: number;
  readonly #bufferBytes: number;
  readonly #needsTimes: boolean;
  /** Whether there is one value, doubles, of which only sums and ranges are kept. */
  readonly #isSummary: boolean;
  #rows = 0;
  #disposed = false;

  /**
   * An empty table.
   *
   * @throws {KernelMemoryError} when the budget does not hold even that.
   */
  constructor(kernel: Kernel, plan: WindowPlan) {
    const { size, offset, allowedLateness, keys, values } = plan;
    this.#kernel = kernel;
    this.#plan = plan;
    this.#layout = layoutOf(plan);
    this.#fingerprint = fingerprintOf(plan);
    this.#staging = new ColumnStaging(kernel);
    this.#states = new MemoryBlock(kernel, KEPT_STATES_BYTES);
    this.#dictionaries = keys.map(() => new StagedDictionary(kernel));
    const columns = 1 + keys.length + values.length;
    this.#bufferBytes = GATHER_BYTES + MAX_KEY_BYTES + this.#layout.bytes;
    this.#buffer = kernel.allocate(this.#bufferBytes);
    this.#descriptions = kernel.allocate(columns * DESCRIPTION_BYTES);
    this.#layouts = kernel.allocate(values.length * LAYOUT_BYTES);
    this.#needsTimes = this.#layout.values.some(({ fields }) => fields & (FIRST | LAST));
    const [{ domain, fields }] = [...this.#layout.values, { domain: "none", fields: 0 }];
    this.#isSummary = values.length === 1 && domain === "float" && fields !== 0 &&
      (fields & ~(SUM | RANGE)) === 0;
    const { bytes } = this.#layout;
    const mode = modeOf(keys);
    this.#table = kernel.exports
      .tableCreate(size, offset, allowedLateness, mode, bytes, keys.length) >>> 0;
    if (this.#table === 0) throw this.#memoryError("make a table of");
    this.#writePlan();
  }

  #writePlan(): void {
    const { exports, u8 } = this.#kernel;
    u8.set(initialState(this.#layout), exports.tableInitial(this.#table) >>> 0);
    // a dictionary's entries are keys like any other text
    const kinds = this.#plan.keys.map(({ kind }) => Math.min(KernelKind[kind], KernelKind.bytes));
    u8.set(kinds, exports.tableParts(this.#table) >>> 0);
    new Int32Array(u8.buffer, this.#layouts, (this.#plan.values.length * LAYOUT_BYTES) / 4)
      .set(layoutWords(this.#layout));
  }

  #memoryError(what: string): KernelMemoryError {
    const { budgetBytes, usedBytes } = this.#kernel;
    const { windows, groups } = this.#table === 0 ? { windows: 0, groups: 0 } : this.stats();
    return new KernelMemoryError(
      `Cannot ${what} windows: the kernel's budget of ${budgetBytes} bytes is spent (${usedBytes} ` +
        `in use, ${windows} windows open with ${groups} keys in all); raise budgetBytes, use ` +
        `shorter windows, or key by a column with fewer different values`,
    );
  }

  /** Runs something that allocates, so that running out of memory is told in terms of windows. */
  #within<T>(what: string, run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw error instanceof KernelMemoryError ? this.#memoryError(what) : error;
    }
  }

  #check(code: number, what: string): void {
    if (code === 0) return;
    if (code === OUT_OF_MEMORY) throw this.#memoryError(what);
    if (code !== BAD_INDEX) throw longKey();
    throw new RangeError(
      `Cannot ${what} windows: a dictionary index lies beyond the dictionary; the batch is broken`,
    );
  }

  add(rows: WindowRows, at: BatchPosition): AddOutcome {
    checkRows(this.#plan, rows);
    return this.#within("add rows to", () => {
      const before = this.stats().groups;
      const sources = this.#sourcesOf(rows);
      const states = this.#statesFor(rows.length, sources);
      this.#kernel.exports.beginTimes(this.#table, at.watermarkBefore, at.bound);
      for (const span of chunksOf(rows.length)) this.#find(sources, span, states);
      for (const span of chunksOf(rows.length)) this.#update(sources, span, { at, states });
      this.#trim();
      const outcome = this.#timeOutcome();
      const absorbed = rows.length - outcome.late - outcome.untimed;
      this.#rows += absorbed;
      return { ...outcome, absorbed, distinct: this.stats().groups - before };
    });
  }

  #sourcesOf(rows: WindowRows): BatchSources {
    const kernel = this.#kernel;
    const stage = (column: KernelColumn, validityOnly: boolean): StagedColumn => {
      return { source: new ColumnSource(kernel, column), validityOnly };
    };
    const sources = {
      times: stage(rows.times, false),
      keys: rows.keys.map((column, index) => {
        const source = new ColumnSource(kernel, column, this.#dictionaries[index]);
        return { source, validityOnly: false };
      }),
      values: rows.values.map((column, index) =>
        stage(column, this.#layout.values[index].fields === 0)
      ),
    };
    const fresh = sources.keys.map(({ source }) => source.stageDictionary());
    if (fresh.includes(true)) kernel.exports.newDictionary(this.#table);
    return sources;
  }

  #statesFor(rows: number, { keys, values }: BatchSources): StateAddresses {
    const rowsBytes = Math.ceil(rows / 2) * 8;
    const mapsBytes = Math.ceil(rows / BLOCK_ROWS) * 4;
    const block = this.#states.reserve(rowsBytes + mapsBytes);
    const mapped = this.#isSummary && keys.length === 1 && keys[0].source.isMapped &&
      !values[0].source.hasNulls;
    return { rows: block, maps: mapped ? block + rowsBytes : 0 };
  }

  #find({ times, keys }: BatchSources, span: RowSpan, states: StateAddresses): void {
    this.#staging.stage([times, ...keys], span, this.#descriptions);
    const { from, count } = span;
    const code = this.#kernel.exports.findStates(
      this.#table,
      this.#descriptions,
      keys.length,
      count,
      states.rows + from * 4,
      states.maps && states.maps + (from / BLOCK_ROWS) * 4,
    );
    this.#check(code, "add rows to");
  }

  #update(
    sources: BatchSources,
    span: RowSpan,
    { at, states }: { at: BatchPosition; states: StateAddresses },
  ): void {
    const { exports } = this.#kernel;
    const { times, values } = sources;
    const { from, count } = span;
    const own = states.rows + from * 4;
    if (states.maps !== 0) return this.#updateByIndex(sources, span, states);
    if (values.length === 0) return exports.countRows(own, count);
    const columns = this.#needsTimes ? [times, ...values] : values;
    this.#staging.stage(columns, span, this.#descriptions);
    const first = this.#descriptions + (this.#needsTimes ? DESCRIPTION_BYTES : 0);
    values.forEach((_, index) =>
      exports.updateStates(
        first + index * DESCRIPTION_BYTES,
        this.#layouts + index * LAYOUT_BYTES,
        own,
        count,
        this.#descriptions,
        at.position + from,
        at.partition,
        index === 0,
      )
    );
  }

  #updateByIndex({ keys, values }: BatchSources, span: RowSpan, states: StateAddresses): void {
    this.#staging.stage([...keys, ...values], span, this.#descriptions);
    this.#kernel.exports.updateByIndex(
      this.#descriptions + DESCRIPTION_BYTES,
      this.#layouts,
      states.rows + span.from * 4,
      span.count,
      this.#descriptions,
      states.maps + (span.from / BLOCK_ROWS) * 4,
    );
  }

  #trim(): void {
    this.#staging.trim();
    this.#states.trim();
  }

  #timeOutcome(): TimeOutcome {
    const { exports } = this.#kernel;
    return {
      late: exports.lateRows(this.#table),
      untimed: exports.untimedRows(this.#table),
      minTime: exports.leastTime(this.#table),
      maxTime: exports.greatestTime(this.#table),
      watermarkAfter: exports.watermark(this.#table),
    };
  }

  route(rows: WindowRows, options: BatchPosition & Ownership): RouteOutcome {
    checkRows(this.#plan, rows);
    return this.#within("route rows to", () => {
      const { exports } = this.#kernel;
      const sources = this.#sourcesOf(rows);
      const owners = this.#states.reserve(rows.length * 5 + 4);
      const ownerOf = this.#buffer;
      const counts = this.#buffer + KEY_GROUPS;
      this.#placeOwners(options);
      this.#kernel.u8.fill(0, counts, counts + KEY_GROUPS * 4);
      exports.beginTimes(this.#table, options.watermarkBefore, options.bound);
      const { times, keys } = sources;
      for (const span of chunksOf(rows.length)) {
        this.#staging.stage([times, ...keys], span, this.#descriptions);
        const code = exports.routeRows(
          this.#table,
          this.#descriptions,
          keys.length,
          span.count,
          ownerOf,
          counts,
          owners + span.from,
        );
        this.#check(code, "route rows to");
      }
      const lists = this.#listRows(rows.length, options.owners, owners, counts);
      this.#trim();
      return { ...this.#timeOutcome(), rows: lists };
    });
  }

  #placeOwners({ ownerOf, owners }: Ownership): void {
    const wrong = ownerOf.length !== KEY_GROUPS || ownerOf.some((owner) => owner >= owners);
    if (wrong || owners > NOBODY) {
      throw new RangeError(
        `Cannot tell owners of keys: an owner below ${owners} (at most ${NOBODY}) is needed for ` +
          `each of ${KEY_GROUPS} key groups, received [${ownerOf.join()}]`,
      );
    }
    this.#kernel.u8.set(ownerOf, this.#buffer);
  }

  #listRows(length: number, owners: number, at: number, counts: number): Uint32Array[] {
    const kernel = this.#kernel;
    const cursors = new Uint32Array(kernel.u8.buffer, counts, KEY_GROUPS);
    const lengths = cursors.slice();
    let start = 0;
    lengths.forEach((count, owner) => {
      cursors[owner] = start;
      start += count;
    });
    const out = (at + length + 3) & ~3;
    kernel.exports.listRows(at, length, 0, counts, out);
    return Array.from({ length: owners }, (_, owner) => {
      const end = cursors[owner];
      return new Uint32Array(kernel.u8.buffer, out, end).slice(end - lengths[owner]);
    });
  }

  takeDeltas(ownership: Ownership): Uint8Array[] {
    this.#placeOwners(ownership);
    const deltas = Array.from(
      { length: ownership.owners },
      (_, owner) => this.#write(this.#buffer, owner),
    );
    this.#kernel.exports.tableClear(this.#table);
    this.#rows = 0;
    return deltas;
  }

  snapshot(): Uint8Array {
    return this.#write(0, 0);
  }

  /** The records of one owner; `ownerOf` 0 means all records. */
  #write(ownerOf: number, owner: number): Uint8Array {
    const { exports } = this.#kernel;
    const windows = Array.from({ length: exports.tableCount(this.#table) }, (_, index) => {
      const bytes = exports.measureWindow(this.#table, index, ownerOf, owner);
      const start = exports.tableStart(this.#table, index);
      return { index, start, bytes, records: exports.measuredRecords() };
    }).filter(({ records }) => records > 0);
    if (windows.length === 0) return new Uint8Array();
    const delta = writeHeader(windows, {
      fingerprint: this.#fingerprint,
      stateBytes: this.#layout.bytes,
    });
    let at = DELTA_HEADER_BYTES;
    for (const window of windows) {
      writeWindow(delta, at, window);
      at = this.#writeWindow(delta, at + DELTA_WINDOW_BYTES, { ...window, ownerOf, owner });
    }
    return delta;
  }

  #writeWindow(
    delta: Uint8Array,
    at: number,
    { index, ownerOf, owner }: { index: number; ownerOf: number; owner: number },
  ): number {
    const { exports } = this.#kernel;
    const to = this.#buffer + KEY_GROUPS;
    const room = this.#bufferBytes - KEY_GROUPS;
    exports.beginWrite(this.#table, index);
    while (true) {
      const bytes = exports.writeRecords(this.#table, ownerOf, owner, to, room);
      if (bytes === 0) return at;
      delta.set(this.#kernel.u8.subarray(to, to + bytes), at);
      at += bytes;
    }
  }

  fold(delta: Uint8Array): { records: number } {
    if (delta.length === 0) return { records: 0 };
    const records = checkHeader(delta, this.#expected());
    return this.#within("fold a delta into", () => {
      const { exports } = this.#kernel;
      using block = new MemoryBlock(this.#kernel, 0);
      const from = block.reserve(delta.length);
      const states = this.#states.reserve(records * 4);
      this.#kernel.u8.set(delta, from);
      const windows = deltaWindows(delta);
      let found = 0;
      for (const { start, at, bytes, records: own } of windows) {
        const out = states + found * 4;
        const taken = exports.findRecords(this.#table, start, from + at, bytes, out, own);
        this.#checkRecords(taken, bytes, own);
        found += own;
      }
      this.#merge(windows.map(({ at, records }) => ({ from: from + at, records })), states);
      this.#trim();
      return { records };
    });
  }

  #expected(): { fingerprint: number; stateBytes: number } {
    return { fingerprint: this.#fingerprint, stateBytes: this.#layout.bytes };
  }

  #checkRecords(taken: number, bytes: number, records: number): void {
    if (taken === -OUT_OF_MEMORY) throw this.#memoryError("fold a delta into");
    if (taken === bytes && this.#kernel.exports.recordsFound() === records) return;
    throw new TypeError(
      `Cannot fold delta: ` +
        (taken === BAD_RECORD
          ? "a record's key does not have the table's type"
          : "its records have another size than it states"),
    );
  }

  #merge(runs: readonly { from: number; records: number }[], states: number): void {
    const { exports } = this.#kernel;
    for (const { from, records } of runs) {
      const values = this.#plan.values.length;
      this.#rows += exports
        .mergeRecords(this.#table, this.#layouts, values, from, states, records);
      states += records * 4;
    }
  }

  restore(snapshot: Uint8Array): void {
    if (snapshot.length > 0) checkHeader(snapshot, this.#expected());
    this.#kernel.exports.tableDrop(this.#table, this.#kernel.exports.tableCount(this.#table));
    this.#rows = 0;
    if (snapshot.length === 0) return;
    this.#within("restore", () => {
      for (const window of deltaWindows(snapshot)) this.#restoreWindow(snapshot, window);
      this.#trim();
    });
  }

  /** Folds a window's records buffer by buffer, so that a snapshot never lies in memory twice. */
  #restoreWindow(
    snapshot: Uint8Array,
    window: { start: number; at: number; bytes: number; records: number },
  ): void {
    const kernel = this.#kernel;
    const most = Math.ceil(this.#bufferBytes / this.#layout.bytes);
    const states = this.#states.reserve(most * 4);
    const end = window.at + window.bytes;
    let left = window.records;
    for (let at = window.at; at < end;) {
      const bytes = Math.min(end - at, this.#bufferBytes);
      kernel.u8.set(snapshot.subarray(at, at + bytes), this.#buffer);
      const taken = kernel.exports
        .findRecords(this.#table, window.start, this.#buffer, bytes, states, most);
      const found = taken > 0 ? kernel.exports.recordsFound() : 0;
      if (found === 0 || found > left) this.#checkRecords(taken, -1, -1);
      this.#merge([{ from: this.#buffer, records: found }], states);
      at += taken;
      left -= found;
    }
  }

  close(watermark: number): ClosedWindows | undefined {
    const { exports } = this.#kernel;
    const due = exports.tableDue(this.#table, watermark);
    if (due === 0) return undefined;
    const options = {
      kernel: this.#kernel,
      table: this.#table,
      plan: this.#plan,
      layout: this.#layout,
      buffer: this.#buffer,
    };
    for (let index = 0; index < due; index++) checkSums(options, index);
    const windows = Array.from({ length: due }, (_, index) => {
      return { index, groups: exports.sortWindow(this.#table, index) };
    });
    const gather = new WindowGather(options, windows);
    const starts = windows.map(({ index }) => exports.tableStart(this.#table, index));
    const length = windows.reduce((sum, { groups }) => sum + groups, 0);
    const windowStart = new BigInt64Array(length);
    let row = 0;
    windows.forEach(({ groups }, index) => {
      windowStart.fill(BigInt(starts[index]), row, row + groups);
      row += groups;
    });
    const size = BigInt(this.#plan.size);
    const closed = {
      length,
      windowStart,
      windowEnd: windowStart.map((start) => start + size),
      keys: gather.keys(),
      aggregates: this.#plan.aggregates.map((aggregate) => gather.aggregate(aggregate)),
    };
    exports.tableDrop(this.#table, due);
    return closed.length === 0 ? undefined : closed;
  }

  nextClose(): number {
    const { exports } = this.#kernel;
    if (exports.tableCount(this.#table) === 0) return Infinity;
    const { size, allowedLateness } = this.#plan;
    return exports.tableStart(this.#table, 0) + size + allowedLateness;
  }

  stats(): WindowStats {
    const { exports } = this.#kernel;
    return {
      windows: exports.tableCount(this.#table),
      groups: exports.tableGroups(this.#table) >>> 0,
      rows: this.#rows,
      bytes: exports.tableBytes(this.#table) >>> 0,
    };
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#staging[Symbol.dispose]();
    this.#states[Symbol.dispose]();
    for (const dictionary of this.#dictionaries) dictionary[Symbol.dispose]();
    this.#kernel.exports.tableFree(this.#table);
    for (const block of [this.#buffer, this.#descriptions, this.#layouts]) {
      this.#kernel.release(block);
    }
  }
}
