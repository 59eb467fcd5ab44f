import type { DataType, Field, Schema } from "../batch/schema.ts";
import { isKeyType, isNumberType } from "../kernel/window_check.ts";
import type {
  AggregateOp,
  KeyType,
  PlannedAggregate,
  PlannedValue,
  WindowPlan,
} from "../kernel/window_types.ts";
import type { AggregateSpec } from "./aggregate.ts";
import type { Aggregates } from "./aggregates.ts";
import type { TumblingWindow } from "./tumbling_window.ts";

/** What a windowed aggregation is made of. */
export interface WindowTableOptions {
  /** Of every batch that will be added. */
  readonly schema: Schema;
  /** Column of event times in milliseconds: `timestamp`, `i64` or `f64`. */
  readonly time: string;
  /** Columns that rows are grouped by; none for one group a window. Default none. */
  readonly keys?: readonly string[];
  readonly aggregates: Aggregates;
  readonly window: TumblingWindow;
  /** How long after its end a window still takes rows, ms. Default 0. */
  readonly allowedLateness?: number;
}

/** A plan and the columns that its parts are taken from, by position in the schema. */
export interface ResolvedPlan {
  readonly plan: WindowPlan;
  readonly time: number;
  readonly keys: readonly number[];
  readonly values: readonly number[];
}

function indexOf(schema: Schema, name: string, role: string): number {
  const index = schema.fields.findIndex((field) => field.name === name);
  if (index < 0) {
    const known = schema.fields.map((field) => JSON.stringify(field.name)).join(", ");
    throw new TypeError(
      `Cannot ${role} column ${JSON.stringify(name)}: there is none of that name; ` +
        `the columns are ${known}`,
    );
  }
  return index;
}

function keyTypeOf({ name, type }: Field): KeyType {
  if (isKeyType(type)) return type;
  throw new TypeError(
    `Cannot key by column ${JSON.stringify(name)}: a key is a bool, number, timestamp, date, ` +
      `time, utf8, dict or bytes, received ${type.kind}`,
  );
}

function checkOp(op: AggregateOp, type: DataType, of: string): void {
  if (op === "count" || isNumberType(type, op)) return;
  throw new TypeError(
    `Cannot take ${op} of ${of}: it must be a number` +
      `${isNumberType({ kind: "timestamp" }, op) ? ", timestamp, date or time" : ""}, ` +
      `received ${type.kind}; cast it first`,
  );
}

/** The values of a plan, each column once, and the aggregates of them. */
class ValuePlanner {
  readonly columns: number[] = [];
  readonly values: PlannedValue[] = [];
  readonly #schema: Schema;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  plan({ op, column, computed = [] }: AggregateSpec): PlannedAggregate {
    if (column === undefined) return { op, value: -1 };
    const index = indexOf(this.#schema, column, `take ${op} of`);
    const field = this.#schema.fields[index];
    const made = computed.find(({ name }) => name === column);
    checkOp(op, field.type, made?.of ?? `column ${JSON.stringify(column)}`);
    if (op === "count" && field.nullable === false) return { op, value: -1 };
    const known = this.columns.indexOf(index);
    if (known >= 0) return { op, value: known };
    this.columns.push(index);
    this.values.push(valueOf(field));
    return { op, value: this.columns.length - 1 };
  }
}

/** Of a column that is only counted, whatever its type, nothing but its nulls is looked at. */
function valueOf({ type, nullable = true }: Field): PlannedValue {
  return { type: isNumberType(type, "count") ? type : { kind: "any" }, nullable };
}

/** Resolves the names of an aggregation against a schema. */
export function planOf(options: WindowTableOptions): ResolvedPlan {
  const { schema, keys = [], aggregates, window, allowedLateness = 0 } = options;
  const keyColumns = keys.map((name) => indexOf(schema, name, "key by"));
  const planner = new ValuePlanner(schema);
  const planned = Object.values(aggregates).map((spec) => planner.plan(spec));
  return {
    time: indexOf(schema, options.time, "take event times from"),
    keys: keyColumns,
    values: planner.columns,
    plan: {
      size: window.size,
      offset: window.offset,
      allowedLateness,
      keys: keyColumns.map((index) => keyTypeOf(schema.fields[index])),
      values: planner.values,
      aggregates: planned,
    },
  };
}
