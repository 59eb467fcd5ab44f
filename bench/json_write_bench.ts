import { RecordBatch } from "../src/batch/mod.ts";
import type { Schema } from "../src/batch/schema.ts";
import { JsonEncoder } from "../src/codecs/mod.ts";
import { randomOf, recordsOf, SHAPES, TEN_COLUMNS, tenColumns } from "./support/shapes.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";

/** As many as a batch has; and so many that neither side's output stays in a cache. */
const ROWS = 16_384;
const MANY_ROWS = 100_000;
/** Rows of a round. */
const ROUND_ROWS = 65_536;
const ROUNDS = 15;
const COLUMNS = 10;

interface Case {
  readonly name: string;
  readonly rows: readonly object[];
  readonly schema?: Schema;
  readonly target: number | null;
}

function doubles(): object[] {
  const random = randomOf(11);
  return Array.from({ length: ROWS }, () =>
    Object.fromEntries(
      Array.from({ length: COLUMNS }, (_, column) => [`value${column}`, random()]),
    ));
}

function mixedColumns(length: number): object[] {
  const random = randomOf(3);
  return Array.from({ length }, (_, row) => tenColumns(row, random));
}

/** Columns to lines in the kernel, against all rows at once as ready objects. */
function writing({ name, rows, schema, target }: Case): Promise<BenchRow> {
  const batch = RecordBatch.fromRows(rows, schema === undefined ? {} : { schema });
  const encoder = new JsonEncoder({ lines: true });
  // objects as a parser makes them, with all that JSON does not have turned into what it has
  const ready = JSON.parse(batch.toJson());
  const times = Math.ceil(ROUND_ROWS / rows.length);
  return compare({
    name: `columns → JSON lines, ${name}, against JSON.stringify of ready rows`,
    contender: () => {
      for (let time = 0; time < times; time++) encoder.encode(batch);
      return rows.length * times;
    },
    baseline: () => {
      for (let time = 0; time < times; time++) JSON.stringify(ready);
      return rows.length * times;
    },
    rounds: ROUNDS,
    target,
  });
}

function cases(): Case[] {
  const mixed = { schema: TEN_COLUMNS, target: 4 };
  return [
    { ...mixed, name: "10 mixed columns", rows: mixedColumns(ROWS) },
    { ...mixed, name: "10 mixed columns, 100,000 rows", rows: mixedColumns(MANY_ROWS) },
    { name: "arbitrary doubles only", rows: doubles(), target: 2 },
    ...Object.values(SHAPES).map((shape) => ({
      name: shape.name,
      rows: recordsOf(shape, ROWS),
      schema: shape.schema,
      target: null,
    })),
  ];
}

/** Columns as JSON. */
export const group: BenchGroup = {
  name: "JSON writing",
  rows: async () => {
    const rows: BenchRow[] = [];
    for (const each of cases()) rows.push(await writing(each));
    return rows;
  },
};
