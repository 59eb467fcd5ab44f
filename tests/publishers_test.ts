import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ConsolePublisher, MemoryPublisher, RecordBatch, schema, types as t } from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

const nasty = "a\u001b[2J\u009b31m\u0007b\u202ec";

function untyped(rows: object[]): RecordBatch {
  return RecordBatch.fromRows(rows) as unknown as RecordBatch;
}

async function printed(
  batches: RecordBatch[],
  options: { format?: "table" | "lines"; maxRows?: number },
): Promise<string[]> {
  const runtime = new SimulatedRuntime();
  await using publisher = new ConsolePublisher({ ...options, runtime });
  for (const batch of batches) await publisher.publish(batch);
  await publisher.flush();
  return runtime.printed.flatMap((text) => text.split("\n"));
}

Deno.test("MemoryPublisher keeps batches in order and forgets them when told", async () => {
  const kept = new MemoryPublisher();
  assertEquals(await kept.publish(untyped([{ x: 1 }, { x: 2 }])), { records: 2 });
  await kept.publish(untyped([{ x: 3 }]));
  await kept.flush();
  assertEquals(kept.rows(), [{ x: 1 }, { x: 2 }, { x: 3 }]);
  assertEquals([kept.length, kept.batches.length], [3, 2]);
  kept.clear();
  assertEquals([kept.length, kept.rows()], [0, []]);
});

Deno.test("MemoryPublisher refuses more rows than it may keep, and what is aborted", async () => {
  const kept = new MemoryPublisher({ maxRows: 1 });
  await assertRejects(() => kept.publish(untyped([{ x: 1 }, { x: 2 }])), RangeError, "maxRows (1)");
  const aborted = { signal: AbortSignal.abort(new Error("enough")) };
  await assertRejects(() => kept.publish(untyped([{ x: 1 }]), aborted), Error, "enough");
  assertEquals(kept.length, 0);
  assertThrows(() => new MemoryPublisher({ maxRows: 0.5 }), RangeError, "received 0.5");
});

Deno.test("ConsolePublisher prints a table with one head, times as ISO, numbers to the right", async () => {
  const columns = schema({ at: t.timestamp, day: t.date, key: t.utf8, n: t.i32, avg: t.f64 });
  const rows = (given: object[]) =>
    RecordBatch.fromRows(given, { schema: columns }) as unknown as RecordBatch;
  const lines = await printed([
    rows([
      { at: 0, day: 1, key: "gull", n: 7, avg: 1 / 3 },
      { at: 1500, day: 0, key: null, n: -12, avg: 2 },
    ]),
    rows([{ at: 86_400_000, day: 2, key: "owl", n: 1, avg: null }]),
  ], {});
  assertEquals(lines, [
    "at                        day         key     n       avg",
    "────────────────────────  ──────────  ────  ───  ────────",
    "1970-01-01                1970-01-02  gull    7  0.333333",
    "1970-01-01T00:00:01.500Z  1970-01-01        -12         2",
    "1970-01-02                1970-01-03  owl     1",
  ]);
});

Deno.test("ConsolePublisher prints dates of any year in full", async () => {
  const days = [1e8, Date.UTC(10_000, 0, 1) / 86_400_000, -719_529, -1e8];
  const columns = schema({ day: t.date });
  const batch = RecordBatch.fromRows(days.map((day) => ({ day })), { schema: columns });
  const [, , ...lines] = await printed([batch as unknown as RecordBatch], {});
  assertEquals(lines, ["+275760-09-13", "+010000-01-01", "-000001-12-31", "-271821-04-20"]);
});

Deno.test("ConsolePublisher prints JSON lines, and tells how many rows it left out", async () => {
  const lines = await printed([untyped([{ x: 1 }, { x: 2 }]), untyped([{ x: 3 }])], {
    format: "lines",
    maxRows: 1,
  });
  assertEquals(lines, ['{"x":1}', "… 2 more rows"]);
});

Deno.test("ConsolePublisher lets no control character of the data reach the terminal", async () => {
  // deno-lint-ignore no-control-regex
  const control = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/;
  for (const format of ["table", "lines"] as const) {
    const lines = await printed([untyped([{ [nasty]: nasty, list: [nasty] }])], { format });
    for (const line of lines) assertEquals(control.test(line), false, JSON.stringify(line));
  }
  const [line] = await printed([untyped([{ x: nasty }])], { format: "lines" });
  assertEquals(JSON.parse(line), { x: nasty });
});

Deno.test("ConsolePublisher refuses options that it does not have", () => {
  const format = "xml" as "table";
  assertThrows(() => new ConsolePublisher({ format }), TypeError, '"table" or "lines"');
  assertThrows(() => new ConsolePublisher({ maxRows: -1 }), RangeError, "maxRows");
});
