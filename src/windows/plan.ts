import { noSuchColumn } from "../batch/no_such_column.ts";
import type { DataType, Field, Schema } from "../batch/schema.ts";
import { isKeyType, isNumberType } from "../kernel/window_check.ts";
import type {
  AggregateOp,
  KeyType,
  PlannedAggregate,
  PlannedValue,
  WindowExtent,
  WindowPlan,
} from "../kernel/window_types.ts";
import type { AggregateSpec } from "./aggregate.ts";
import { isKernelOp, whyOrdered } from "./aggregate_place.ts";
import { canTake, isComparing, type Role, whyNotNumbers } from "./aggregate_types.ts";
import type { Aggregates } from "./aggregates.ts";

/** Windows, and what is computed of each and of each key. */
export interface WindowedAggregates {
  readonly window: WindowExtent;
  readonly aggregates: Aggregates;
}

/** What a windowed aggregation is made of. */
export interface WindowTableOptions extends WindowedAggregates {
  /** Of every batch that will be added. */
  readonly schema: Schema;
  /** Column of event times in milliseconds: `timestamp`, `i64` or `f64`. */
  readonly time: string;
  /** Columns that rows are grouped by; none for one group a window. Default none. */
  readonly keys?: readonly string[];
  /** Other kinds of windows of the same rows and keys, whose slices they share. Default: none. */
  readonly others?: readonly WindowedAggregates[];
  /** How long after its end a window still takes rows, ms. Default 0. */
  readonly allowedLateness?: number;
}

/** Only what says where windows lie. */
export function extentOf({ size, offset, slide, step }: WindowExtent): WindowExtent {
  return {
    size,
    offset,
    ...(slide !== undefined && { slide }),
    ...(step !== undefined && { step }),
  };
}

/** A plan and the columns that its parts are taken from, by position in the schema. */
export interface ResolvedPlan {
  readonly plan: WindowPlan;
  readonly time: number;
  readonly keys: readonly number[];
  readonly values: readonly number[];
}

/** The position of a column. */
export function indexOf(schema: Schema, name: string, role: string): number {
  const index = schema.fields.findIndex((field) => field.name === name);
  if (index < 0) throw noSuchColumn(name, { doing: role, fields: schema.fields });
  return index;
}

/** @throws {TypeError} when the column cannot be a key. */
export function keyTypeOf({ name, type }: Field): KeyType {
  if (isKeyType(type)) return type;
  throw new TypeError(
    `Cannot key by column ${JSON.stringify(name)}: a key is a bool, number, timestamp, date, ` +
      `time, utf8, dict or bytes, received ${type.kind}`,
  );
}

function checkOp(op: AggregateOp, type: DataType, what: { role: Role; name: string }): void {
  const { role, name } = what;
  if (canTake(op, role, type)) return;
  const isOrdered = isComparing(op, role);
  throw new TypeError(
    `Cannot take ${op} ${role} ${name}: it must be a number` +
      `${isOrdered ? ", timestamp, date, time, bool, text, bytes or decimal" : ""}, ` +
      `received ${type.kind}; ${remedy(type, isOrdered)}`,
  );
}

function remedy(type: DataType, isOrdered: boolean): string {
  if (type.kind === "mixed") {
    return "it has values of several types, or only nulls: give the source a schema, or cast it";
  }
  return isOrdered ? "take it of a part of that" : "cast it first";
}

/** What an aggregate is of, for messages. */
export function operandText({ computed = [] }: AggregateSpec, column: string): string {
  const made = computed.find(({ name }) => name === column);
  return made?.of ?? `column ${JSON.stringify(column)}`;
}

/**
 * The position of the column that an aggregate is of, or by.
 *
 * @throws {TypeError} when there is none of that name, or a built-in aggregate of numbers cannot be
 *   taken of its type.
 */
export function checkedColumn(spec: AggregateSpec, schema: Schema, role: Role): number {
  const { op } = spec;
  const column = spec[role === "of" ? "column" : "by"]!;
  const index = indexOf(schema, column, `take ${op} ${role}`);
  const name = operandText(spec, column);
  if (isKernelOp(op)) checkOp(op, schema.fields[index].type, { role, name });
  return index;
}

/** The values of a plan, each column once, and the aggregates of them. */
class ValuePlanner {
  readonly columns: number[] = [];
  readonly values: PlannedValue[] = [];
  readonly #schema: Schema;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  plan(spec: AggregateSpec): PlannedAggregate {
    const { op, column, by } = spec;
    if (!isKernelOp(op)) throw new TypeError(`Cannot take ${op} in the kernel: ${whyOrdered(op)}`);
    if (column === undefined) return { op, value: -1 };
    const index = checkedColumn(spec, this.#schema, "of");
    const why = whyNotNumbers(spec, this.#schema);
    if (why !== undefined) throw new TypeError(`Cannot take ${op} in the kernel: ${why}`);
    if (op === "count" && this.#schema.fields[index].nullable === false) return { op, value: -1 };
    if (by === undefined) return { op, value: this.#positionOf(index) };
    const other = checkedColumn(spec, this.#schema, "by");
    return { op, value: this.#positionOf(index), by: this.#positionOf(other) };
  }

  #positionOf(index: number): number {
    const known = this.columns.indexOf(index);
    if (known >= 0) return known;
    this.columns.push(index);
    this.values.push(valueOf(this.#schema.fields[index]));
    return this.columns.length - 1;
  }
}

/** Of a column that is only counted, whatever its type, nothing but its nulls is looked at. */
function valueOf({ type, nullable = true }: Field): PlannedValue {
  return { type: isNumberType(type, "count") ? type : { kind: "any" }, nullable };
}

/** Resolves the names of an aggregation against a schema. */
export function planOf(options: WindowTableOptions): ResolvedPlan {
  const { schema, keys = [], aggregates, window, others = [], allowedLateness = 0 } = options;
  const keyColumns = keys.map((name) => indexOf(schema, name, "key by"));
  const planner = new ValuePlanner(schema);
  const planned = (specs: Aggregates) => Object.values(specs).map((spec) => planner.plan(spec));
  const plan = {
    ...extentOf(window),
    aggregates: planned(aggregates),
    ...(others.length > 0 && {
      others: others.map(({ window, aggregates }) => {
        return { window: extentOf(window), aggregates: planned(aggregates) };
      }),
    }),
  };
  return {
    time: indexOf(schema, options.time, "take event times from"),
    keys: keyColumns,
    values: planner.columns,
    plan: {
      ...plan,
      allowedLateness,
      keys: keyColumns.map((index) => keyTypeOf(schema.fields[index])),
      values: planner.values,
    },
  };
}
