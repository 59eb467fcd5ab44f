import { readColumn } from "../../batch/column_reader.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import { ROW_KIND_COLUMN } from "../../windows/pane_columns.ts";
import { ORDER_COLUMNS } from "../../windows/window_operator.ts";
import { columnOrder, type CompareRows, mergeRuns } from "./row_order.ts";

const PLACES = ORDER_COLUMNS.length;

/** Results of an owner that a batch of the source has set off. */
interface Run {
  readonly sequence: number;
  readonly batch: RecordBatch;
}

/** Puts the owners' results together in the order in which the rows of the source set them off. */
export class OrderedResults {
  readonly #keys: readonly string[];
  /** What each owner has sent and has not left, by number of the batch. */
  readonly #runs: Run[][];
  /** Of each owner, the first batch of which it may still send results, and the watermark there. */
  readonly #told: { sequence: number; watermark: number }[];
  readonly #ready: RecordBatch[] = [];
  readonly #isStepwise: boolean;
  /** Watermark after each batch whose results have not left, where they leave batch by batch. */
  readonly #after = new Map<number, number>();
  /** Results of all batches before this one have left. */
  #left = 0;
  #watermark = -Infinity;
  #windows = 0;
  #last: readonly bigint[] = [];

  /**
   * Results of so many owners, with these key columns; with `stepwise` those that one batch has set
   * off leave apart from those of others.
   */
  constructor(
    owners: number,
    keys: readonly string[],
    { stepwise = false }: { readonly stepwise?: boolean } = {},
  ) {
    this.#keys = keys;
    this.#isStepwise = stepwise;
    this.#runs = Array.from({ length: owners }, () => []);
    this.#told = Array.from({ length: owners }, () => ({ sequence: 0, watermark: -Infinity }));
  }

  /** Windows of which results have left. */
  get windows(): number {
    return this.#windows;
  }

  /** Watermark up to which all results have left, ms. */
  get watermark(): number {
    return this.#watermark;
  }

