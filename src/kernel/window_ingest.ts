import { ColumnSource, type RowSpan } from "./column_source.ts";
import { ColumnStaging, DESCRIPTION_BYTES } from "./column_staging.ts";
import { MemoryBlock } from "./memory_block.ts";
import { keyBytesOf, keySources, valueSources } from "./row_columns.ts";
import { StagedDictionary } from "./staged_dictionary.ts";
import { checkCode, placeOwners, type TableContext } from "./window_context.ts";
import { FIRST, LAST, LAYOUT_BYTES, RANGE, SUM } from "./window_layout.ts";
import type {
  BatchPosition,
  KindOutcome,
  Ownership,
  RouteOutcome,
  TimeOutcome,
  WindowRows,
} from "./window_types.ts";

/** Rows that are copied and worked on at a time: their columns stay in the second-level cache. */
const CHUNK_ROWS = 8192;
/** Rows that the kernel works on at a time. */
const BLOCK_ROWS = 512;
/** What the kernel tells of a piece of rows, of which a block has at least one. */
const PIECE_BYTES = 8;
/** Room that stays: for 65,536 rows 4 bytes each for states, 1 for pieces, and 4 for lists. */
const KEPT_STATES_BYTES = 9 * 65_536 + 2 * PIECE_BYTES;
/** A state of this many bytes no longer stays in the cache while a whole batch passes. */
const LARGE_STATE_BYTES = 1 << 19;
const KEY_GROUPS = 256;

/** Rows to work on at a time: of columns that need no copying all. */
function chunkRows(columns: readonly ColumnSource[], length: number): number {
  return columns.every((column) => column.inPlace) ? Math.max(1, length) : CHUNK_ROWS;
}

function* chunksOf(length: number, rows: number): Generator<RowSpan> {
  for (let from = 0; from < length; from += rows) {
    yield { from, count: Math.min(rows, length - from) };
  }
}

/** A batch on its way into a table. */
interface Batch {
  readonly length: number;
  /** Rows to work on at a time. */
  readonly chunk: number;
  readonly times: ColumnSource;
  readonly keys: readonly ColumnSource[];
  readonly values: readonly ColumnSource[];
  /** Addresses of the rows' states, one a row. */
  readonly states: number;
  /** Room for pieces of rows, which tell where the keys' states are listed; 0 when there are none. */
  readonly pieces: number;
  /** Room for lists of states that are no dictionary's, 4 bytes a row; 0 when there are none. */
  readonly lists: number;
}

/** Brings batches into a window table. */
export class WindowIngest implements Disposable {
  readonly #context: TableContext;
  readonly #staging: ColumnStaging;
  readonly #states: MemoryBlock;
  readonly #dictionaries: readonly StagedDictionary[];
  readonly #descriptions: number;
  readonly #needsTimes: boolean;
  /** Whether there is one value, doubles, of which only sums and ranges are kept. */
  readonly #isSummary: boolean;

  constructor(context: TableContext) {
    const { kernel, plan, layout } = context;
    this.#context = context;
    this.#staging = new ColumnStaging(kernel);
    this.#states = new MemoryBlock(kernel, KEPT_STATES_BYTES);
    this.#dictionaries = plan.keys.map(() => new StagedDictionary(kernel));
    const columns = 1 + plan.keys.length + plan.values.length;
    this.#descriptions = kernel.allocate(columns * DESCRIPTION_BYTES);
    this.#needsTimes = layout.values.some(({ fields }) => fields & (FIRST | LAST)) ||
      layout.pairs.length > 0;
    this.#isSummary = layout.values.length === 1 && layout.pairs.length === 0 &&
      layout.values.every(({ domain, fields }) =>
        domain === "float" && fields !== 0 && (fields & ~(SUM | RANGE)) === 0
      );
  }

  /** Aggregates the rows of a batch. `begin` is told when it can no longer fail but half done. */
  add(rows: WindowRows, at: BatchPosition, begin: () => void): TimeOutcome {
    const { kernel, table } = this.#context;
    const batch = this.#batchOf(rows);
    const atOnce = this.#cannotFail(batch);
    kernel.exports.beginTimes(table, at.watermarkBefore, at.bound);
    if (batch.lists !== 0) kernel.exports.frontRoom(batch.lists, rows.length * 4);
    if (atOnce) {
      begin();
      this.#addAtOnce(batch, at);
    } else {
      this.#addInTwoPasses(batch, at);
    }
    this.#trim();
    return this.#timeOutcome(rows.length);
  }

