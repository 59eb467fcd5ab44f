import { assertEquals } from "@std/assert";
import { RecordBatch, schema, types as t } from "../src/batch/mod.ts";
import { OrderedResults } from "../src/stream/jobs/ordered_results.ts";
import { ROW_KIND_COLUMN } from "../src/windows/pane_columns.ts";
import { ORDER_COLUMNS } from "../src/windows/window_operator.ts";

type Line = [at: number, sequence: number, place: number, end: number, key: string, kind: string];

const [AT, SEQUENCE, PLACE] = ORDER_COLUMNS;
const COLUMNS = schema({
  [AT]: t.f64,
  [SEQUENCE]: t.f64,
  [PLACE]: t.i32,
  windowStart: t.timestamp,
  windowEnd: t.timestamp,
  [ROW_KIND_COLUMN]: t.dict,
  key: t.utf8,
});

function batchOf(lines: readonly Line[]): RecordBatch {
  const rows = lines.map(([at, sequence, place, windowEnd, key, kind]) => ({
    [AT]: at,
    [SEQUENCE]: sequence,
    [PLACE]: place,
    windowStart: 0,
    windowEnd,
    [ROW_KIND_COLUMN]: kind,
    key,
  }));
  return RecordBatch.fromRows(rows as object[], { schema: COLUMNS as never }) as RecordBatch;
}

function taken(results: OrderedResults): unknown[] {
  const rows: unknown[] = [];
  for (let batch = results.take(); batch; batch = results.take()) {
    for (const { windowEnd, key, rowKind } of batch) rows.push(`${windowEnd} ${key} ${rowKind}`);
  }
  return rows;
}

Deno.test("Results wait until all owners have told of their batch, then come in one order", () => {
  const results = new OrderedResults(2, ["key"]);
  results.add(0, 0, batchOf([[5, -1, -1, 5, "c", "insert"], [5, 0, 7, 9, "c", "insert"]]));
  results.passed(0, 0, 6);
  assertEquals(taken(results), []);
  results.add(1, 0, batchOf([[5, -1, -1, 5, "a", "insert"], [5, 0, 3, 9, "a", "insert"]]));
  assertEquals(taken(results), []);
  results.passed(1, 0, 6);
  assertEquals(taken(results), ["5 a insert", "5 c insert", "9 a insert", "9 c insert"]);
  assertEquals([results.told, results.watermark, results.windows], [1, 6, 2]);
});

Deno.test("What takes a result back comes right before what comes in its place", () => {
  const results = new OrderedResults(2, ["key"]);
  // Of "a" two sessions became one, which ends later than that of "b".
  results.add(
    0,
    0,
    batchOf([
      [30, -1, -1, 10, "a", "delete"],
      [30, -1, -1, 15, "a", "delete"],
      [30, -1, -1, 30, "a", "insert"],
    ]),
  );
  results.add(1, 0, batchOf([[30, -1, -1, 20, "b", "insert"], [30, -1, -1, 30, "b", "insert"]]));
  for (const owner of [0, 1]) results.passed(owner, 0, 30);
  assertEquals(taken(results), [
    "20 b insert",
    "10 a delete",
    "15 a delete",
    "30 a insert",
    "30 b insert",
  ]);
});

Deno.test("After a loss what has left does not leave again, unless it is to", () => {
  for (const repeats of [false, true]) {
    const results = new OrderedResults(1, ["key"]);
    const tell = (sequence: number) => {
      results.add(0, sequence, batchOf([[sequence, sequence, 0, sequence, "k", "insert"]]));
      results.passed(0, sequence, sequence);
    };
    for (const sequence of [0, 1, 2]) tell(sequence);
    assertEquals(taken(results), ["0 k insert", "1 k insert", "2 k insert"]);
    results.rewind({ sequence: 1, watermark: 0 }, { repeats });
    assertEquals([results.told, taken(results)], [1, []]);
    for (const sequence of [1, 2, 3]) tell(sequence);
    const again = repeats ? ["1 k insert", "2 k insert"] : [];
    assertEquals(taken(results), [...again, "3 k insert"]);
  }
});
