import { RecordBatch } from "../../batch/record_batch.ts";
import type { DataType, Field, Schema } from "../../batch/schema.ts";
import type { AggregateFunction } from "../aggregate_function.ts";
import { PANE_COLUMNS, ROW_KIND_COLUMN } from "../pane_columns.ts";
import type { Aggregation, States } from "./aggregation.ts";
import type { KeyIds } from "./key_ids.ts";
import { boundOf, boundsOf, columnOf } from "./result_columns.ts";
import { ORDER_COLUMNS, ORDER_FIELDS } from "../window_operator.ts";
import { WINDOW_COLUMNS } from "../window_table.ts";

const FIRST_BOUND = ORDER_COLUMNS.length;

/** What stands in a result row before its keys. */
export interface ResultHead {
  readonly start: number;
  readonly end: number;
  readonly index: number;
  readonly timing: PaneTiming;
  readonly revision: number;
}

/** When a pane came, next to the end of its window. */
export type PaneTiming = "early" | "onTime" | "late";

/** What a row says about those before it, as in Flink's change logs. */
export type RowKindName = "insert" | "updateBefore" | "updateAfter" | "delete";

/** What else stands in a result row. */
export interface ResultCells {
  /** Default `"insert"`. */
  readonly kind?: RowKindName;
  readonly key: number;
  readonly results: readonly unknown[];
}

/** What result rows are made of. */
export interface ResultShape {
  readonly keys: readonly Field[];
  readonly functions: ReadonlyMap<string, AggregateFunction>;
  /** Whether windows always have bounds in time. */
  readonly isBounded: boolean;
  /** Whether rows say which pane they are. */
  readonly hasPanes: boolean;
  /** Whether rows say what they do to those before. */
  readonly hasKinds: boolean;
}

function required(name: string, type: DataType): Field {
  return { name, type, nullable: false };
}

/** @throws {TypeError} when two columns would have one name. */
function checkNames(fields: readonly Field[], own: readonly string[]): void {
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return;
  throw new TypeError(
    `Cannot aggregate: result columns must have different names, received ` +
      `${JSON.stringify(twice)} twice; ${own.join(", ")} are always there`,
  );
}

/**
 * The columns of results: where each stands, its window, its pane if it is to say so, the keys, the
 * aggregates.
 *
 * @throws {TypeError} when two columns would have one name.
 */
export function resultSchemaOf(shape: ResultShape): Schema {
  const { keys, functions, isBounded, hasPanes, hasKinds } = shape;
  const [index, timing, revision] = PANE_COLUMNS;
  const panes = hasPanes
    ? [
      required(index, { kind: "i32" }),
      required(timing, { kind: "dict" }),
      required(revision, { kind: "i32" }),
    ]
    : [];
  const head = [
    ...WINDOW_COLUMNS.map((name): Field => {
      return { name, type: { kind: "timestamp" }, nullable: !isBounded };
    }),
    ...panes,
    ...(hasKinds ? [required(ROW_KIND_COLUMN, { kind: "dict" })] : []),
  ];
  const results = Array.from(functions, ([name, { type, nullable }]): Field => {
    return { name, type, nullable };
  });
  const fields = [
    ...ORDER_FIELDS,
    ...head,
    ...keys,
    ...results,
  ];
  checkNames(fields, head.map(({ name }) => name));
  return { fields };
}

/** Gathers result rows until they are taken. */
export class ResultRows {
  readonly schema: Schema;
  readonly #shape: ResultShape;
  /** The values of each column. */
  #columns: unknown[][];
  #length = 0;
  #at = -Infinity;
  #sequence = -1;
  #place = -1;

  readonly #keys: KeyIds;
  readonly #aggregation: Aggregation;

  /** @throws {TypeError} when two columns would have one name. */
  constructor(
    shape: ResultShape,
    { keys, aggregation }: { keys: KeyIds; aggregation: Aggregation },
  ) {
    this.#keys = keys;
    this.#aggregation = aggregation;
    this.#shape = shape;
    this.schema = resultSchemaOf(shape);
    this.#columns = this.schema.fields.map(() => []);
  }

  /** What comes now is set off by the watermark that waited for this time, ms. */
  byWatermark(at: number): void {
    this.#at = at;
    this.#sequence = -1;
    this.#place = -1;
  }

  /** What comes now is set off by a row, before which the watermark was this, ms. */
  byRow(at: number, sequence: number, place: number): void {
    this.#at = at;
    this.#sequence = sequence;
    this.#place = place;
  }

  /** Adds the result of a key. */
  give(head: ResultHead, key: number, states: States): void {
    const columns = this.#columns;
    const at = this.#keys.write(key, columns, this.#begin(head, "insert"));
    this.#aggregation.write(states, columns, at);
  }

  /** Adds a row. */
  push(head: ResultHead, { kind = "insert", key, results }: ResultCells): void {
    const columns = this.#columns;
    const at = this.#keys.write(key, columns, this.#begin(head, kind));
    for (let index = 0; index < results.length; index++) columns[at + index].push(results[index]);
  }

  /** Writes what stands before the keys; gives where these begin. */
  #begin({ start, end, index, timing, revision }: ResultHead, kind: RowKindName): number {
    const { hasPanes, hasKinds } = this.#shape;
    const columns = this.#columns;
    columns[0].push(this.#at);
    columns[1].push(this.#sequence);
    columns[2].push(this.#place);
    columns[FIRST_BOUND].push(boundOf(start));
    columns[FIRST_BOUND + 1].push(boundOf(end));
    let at = ORDER_COLUMNS.length + WINDOW_COLUMNS.length;
    if (hasPanes) {
      columns[at++].push(index);
      columns[at++].push(timing);
      columns[at++].push(revision);
    }
    if (hasKinds) columns[at++].push(kind);
    this.#length++;
    return at;
  }

  /** The rows since the last call; absent: none. */
  take(): RecordBatch | undefined {
    if (this.#length === 0) return undefined;
    const { fields } = this.schema;
    const columns = fields.map((field, at) => {
      const isBound = at >= FIRST_BOUND && at < FIRST_BOUND + WINDOW_COLUMNS.length;
      return (isBound ? boundsOf : columnOf)(field, this.#columns[at]);
    });
    const batch = new RecordBatch(this.schema, columns, this.#length);
    this.clear();
    return batch;
  }

  /** Forgets all rows. */
  clear(): void {
    this.#columns = this.schema.fields.map(() => []);
    this.#length = 0;
  }
}
