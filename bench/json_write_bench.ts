import { RecordBatch } from "../src/batch/mod.ts";
import type { Schema } from "../src/batch/schema.ts";
import { JsonEncoder } from "../src/codecs/mod.ts";
import { randomOf, recordsOf, SHAPES, TEN_COLUMNS, tenColumns } from "./support/shapes.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";

// as many as a batch has
const ROWS = 16_384;
const TIMES = 4;
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

function mixedColumns(): object[] {
  const random = randomOf(3);
  return Array.from({ length: ROWS }, (_, row) => tenColumns(row, random));
}

/** Columns to lines in the kernel, against all rows at once as ready objects. */
function writing({ name, rows, schema, target }: Case): Promise<BenchRow> {
  const batch = RecordBatch.fromRows(rows, schema === undefined ? {} : { schema });
  const encoder = new JsonEncoder({ lines: true });
  // objects as a parser makes them, with all that JSON does not have turned into what it has
  const ready = JSON.parse(batch.toJson());
  return compare({
    name: `columns → JSON lines, ${name}, against JSON.stringify of ready rows`,
    contender: () => {
      for (let time = 0; time < TIMES; time++) encoder.encode(batch);
      return ROWS * TIMES;
    },
    baseline: () => {
      for (let time = 0; time < TIMES; time++) JSON.stringify(ready);
      return ROWS * TIMES;
    },
    rounds: ROUNDS,
    target,
  });
}

function cases(): Case[] {
  return [
    { name: "10 mixed columns", rows: mixedColumns(), schema: TEN_COLUMNS, target: 4 },
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
