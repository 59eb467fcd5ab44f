import { assertEquals, assertThrows } from "@std/assert";
import { RecordBatch } from "../src/batch/record_batch.ts";
import { create } from "../src/kernel/kernel.ts";
import {
  type AggregateRow,
  count,
  first,
  last,
  max,
  mean,
  min,
  stddev,
  sum,
  variance,
  type WindowRow,
} from "../src/windows/aggregates.ts";
import { createWindowTable } from "../src/windows/create_window_table.ts";
import { TumblingWindow } from "../src/windows/tumbling_window.ts";
import type { WindowTableOptions } from "../src/windows/plan.ts";

const AT = { watermarkBefore: -Infinity, bound: 0, partition: 0, position: 0 };

interface Reading {
  at: number;
  sensor: string;
  temperature: number | null;
  hits: number;
}

const READINGS: readonly Reading[] = [
  { at: 1000, sensor: "b", temperature: 10.5, hits: 1 },
  { at: 2000, sensor: "a", temperature: 20, hits: 2 },
  { at: 61_000, sensor: "a", temperature: null, hits: 3 },
  { at: 3000, sensor: "a", temperature: 24, hits: 4 },
];

const BATCH = RecordBatch.fromRows<Reading, Reading>(READINGS, {
  schema: {
    fields: [
      { name: "at", type: { kind: "timestamp" } },
      { name: "sensor", type: { kind: "utf8" } },
      { name: "temperature", type: { kind: "f64" } },
      { name: "hits", type: { kind: "i32" }, nullable: false },
    ],
  },
});

function tableOf(changes: Partial<WindowTableOptions> = {}) {
  return createWindowTable(create(), {
    schema: BATCH.schema,
    time: "at",
    keys: ["sensor"],
    aggregates: { n: count(), avg: mean("temperature") },
    window: new TumblingWindow({ size: "60s" }),
    ...changes,
  });
}

Deno.test("createWindowTable() gives windows as rows with the keys and the named aggregates", () => {
  using table = tableOf({
    aggregates: {
      n: count(),
      known: count("temperature"),
      total: sum("hits"),
      avg: mean("temperature"),
      low: min("temperature"),
      high: max("hits"),
      opened: first("hits"),
      closed: last("hits"),
    },
  });
  const { late, absorbed, watermarkAfter } = table.add(BATCH, AT);
  assertEquals({ late, absorbed, watermarkAfter }, {
    late: 1,
    absorbed: 3,
    watermarkAfter: 61_000,
  });
  assertEquals(table.nextClose(), 60_000);
  assertEquals(table.close(60_000)?.toRows(), [
    {
      windowStart: 0,
      windowEnd: 60_000,
      sensor: "a",
      n: 1,
      known: 1,
      total: 2,
      avg: 20,
      low: 20,
      high: 2,
      opened: 2,
      closed: 2,
    },
    {
      windowStart: 0,
      windowEnd: 60_000,
      sensor: "b",
      n: 1,
      known: 1,
      total: 1,
      avg: 10.5,
      low: 10.5,
      high: 1,
      opened: 1,
      closed: 1,
    },
  ]);
  assertEquals(table.close(60_000), undefined);
  const [open] = table.close(Infinity)?.toRows() ?? [];
  assertEquals([open.n, open.known, open.avg, open.low], [1, 0, null, null]);
});

Deno.test("a batch's rows are late only by rows before them, whatever the batches are", () => {
  for (const cuts of [[0, 4], [0, 1, 2, 3, 4], [0, 3, 4]]) {
    using table = tableOf();
    let [late, watermarkBefore] = [0, -Infinity];
    for (let i = 1; i < cuts.length; i++) {
      const position = cuts[i - 1];
      const part = BATCH.slice(position, cuts[i]);
      const outcome = table.add(part, { ...AT, position, watermarkBefore });
      late += outcome.late;
      watermarkBefore = outcome.watermarkAfter;
    }
    assertEquals(late, 1);
  }
});

Deno.test("without keys a window is one row, and without rows it is none", () => {
  using table = tableOf({ keys: [] });
  assertEquals(table.close(Infinity), undefined);
  table.add(BATCH, { ...AT, bound: 60_000 });
  assertEquals(table.close(Infinity)?.toRows(), [
    { windowStart: 0, windowEnd: 60_000, n: 3, avg: 54.5 / 3 },
    { windowStart: 60_000, windowEnd: 120_000, n: 1, avg: null },
  ]);
});

Deno.test("foragers' deltas folded by owners give what one table gives", () => {
  using whole = tableOf();
  whole.add(BATCH, { ...AT, bound: 60_000 });
  using forager = tableOf();
  const ownerOf = Uint8Array.from({ length: 256 }, (_, group) => group % 2);
  const owners = [tableOf(), tableOf()];
  for (let position = 0; position < BATCH.length; position++) {
    forager.add(BATCH.slice(position, position + 1), { ...AT, position });
    forager.takeDeltas(ownerOf, 2).forEach((delta, owner) => owners[owner].fold(delta));
  }
  const rows = owners.flatMap((owner) => owner.close(Infinity)?.toRows() ?? []);
  const compare = (a: unknown, b: unknown) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
  assertEquals(rows.sort(compare), whole.close(Infinity)?.toRows().sort(compare));
  for (const owner of owners) owner[Symbol.dispose]();
});

Deno.test("createWindowTable() names the column that does not exist or does not fit", () => {
  const refused: [Partial<WindowTableOptions>, string][] = [
    [{ keys: ["nope"] }, `key by column "nope"`],
    [{ time: "nope" }, `event times from column "nope"`],
    [{ aggregates: { x: sum("nope") } }, `take sum of column "nope"`],
    [{ time: "sensor" }, `event times from column "sensor"`],
    [{ aggregates: { x: variance("sensor") } }, `take variance of column "sensor"`],
    [{ aggregates: { x: stddev("at") } }, `take stddev of column "at"`],
    [{ aggregates: { windowStart: count() } }, `"windowStart" twice`],
    [{ aggregates: { sensor: count() } }, `"sensor" twice`],
  ];
  for (const [changes, message] of refused) {
    assertThrows(() => tableOf(changes), TypeError, message);
  }
});

Deno.test("a window table names the column of a batch that has another schema", () => {
  using table = tableOf();
  assertThrows(() => table.add(BATCH.select(["at", "sensor"]), AT), TypeError, "4 columns");
  const other = RecordBatch.fromRows([{ at: 1, sensor: 7, temperature: 1, hits: 1 }], {
    schema: {
      fields: [
        { name: "at", type: { kind: "timestamp" } },
        { name: "sensor", type: { kind: "i32" } },
        { name: "temperature", type: { kind: "f64" } },
        { name: "hits", type: { kind: "i32" } },
      ],
    },
  });
  assertThrows(() => table.add(other, AT), TypeError, "must be a column of utf8, received i32");
});

Deno.test("aggregates type their result rows by the rows going in", () => {
  type Row = { at: number; sensor: string; hits: bigint };
  const specs = { n: count(), total: sum("hits"), avg: mean("hits"), other: max("else") };
  const row: AggregateRow<Row, typeof specs> = { n: 1, total: 2n, avg: 1.5, other: null };
  const result: WindowRow<Row, "sensor", typeof specs> = {
    windowStart: 0,
    windowEnd: 1,
    sensor: "a",
    ...row,
  };
  // @ts-expect-error: a count is a number
  const wrong: AggregateRow<Row, typeof specs>["n"] = null;
  assertEquals([result.total, wrong], [2n, null]);
});
