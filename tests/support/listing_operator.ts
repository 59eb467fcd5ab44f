import { readColumn } from "../../src/batch/column_reader.ts";
import { RecordBatch } from "../../src/batch/record_batch.ts";
import { type Schema, schema, types as t } from "../../src/batch/mod.ts";
import type { OperatorContext, OperatorSpec } from "../../src/hive/operator_loader.ts";
import {
  ORDER_COLUMNS,
  type OrderedRows,
  type WindowOperator,
} from "../../src/windows/window_operator.ts";

/** Options of {@linkcode listing}. */
export interface ListingOptions {
  /** Length of a window, ms. */
  readonly size: number;
  /** A window also tells what it holds after each so many rows. */
  readonly every: number;
  /** And so long after its last row by the clock, ms. */
  readonly restMs?: number;
  /** A value that it neither takes nor tells of. */
  readonly loses?: number;
  /** A value at which its bee fails. */
  readonly throwsAt?: number;
}

/** What a window holds. */
interface Listed {
  readonly key: string | null;
  readonly start: number;
  values: number[];
  dueMs: number | null;
}

type Place = [at: number, sequence: number, place: number];

const RESULTS = {
  windowStart: t.timestamp,
  windowEnd: t.timestamp,
  key: t.utf8,
  values: t.utf8,
};

/** How a pipeline names the operator below. */
export function listing(options: ListingOptions): OperatorSpec {
  const url = import.meta.url;
  return { kind: "module", url, export: "makeListing", options, resultSchema: schema(RESULTS) };
}

/** Makes an operator that lists the values of each window and key in the order of their rows. */
export function makeListing(options: ListingOptions, context: OperatorContext): WindowOperator {
  return new ListingOperator(options, context);
}

class ListingOperator implements WindowOperator {
  readonly resultSchema: Schema = schema({
    [ORDER_COLUMNS[0]]: t.f64,
    [ORDER_COLUMNS[1]]: t.f64,
    [ORDER_COLUMNS[2]]: t.f64,
    ...RESULTS,
  });
  readonly #options: ListingOptions;
  readonly #key: string | undefined;
  readonly #time: string | undefined;
  #windows: Listed[] = [];
  #rows: Record<string, unknown>[] = [];
  #watermark = -Infinity;
  #nowMs = 0;
  #sequence = 0;

  constructor(options: ListingOptions, { keys, time }: OperatorContext) {
    this.#options = options;
    this.#key = keys[0];
    this.#time = time;
  }

  add({ batch, watermarks, places, sequence }: OrderedRows) {
    const read = (name: string | undefined) => {
      const at = batch.schema.fields.findIndex((field) => field.name === name);
      return at < 0 ? [] : readColumn(batch.columns[at], { start: 0, end: batch.length });
    };
    const [times, keys, values] = [read(this.#time), read(this.#key), read("value")];
    const late: number[] = [];
    let [absorbed, untimed] = [0, 0];
    this.#sequence = sequence;
    for (let row = 0; row < batch.length; row++) {
      this.advance(watermarks[row]);
      const { throwsAt } = this.#options;
      if (values[row] === throwsAt) throw new Error(`stumbled over ${throwsAt}`);
      if (values[row] === this.#options.loses) continue;
      const start = Math.floor(Number(times[row]) / this.#options.size) * this.#options.size;
      if (times[row] === null) untimed++;
      else if (start + this.#options.size <= this.#watermark) late.push(places[row]);
      else {
        absorbed++;
        const place: Place = [this.#watermark, sequence, places[row]];
        this.#add((keys[row] ?? null) as string | null, start, Number(values[row]), place);
      }
    }
    return { absorbed, outside: 0, untimed, late: Int32Array.from(late) };
  }

  #add(key: string | null, start: number, value: number, place: Place): void {
    const { every, restMs } = this.#options;
    let window = this.#windows.find((each) => each.key === key && each.start === start);
    if (!window) this.#windows.push(window = { key, start, values: [], dueMs: null });
    window.values.push(value);
    if (restMs !== undefined) window.dueMs = this.#nowMs + restMs;
    if (window.values.length % every === 0) this.#tell(window, place);
  }

  #tell({ key, start, values }: Listed, place: Place): void {
    const order = Object.fromEntries(ORDER_COLUMNS.map((name, at) => [name, place[at]]));
    const bounds = { windowStart: start, windowEnd: start + this.#options.size };
    this.#rows.push({ ...order, ...bounds, key, values: values.join(" ") });
  }

  advance(watermark: number): void {
    if (watermark <= this.#watermark) return;
    this.#watermark = watermark;
    const isClosed = ({ start }: Listed) => start + this.#options.size <= watermark;
    const closed = this.#windows.filter(isClosed).sort((a, b) =>
      a.start - b.start || compareKeys(a.key, b.key)
    );
    this.#windows = this.#windows.filter((window) => !isClosed(window));
    for (const window of closed) this.#tell(window, [window.start + this.#options.size, -1, -1]);
  }

  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const window of this.#windows.toSorted((a, b) => compareKeys(a.key, b.key))) {
      if (window.dueMs === null || window.dueMs > nowMs) continue;
      window.dueMs = null;
      this.#tell(window, [this.#watermark, this.#sequence, 2 ** 31]);
    }
  }

  nextTick(): number {
    return Math.min(...this.#windows.map(({ dueMs }) => dueMs ?? Infinity));
  }

  take(): RecordBatch | undefined {
    const rows = this.#rows;
    this.#rows = [];
    if (rows.length === 0) return undefined;
    return RecordBatch.fromRows(rows, { schema: this.resultSchema as never });
  }

  stats() {
    return { windows: this.#windows.length, bytes: 0 };
  }

  snapshot(): Uint8Array {
    const state = [this.#windows, String(this.#watermark), this.#nowMs, this.#sequence];
    return new TextEncoder().encode(JSON.stringify(state));
  }

  restore(snapshot: Uint8Array): void {
    this.#rows = [];
    const text = snapshot.length === 0 ? "" : new TextDecoder().decode(snapshot.slice());
    const [windows, watermark, nowMs, sequence] = text ? JSON.parse(text) : [[], -Infinity, 0, 0];
    this.#windows = windows;
    this.#watermark = Number(watermark);
    this.#nowMs = nowMs;
    this.#sequence = sequence;
  }

  [Symbol.dispose](): void {}
}

/** Text by its characters, nothing last. */
export function compareKeys(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : a > b ? 1 : 0;
}