  #batchOf(rows: WindowRows): Batch {
    const { kernel, table, layout } = this.#context;
    let description = this.#descriptions - DESCRIPTION_BYTES;
    const next = () => description += DESCRIPTION_BYTES;
    const times = new ColumnSource(kernel, rows.times, { description: next() });
    const keys = keySources(kernel, rows.keys, { dictionaries: this.#dictionaries, next });
    const values = valueSources(kernel, rows.values, { layout, next });
    const fresh = keys.map((key) => key.stageDictionary());
    if (fresh.includes(true)) kernel.exports.newDictionary(table);
    const { length } = rows;
    const chunk = chunkRows([times, ...keys, ...values], length);
    return { length, chunk, times, keys, values, ...this.#reserve({ length, keys, values }) };
  }

  /** Room for the states of rows, and for lists of them where rows tell their key by a number. */
  #reserve(
    { length, keys, values }: Pick<Batch, "length" | "keys" | "values">,
  ): Pick<Batch, "states" | "pieces" | "lists"> {
    const listed = this.#isSummary && keys.length === 1 && !values[0].hasNulls;
    const mapped = listed && keys[0].isMapped;
    const placed = listed && keys[0].isFixed && this.#context.kernel.exports.frontServed() !== 0;
    const states = this.#states.reserve(length * (placed ? 9 : 5) + 2 * PIECE_BYTES);
    const pieces = mapped || placed ? states + length * 4 : 0;
    return { states, pieces, lists: placed ? pieces + aligned(length) + PIECE_BYTES : 0 };
  }

  /**
   * Whether a batch fits in any case, so that nothing needs to be undone. Where the state stays in
   * the cache, or is found by index alone, it is not worth the question.
   */
  #cannotFail({ length, keys, values, pieces }: Batch): boolean {
    const { kernel: { exports }, table, layout } = this.#context;
    if (layout.pairs.length > 0) return false; // addRows() knows values alone
    if (
      pieces !== 0 || length <= CHUNK_ROWS || exports.tableBytes(table) >>> 0 < LARGE_STATE_BYTES
    ) {
      return false;
    }
    const keyBytes = keyBytesOf(keys, length);
    if (keyBytes === undefined) return false;
    const staged = CHUNK_ROWS * 16 * (1 + keys.length + values.length);
    const map = keys.length === 1 ? keys[0].mapBytes : 0;
    return exports.tableHolds(table, length, keyBytes + staged, map) !== 0;
  }

  /** Only finding states can fail, so nothing is updated before all of them are found. */
  #addInTwoPasses(batch: Batch, at: BatchPosition): void {
    const { kernel: { exports }, layouts } = this.#context;
    const { length, chunk, times, keys, values, pieces } = batch;
    const updated = [...(this.#needsTimes ? [times] : []), ...(pieces ? keys : []), ...values];
    const together = length <= chunk;
    if (pieces !== 0 && together) return this.#addByIndex(batch);
    for (const span of chunksOf(length, chunk)) {
      this.#staging.stage(together ? [times, ...keys, ...values] : [times, ...keys], span);
      this.#find(batch, span);
    }
    for (const span of chunksOf(length, chunk)) {
      if (!together) this.#staging.stage(updated, span);
      this.#update(batch, span, at);
    }
    if (pieces !== 0) exports.endByIndex(layouts);
  }

  /** Block by block, while the states that were found are still in the nearest cache. */
  #addAtOnce(batch: Batch, at: BatchPosition): void {
    const { kernel, table, layouts } = this.#context;
    const { length, chunk, times, keys, values, states } = batch;
    const columns = [times, ...keys, ...values];
    for (const span of chunksOf(length, chunk)) {
      this.#staging.stage(columns, span);
      const code = kernel.exports.addRows(
        table,
        this.#descriptions,
        keys.length,
        values.length,
        span.count,
        layouts,
        states,
        at.position + span.from,
        at.partition,
      );
      checkCode(this.#context, code, "add rows to");
    }
  }

  /** Both passes as one, which takes back what it did when it fails. */
  #addByIndex({ length, times, keys, values, states, pieces }: Batch): void {
    const { kernel: { exports }, table, layouts } = this.#context;
    this.#staging.stage([times, ...keys, ...values], { from: 0, count: length });
    const code = exports.addByIndex(table, this.#descriptions, length, layouts, states, pieces);
    checkCode(this.#context, code, "add rows to");
  }

  #find({ keys, states, pieces }: Batch, { from, count }: RowSpan): void {
    const { kernel, table } = this.#context;
    const own = states + from * 4;
    const ownPieces = pieces && pieces + (from / BLOCK_ROWS) * PIECE_BYTES;
    const code = kernel.exports
      .findStates(table, this.#descriptions, keys.length, count, own, ownPieces);
    checkCode(this.#context, code, "add rows to");
  }

  #update(batch: Batch, { from, count }: RowSpan, at: BatchPosition): void {
    const { kernel: { exports }, layouts } = this.#context;
    const { times, keys, values, states, pieces } = batch;
    const own = states + from * 4;
    if (values.length === 0) return exports.countRows(own, count);
    if (pieces !== 0) {
      const [value, key] = [values[0].description, keys[0].description];
      const ownPieces = pieces + (from / BLOCK_ROWS) * PIECE_BYTES;
      const left = batch.length - from;
      return exports.updateByIndex(value, layouts, own, count, key, ownPieces, left);
    }
    values.forEach(({ description }, index) =>
      exports.updateStates(
        description,
        layouts + index * LAYOUT_BYTES,
        own,
        count,
        times.description,
        at.position + from,
        at.partition,
        index === 0,
      )
    );
    this.#updatePairs(batch, { from, count }, at);
  }

  #updatePairs(
    { times, values, states }: Batch,
    { from, count }: RowSpan,
    at: BatchPosition,
  ): void {
    const { kernel: { exports }, layouts, layout } = this.#context;
    layout.pairs.forEach(({ x, y }, index) =>
      exports.updatePair(
        values[x].description,
        values[y].description,
        layouts + (values.length + index) * LAYOUT_BYTES,
        states + from * 4,
        count,
        times.description,
        at.position + from,
        at.partition,
      )
    );
  }

  #trim(): void {
    this.#staging.trim();
    this.#states.trim();
  }

