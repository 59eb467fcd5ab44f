import type { Column } from "../batch/column.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Field, Schema } from "../batch/schema.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { KernelSessions } from "../kernel/session_table.ts";
import type { ClosedSessions, SessionEngine, SessionRows } from "../kernel/session_types.ts";
import { planOf, type ResolvedPlan, type WindowTableOptions } from "./plan.ts";
import { gapsOf, isGapKind } from "./session_gaps.ts";
import {
  type OperatorOutcome,
  ORDER_FIELDS,
  type OrderedRows,
  type WindowOperator,
} from "./window_operator.ts";
import { checkTimeColumn, resultSchemaOf } from "./window_table.ts";

/** What sessions are made of. */
export interface SessionOperatorOptions extends Omit<WindowTableOptions, "window"> {
  /** Milliseconds without a row after which a session has ended, or the column of each row's own. */
  readonly gap: number | { readonly column: string };
  /** Whether rows exactly a gap apart are of one session. Default `true`. */
  readonly touching?: boolean;
  /** Whether a row is late whose session would be over if it were alone. Default `false`. */
  readonly alone?: boolean;
}

/** Where the columns of sessions stand in a batch. */
interface Selection extends Pick<ResolvedPlan, "time" | "keys" | "values"> {
  /** Column of gaps; absent where all are one. */
  readonly gap?: number;
}

/** Sessions over rows in source order, that the kernel keeps. */
class KernelSessionOperator implements WindowOperator {
  readonly resultSchema: Schema;
  readonly #engine: SessionEngine;
  readonly #selection: Selection;
  #watermark = -Infinity;

  constructor(engine: SessionEngine, selection: Selection, resultSchema: Schema) {
    this.#engine = engine;
    this.#selection = selection;
    this.resultSchema = resultSchema;
  }

  add(rows: OrderedRows): OperatorOutcome {
    const { batch: { length }, watermarks, places, partition, positions } = rows;
    if (length === 0) return { absorbed: 0, outside: 0, untimed: 0, late: new Int32Array() };
    // The engine counts positions on from the first, though rows of other owners lie between them.
    // They only settle which of two rows of one time and partition came first, and for that the
    // order counts: what it takes a row's position for is never behind it, so that all rows of a
    // later batch, whose first is behind this batch's last, come after all of these.
    const { late, ...counts } = this.#engine
      .add(this.#rowsOf(rows), { partition, position: positions[0] });
    this.advance(watermarks[length - 1]);
    return { ...counts, late: late.map((row) => places[row]) };
  }

  #rowsOf({ batch: { columns, length }, watermarks }: OrderedRows): SessionRows {
    const { time, keys, values, gap } = this.#selection;
    return {
      length,
      times: columns[time],
      keys: keys.map((index) => columns[index]),
      values: values.map((index) => columns[index]),
      watermarks,
      ...(gap !== undefined && { gaps: gapsOf(columns[gap], length) }),
    };
  }

  advance(watermark: number): void {
    this.#watermark = Math.max(this.#watermark, watermark);
  }

  tick(): void {}

  nextTick(): number {
    return Infinity;
  }

  /** Sessions that are due stay where they are until then: rows see that they have ended. */
  take(): RecordBatch | undefined {
    const closed = this.#engine.close(this.#watermark);
    return closed && this.#batchOf(closed);
  }

  #batchOf({ length, windowStart, windowEnd, keys, aggregates }: ClosedSessions): RecordBatch {
    const plain = (type: Field["type"], values: Column["values"]): Column => {
      return { type, length, nullCount: 0, values };
    };
    const columns = [
      plain({ kind: "f64" }, Float64Array.from(windowEnd, Number)),
      plain({ kind: "f64" }, new Float64Array(length).fill(-1)),
      plain({ kind: "i32" }, new Int32Array(length).fill(-1)),
      plain({ kind: "timestamp" }, windowStart),
      plain({ kind: "timestamp" }, windowEnd),
      ...keys,
      ...aggregates,
    ];
    return new RecordBatch(this.resultSchema, columns, length);
  }

  stats(): { windows: number; bytes: number } {
    const { sessions, bytes } = this.#engine.stats();
    return { windows: sessions, bytes };
  }

  oldest(): number {
    return this.#engine.oldest();
  }

  snapshot(): Uint8Array {
    return this.#engine.snapshot();
  }

  restore(snapshot: Uint8Array): void {
    this.#engine.restore(snapshot);
    this.#watermark = -Infinity;
  }

  [Symbol.dispose](): void {
    this.#engine[Symbol.dispose]();
  }
}

function gapColumn({ schema, gap }: SessionOperatorOptions): Selection["gap"] {
  if (typeof gap === "number") return undefined;
  const index = schema.fields.findIndex(({ name }) => name === gap.column);
  const kind = schema.fields[index]?.type.kind;
  if (kind !== undefined && isGapKind(kind)) return index;
  throw new TypeError(
    `Cannot take gaps from column ${JSON.stringify(gap.column)}: it must be a number of ` +
      `milliseconds, received ${kind ?? "no such column"}`,
  );
}

function checkGap(gap: SessionOperatorOptions["gap"]): void {
  if (typeof gap !== "number" || (Number.isSafeInteger(gap) && gap >= 1)) return;
  throw new RangeError(
    `Cannot make sessions: gap must be whole milliseconds, at least 1, received ${gap}`,
  );
}

/**
 * Sessions in the memory of a kernel, as a window operator: what closes on the watermark alone and
 * gives one result a session.
 *
 * @throws {TypeError} for a column that does not exist, has a type that does not fit its role, or
 *   a result name that occurs twice.
 * @throws {RangeError} when `gap` is no whole number of milliseconds, or below 1.
 */
export function createSessionOperator(
  kernel: Kernel,
  options: SessionOperatorOptions,
): WindowOperator {
  const { gap, touching = true, alone = false } = options;
  checkGap(gap);
  const tableOptions = { ...options, window: { size: 1, offset: 0 } };
  const { plan, ...places } = planOf(tableOptions);
  checkTimeColumn(options, places.time);
  const { keys, values, aggregates } = plan;
  const own = gapColumn(options);
  const results = resultSchemaOf(tableOptions, plan);
  const sessions = new KernelSessions(kernel, {
    ...(own === undefined && { gap: gap as number }),
    touching,
    alone,
    keys,
    values,
    aggregates,
  });
  const resultSchema = { fields: [...ORDER_FIELDS, ...results.fields] };
  return new KernelSessionOperator(sessions, { ...places, gap: own }, resultSchema);
}
