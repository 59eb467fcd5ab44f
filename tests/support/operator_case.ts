import { columnOf } from "../../src/batch/column_of.ts";
import { RecordBatch } from "../../src/batch/record_batch.ts";
import type { DataType, Field } from "../../src/batch/schema.ts";
import type { AggregateFunction } from "../../src/windows/aggregate_function.ts";
import type { OperatorAssign } from "../../src/windows/operator/assigners.ts";
import { createWindowOperator } from "../../src/windows/create_window_operator.ts";
import type { WindowOperator } from "../../src/windows/window_operator.ts";
import type { WindowOperatorSpec } from "../../src/windows/window_spec.ts";
import type { OracleRow } from "./oracle.ts";
import type { Random } from "./random.ts";

/** Plain aggregates for tests of operators: state and result in the simplest way. */
export const rowCount = {
  type: { kind: "i32" },
  nullable: false,
  init: () => 0,
  open: () => (n) => n + 1,
  merge: (a, b) => a + b,
  result: (n) => n,
  save: (n) => n,
  load: (n) => n as number,
} satisfies AggregateFunction<number> as AggregateFunction<number>;

/** The positions of all rows, in order, as text. */
export const positionList = {
  type: { kind: "utf8" },
  nullable: false,
  grows: false,
  init: () => [],
  open: (_, { positions }) => (state, row) => {
    state.push(positions[row]);
    return state;
  },
  merge: (a, b) => {
    for (const each of b) a.push(each);
    return a;
  },
  result: (state) => state.toSorted((a, b) => a - b).join(" "),
  save: (state) => [...state],
  load: (saved) => [...saved as number[]],
} satisfies AggregateFunction<number[]> as AggregateFunction<number[]>;

/** Both of them. */
export const FUNCTIONS: ReadonlyMap<string, AggregateFunction> = new Map<
  string,
  AggregateFunction
>([["n", rowCount as AggregateFunction], ["all", positionList as AggregateFunction]]);

/** The same, of which the operator knows that states take as much as their rows. */
export const GROWING_FUNCTIONS: typeof FUNCTIONS = new Map([
  ["n", rowCount as AggregateFunction],
  ["all", { ...positionList, grows: true } as AggregateFunction],
]);

/** A row with the watermark before it. */
export interface FedRow {
  readonly time: number | null;
  readonly keys: readonly unknown[];
  readonly watermark: number;
  readonly extra?: unknown;
}

/** A result, the columns before the keys by their names. */
export interface FedResult {
  readonly at: number;
  readonly sequence: number;
  readonly place: number;
  readonly row: Readonly<Record<string, unknown>>;
}

/** How rows are fed to an operator. */
export interface Feeding {
  readonly rows: readonly FedRow[];
  readonly keyTypes: readonly DataType[];
  readonly extraType?: DataType;
  readonly random: Random;
  readonly functions?: ReadonlyMap<string, AggregateFunction>;
  readonly assign?: OperatorAssign;
  /** Whether state is saved and restored on the way. Default true. */
  readonly restores?: boolean;
}

/** What came of it. */
export interface Fed {
  readonly results: FedResult[];
  readonly late: number[];
  readonly absorbed: number;
  readonly outside: number;
  readonly untimed: number;
  readonly operator: WindowOperator;
}

function schemaOf({ keyTypes, extraType }: Feeding) {
  const fields: Field[] = [
    { name: "time", type: { kind: "timestamp" } },
    ...keyTypes.map((type, at) => ({ name: `k${at}`, type })),
    ...(extraType ? [{ name: "extra", type: extraType }] : []),
  ];
  return { fields };
}

function batchOf(feeding: Feeding, rows: readonly FedRow[]): RecordBatch {
  const { keyTypes, extraType } = feeding;
  const columns = [
    columnOf({ kind: "timestamp" }, rows.map(({ time }) => time)),
    ...keyTypes.map((type, at) => columnOf(type, rows.map(({ keys }) => keys[at]))),
    ...(extraType ? [columnOf(extraType, rows.map(({ extra }) => extra))] : []),
  ];
  return new RecordBatch(schemaOf(feeding), columns, rows.length);
}

function taken(operator: WindowOperator): FedResult[] {
  return (operator.take()?.toRows() ?? []).map((given) => {
    const { "\u0000at": at, "\u0000sequence": sequence, "\u0000place": place, ...row } = given;
    return { at, sequence, place, row } as FedResult;
  });
}

/** Feeds rows in batches cut at random, advances between them, saves and restores. */
export function feed(spec: WindowOperatorSpec, feeding: Feeding): Fed {
  const { rows, random, functions = FUNCTIONS, assign, restores = true } = feeding;
  const parts = { schema: schemaOf(feeding), functions, ...(assign && { assign }) };
  let operator = createWindowOperator(spec, parts);
  const fed = { results: [] as FedResult[], late: [] as number[] };
  const counts = { absorbed: 0, outside: 0, untimed: 0 };
  const longest = random.pick([1, 3, 20, 1000]);
  for (let from = 0, sequence = 0; from < rows.length; sequence++) {
    const batch = rows.slice(from, from + 1 + random.below(longest));
    const outcome = operator.add({
      batch: batchOf(feeding, batch),
      watermarks: Float64Array.from(batch, ({ watermark }) => watermark),
      positions: Float64Array.from(batch, (_, at) => from + at),
      places: Int32Array.from(batch, (_, at) => from + at),
      sequence,
      partition: 0,
    });
    fed.late.push(...outcome.late);
    for (const name of ["absorbed", "outside", "untimed"] as const) counts[name] += outcome[name];
    from += batch.length;
    if (random.chance(0.3) && from < rows.length) operator.advance(rows[from].watermark);
    if (restores && random.chance(0.2)) {
      fed.results.push(...taken(operator));
      const snapshot = operator.snapshot();
      operator = createWindowOperator(spec, parts);
      operator.restore(snapshot);
    }
    if (random.chance(0.5)) fed.results.push(...taken(operator));
  }
  operator.advance(Infinity);
  fed.results.push(...taken(operator));
  return { ...fed, ...counts, operator };
}

/** Rows for {@linkcode feed} from those of the oracle, with the watermarks that it gives them. */
export function fedRows(rows: readonly OracleRow[], bound = 0): FedRow[] {
  let greatest = -Infinity;
  let mark = -Infinity;
  return rows.map(({ time, keys, values, watermark }) => {
    mark = Math.max(mark, watermark ?? greatest - bound);
    if (time !== null && time > greatest) greatest = time;
    return { time, keys, watermark: mark, extra: values.extra };
  });
}
