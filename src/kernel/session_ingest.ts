import { ColumnSource } from "./column_source.ts";
import { ColumnStaging, DESCRIPTION_BYTES } from "./column_staging.ts";
import { MemoryBlock } from "./memory_block.ts";
import { keyBytesOf, keySources, valueSources } from "./row_columns.ts";
import type { SessionContext } from "./session_context.ts";
import type { SessionOrigin, SessionOutcome, SessionRows } from "./session_types.ts";
import { StagedDictionary } from "./staged_dictionary.ts";
import type { KernelColumn } from "./window_types.ts";

/** Rows that are copied and worked on at a time: their columns stay in the second-level cache. */
const CHUNK_ROWS = 8192;
/** Rows that the kernel works on at a time. */
const BLOCK_ROWS = 512;
const BLOCK_BYTES = BLOCK_ROWS * 4;
const KEPT_BYTES = 65_536 * 4 + BLOCK_BYTES;
/** Times, gaps, watermarks. */
const HEAD_COLUMNS = 3;

function doubles(values: Float64Array): KernelColumn {
  return { type: { kind: "f64" }, length: values.length, nullCount: 0, values };
}

/** A batch on its way into the sessions. */
interface Batch {
  readonly length: number;
  readonly keys: readonly ColumnSource[];
  /** All columns that are to be staged. */
  readonly columns: readonly ColumnSource[];
  /** Where the states of a block's rows are listed, and behind them the late rows of the batch. */
  readonly states: number;
}

/** Brings batches into the sessions. */
export class SessionIngest implements Disposable {
  readonly #context: SessionContext;
  readonly #staging: ColumnStaging;
  readonly #lists: MemoryBlock;
  readonly #dictionaries: readonly StagedDictionary[];
  readonly #descriptions: number;
  readonly #pairs: number;

  constructor(context: SessionContext) {
    const { kernel, plan, layout } = context;
    this.#context = context;
    this.#staging = new ColumnStaging(kernel);
    this.#lists = new MemoryBlock(kernel, KEPT_BYTES);
    this.#dictionaries = plan.keys.map(() => new StagedDictionary(kernel));
    const bytes = (HEAD_COLUMNS + plan.keys.length + plan.values.length) * DESCRIPTION_BYTES;
    this.#descriptions = kernel.allocate(bytes + layout.pairs.length * 8);
    this.#pairs = this.#descriptions + bytes;
    kernel.u8.fill(0, this.#descriptions, this.#pairs);
    const words = layout.pairs.flatMap(({ x, y }) => [x, y]);
    new Int32Array(kernel.u8.buffer).set(words, this.#pairs / 4);
  }

  /** Readies a batch, which takes no row yet. */
  prepare(rows: SessionRows): Batch {
    const { kernel, layout } = this.#context;
    let place = 0;
    const next = () => this.#descriptions + place++ * DESCRIPTION_BYTES;
    const times = new ColumnSource(kernel, rows.times, { description: next() });
    const gapsAt = next();
    const gaps = rows.gaps
      ? [new ColumnSource(kernel, doubles(rows.gaps), { description: gapsAt })]
      : [];
    const marks = new ColumnSource(kernel, doubles(rows.watermarks), { description: next() });
    const keys = keySources(kernel, rows.keys, { dictionaries: this.#dictionaries, next });
    const values = valueSources(kernel, rows.values, { layout, next });
    for (const key of keys) key.stageDictionary();
    const states = this.#lists.reserve(BLOCK_BYTES + rows.length * 4);
    return {
      length: rows.length,
      keys,
      columns: [times, ...gaps, marks, ...keys, ...values],
      states,
    };
  }

  /** Whether a batch can be taken in any case, so that nothing needs to be undone. */
  cannotFail({ length, keys }: Batch): boolean {
    const { kernel: { exports }, sessions } = this.#context;
    const keyBytes = keyBytesOf(keys, length);
    if (keyBytes === undefined) return false;
    const staged = Math.min(length, CHUNK_ROWS) * 16 * (HEAD_COLUMNS + keys.length * 2);
    // A long key is kept by each session, and encoded once a block.
    return exports.sessionsHold(sessions, length, 2 * keyBytes + staged) !== 0;
  }

  /** Takes the rows of a batch. */
  add(batch: Batch, at: SessionOrigin): SessionOutcome {
    const { kernel: { exports }, sessions } = this.#context;
    const { length, columns } = batch;
    exports.beginSessions(sessions);
    const chunk = columns.every(({ inPlace }) => inPlace) ? length : CHUNK_ROWS;
    for (let from = 0; from < length; from += chunk) {
      this.#addSpan(batch, at, { from, count: Math.min(chunk, length - from) });
    }
    const late = this.#lateRows(batch);
    const untimed = exports.sessionsUntimed(sessions);
    const outside = exports.sessionsOutside(sessions);
    return { absorbed: length - late.length - untimed - outside, outside, untimed, late };
  }

  #addSpan(
    { columns, states }: Batch,
    at: SessionOrigin,
    span: { readonly from: number; readonly count: number },
  ): void {
    const { kernel, sessions, plan, layout, layouts } = this.#context;
    this.#staging.stage(columns, span);
    const code = kernel.exports.addSessions(
      sessions,
      this.#descriptions,
      plan.keys.length,
      plan.values.length,
      span.count,
      layouts,
      this.#pairs,
      layout.pairs.length,
      states,
      states + BLOCK_BYTES,
      span.from,
      at.position + span.from,
      at.partition,
    );
    this.#context.check(code, "add rows to");
  }

  #lateRows({ states }: Batch): Int32Array {
    const { kernel, sessions } = this.#context;
    const count = kernel.exports.sessionsLate(sessions);
    return new Int32Array(kernel.u8.buffer, states + BLOCK_BYTES, count).slice();
  }

  /** Gives back what larger batches than usual took. */
  trim(): void {
    this.#staging.trim();
    this.#lists.trim();
  }

  [Symbol.dispose](): void {
    this.#staging[Symbol.dispose]();
    this.#lists[Symbol.dispose]();
    for (const dictionary of this.#dictionaries) dictionary[Symbol.dispose]();
    this.#context.kernel.release(this.#descriptions);
  }
}