  /** Number of the first batch of which an owner may still send results. */
  get told(): number {
    return Math.min(...this.#told.map(({ sequence }) => sequence));
  }

  /** Number of the first batch whose results have not left, once there are none to take. */
  get left(): number {
    return this.#left;
  }

  /** Number of the first batch of which one owner may still send results. */
  toldBy(owner: number): number {
    return this.#told[owner].sequence;
  }

  /** Takes results that a batch has set off; those that have left come again after a loss. */
  add(owner: number, sequence: number, batch: RecordBatch): void {
    if (sequence >= this.#left) this.#runs[owner].push({ sequence, batch });
  }

  /** The owner has sent all results of a batch, and all before; then it had this watermark. */
  passed(owner: number, sequence: number, watermark: number): void {
    this.#told[owner] = { sequence: sequence + 1, watermark };
    if (this.#isStepwise && sequence >= this.#left) this.#after.set(sequence, watermark);
  }

  /** The next results that may leave. */
  take(): RecordBatch | undefined {
    const { told } = this;
    const isWaiting = this.#isStepwise && this.#ready.length > 0;
    if (told > this.#left && !isWaiting) this.#release(this.#isStepwise ? this.#left + 1 : told);
    const next = this.#ready.shift();
    return next && this.#counted(next);
  }

  /** Makes ready what was set off by batches before a number. */
  #release(told: number): void {
    this.#left = told;
    this.#watermark = this.#after.get(told - 1) ??
      Math.min(...this.#told.map(({ watermark }) => watermark));
    this.#after.delete(told - 1);
    const runs = this.#runs.flatMap((run) => {
      const end = run.findIndex(({ sequence }) => sequence >= told);
      const released = run.splice(0, end < 0 ? run.length : end).map(({ batch }) => batch);
      return released.length > 0 ? [RecordBatch.concat(released)] : [];
    });
    if (runs.length > 0) this.#ready.push(this.#merged(runs));
  }

  #merged(runs: readonly RecordBatch[]): RecordBatch {
    const all = runs.length === 1 ? runs[0] : RecordBatch.concat(runs);
    // What comes of one owner alone is in order as it is.
    if (runs.length === 1) return withoutOrder(all);
    let rows = 0;
    const ends = runs.map(({ length }) => rows += length);
    return withoutOrder(all.take(mergeRuns(ends, orderOf(all, this.#keys))));
  }

  #counted(batch: RecordBatch): RecordBatch {
    if (batch.length === 0) return batch;
    const [starts, ends] = [0, 1].map((at) => batch.columnAt(at).values as BigInt64Array);
    const [start, end] = this.#last;
    if (starts[0] !== start || ends[0] !== end) this.#windows++;
    this.#windows += changesIn(starts, ends, batch.length);
    this.#last = [starts[batch.length - 1], ends[batch.length - 1]];
    return batch;
  }

  /**
   * Forgets what was set off by batches from a checkpoint on: it will come again. With `repeats`
   * what has left since then leaves again too.
   */
  rewind(
    { sequence, watermark }: { readonly sequence: number; readonly watermark: number },
    { repeats }: { readonly repeats: boolean },
  ): void {
    if (repeats) this.#left = Math.min(this.#left, sequence);
    this.#told.fill({ sequence, watermark });
    this.#runs.forEach((run, owner) =>
      this.#runs[owner] = run.filter((each) => each.sequence < sequence)
    );
  }
}

/** Rows whose window is not that of the row before, compared by halves: a bigint a row is slow. */
function changesIn(starts: BigInt64Array, ends: BigInt64Array, length: number): number {
  const halves = (all: BigInt64Array) => new Int32Array(all.buffer, all.byteOffset, 2 * length);
  const [from, to] = [halves(starts), halves(ends)];
  let changes = 0;
  for (let half = 2; half < 2 * length; half += 2) {
    const differs = (from[half] ^ from[half - 2]) | (from[half + 1] ^ from[half - 1]) |
      (to[half] ^ to[half - 2]) | (to[half + 1] ^ to[half - 1]);
    if (differs !== 0) changes++;
  }
  return changes;
}

/**
 * The order of results among owners: by what set them off. What one row sets off is of one owner
 * and stays as it came; of what the watermark or the clock sets off, windows and keys decide.
 */
function orderOf(batch: RecordBatch, keys: readonly string[]): CompareRows {
  const { fields } = batch.schema;
  const byPlace = columnOrder(batch, ORDER_COLUMNS.map((_, at) => at));
  const keyColumns = keys.map((key) => fields.findIndex(({ name }) => name === key));
  const byWindow = columnOrder(batch, [PLACES + 1, PLACES, ...keyColumns]);
  const places = batch.columnAt(PLACES - 1).values as Int32Array | Float64Array;
  const standsFor = replacements(batch);
  return (a, b) => byPlace(a, b) || (places[a] < 0 ? byWindow(standsFor(a), standsFor(b)) : 0);
}

/** A row that takes another one back stands where the one does that comes in its place. */
function replacements({ schema, columns, length }: RecordBatch): (row: number) => number {
  const at = schema.fields.findIndex(({ name }) => name === ROW_KIND_COLUMN);
  if (at < 0) return (row) => row;
  const kinds = readColumn(columns[at], { start: 0, end: length });
  const rows = new Int32Array(length);
  for (let row = length - 1; row >= 0; row--) {
    const takesBack = kinds[row] === "delete" || kinds[row] === "updateBefore";
    rows[row] = takesBack && row + 1 < length ? rows[row + 1] : row;
  }
  return (row) => rows[row];
}

function withoutOrder({ schema, columns, length }: RecordBatch): RecordBatch {
  return new RecordBatch({ fields: schema.fields.slice(PLACES) }, columns.slice(PLACES), length);
}