  #timeOutcome(length: number): TimeOutcome {
    const { kernel: { exports }, table, shape: { kinds } } = this.#context;
    return {
      late: exports.lateRows(table),
      untimed: exports.untimedRows(table),
      outside: exports.outsideRows(table),
      minTime: exports.leastTime(table),
      maxTime: exports.greatestTime(table),
      watermarkAfter: exports.watermark(table),
      ...(kinds.length > 1 && { kinds: this.#kindOutcomes(length) }),
    };
  }

  #kindOutcomes(length: number): KindOutcome[] {
    const { kernel: { exports }, table, shape: { kinds } } = this.#context;
    const timed = length - exports.untimedRows(table);
    return kinds.map((_, kind) => {
      const [late, outside] = [exports.lateOfKind(table, kind), exports.outsideOfKind(table, kind)];
      return { absorbed: timed - late - outside, late, outside };
    });
  }

  /** Tells the rows of each owner. */
  route(rows: WindowRows, options: BatchPosition & Ownership): RouteOutcome {
    const { kernel, table, buffer } = this.#context;
    const batch = this.#batchOf(rows);
    const counts = buffer + KEY_GROUPS;
    const { states: owners, times, keys } = batch;
    placeOwners(this.#context, options);
    kernel.u8.fill(0, counts, counts + KEY_GROUPS * 4);
    kernel.exports.beginTimes(table, options.watermarkBefore, options.bound);
    for (const span of chunksOf(rows.length, CHUNK_ROWS)) {
      this.#staging.stage([times, ...keys], span);
      const { from, count } = span;
      const code = kernel.exports
        .routeRows(table, this.#descriptions, keys.length, count, buffer, counts, owners + from);
      checkCode(this.#context, code, "route rows to");
    }
    const lists = this.#listRows(batch, options.owners, counts);
    this.#trim();
    return { ...this.#timeOutcome(rows.length), rows: lists };
  }

  /** The hash of each row's key. */
  hashKeys(rows: WindowRows): BigUint64Array {
    const { kernel, table } = this.#context;
    const batch = this.#batchOf(rows);
    const hashes = new BigUint64Array(rows.length);
    using block = new MemoryBlock(kernel, 0);
    const out = block.reserve(CHUNK_ROWS * 8);
    const [first] = batch.keys;
    for (const span of chunksOf(rows.length, CHUNK_ROWS)) {
      const { from, count } = span;
      this.#staging.stage(batch.keys, span);
      const columns = first?.description ?? this.#descriptions;
      const code = kernel.exports.hashRows(table, columns, batch.keys.length, count, out);
      checkCode(this.#context, code, "hash the keys of");
      hashes.set(new BigUint64Array(kernel.u8.buffer, out, count), from);
    }
    this.#trim();
    return hashes;
  }

  #listRows({ length, states: owners }: Batch, many: number, counts: number): Uint32Array[] {
    const { kernel } = this.#context;
    const cursors = new Uint32Array(kernel.u8.buffer, counts, KEY_GROUPS);
    const lengths = cursors.slice();
    let start = 0;
    lengths.forEach((count, owner) => {
      cursors[owner] = start;
      start += count;
    });
    const out = aligned(owners + length);
    kernel.exports.listRows(owners, length, 0, counts, out);
    return Array.from({ length: many }, (_, owner) => {
      const end = cursors[owner];
      return new Uint32Array(kernel.u8.buffer, out, end).slice(end - lengths[owner]);
    });
  }

  [Symbol.dispose](): void {
    this.#staging[Symbol.dispose]();
    this.#states[Symbol.dispose]();
    for (const dictionary of this.#dictionaries) dictionary[Symbol.dispose]();
    this.#context.kernel.release(this.#descriptions);
  }
}

function aligned(at: number): number {
  return Math.ceil(at / 4) * 4;
}
