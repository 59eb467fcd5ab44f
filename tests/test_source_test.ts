import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { count, from, TumblingWindow } from "../mod.ts";
import { TestSource } from "../src/testing/mod.ts";

/** What comes out of a pipeline while its source is driven. */
function collected<Row>(pipeline: AsyncIterable<Row>): { rows: Row[]; done: Promise<void> } {
  const rows: Row[] = [];
  const done = (async () => {
    for await (const row of pipeline) rows.push(row);
  })();
  return { rows, done };
}

Deno.test("TestSource gives rows when they are pushed, and ends when it is told to", async () => {
  const source = new TestSource<{ n: number }>();
  const { rows, done } = collected(from(source, { workers: 1 }));
  source.push([{ n: 1 }, { n: 2 }]);
  await source.drained();
  assertEquals(source.readers, 1);
  source.push([{ n: 3 }]);
  source.end();
  await done;
  assertEquals(rows, [{ n: 1 }, { n: 2 }, { n: 3 }]);
  assertEquals(source.readers, 0);
  assertThrows(() => source.push([{ n: 4 }]), TypeError, "the source has ended");
});

Deno.test("TestSource gives nothing during a pause, and everything after it", async () => {
  const source = new TestSource<{ n: number }>();
  const pipeline = from(source, { workers: 1 });
  const { rows, done } = collected(pipeline);
  source.pause();
  source.push([{ n: 1 }]);
  source.end();
  await source.drained();
  assertEquals(pipeline.metrics().recordsIn, 0);
  source.resume();
  await done;
  assertEquals(rows, [{ n: 1 }]);
});

Deno.test("TestSource fails when it is aborted, after what was pushed before", async () => {
  const source = new TestSource<{ n: number }>();
  const pipeline = from(source, { workers: 1 });
  const { done } = collected(pipeline);
  source.push([{ n: 1 }]);
  source.abort(new Error("the line is dead"));
  await assertRejects(() => done, Error, "the line is dead");
  assertEquals(pipeline.metrics().recordsIn, 1);
  assertThrows(() => source.abort(undefined), TypeError, "say why");
});

Deno.test("TestSource hears when nobody wants more", async () => {
  const source = new TestSource<{ n: number }>();
  const stop = new AbortController();
  const run = from(source, { workers: 1 }).run({ signal: stop.signal });
  source.push([{ n: 1 }]);
  await source.drained();
  stop.abort(new Error("enough"));
  await assertRejects(() => run, Error, "enough");
  assertEquals(source.readers, 0);
});

Deno.test("TestSource is read from the start by every run, and by partitions", async () => {
  const source = new TestSource<{ at: number }>({ partitions: 2, name: "two lines" });
  const pipeline = from(source, { workers: 1 }).timestamps("at")
    .window(new TumblingWindow({ size: 10 })).aggregate({ n: count() });
  source.push([{ at: 5 }, { at: 25 }]);
  source.push([{ at: 7 }], { partition: 1 });
  source.endPartition(1);
  const first = collected(pipeline);
  await source.drained();
  source.end();
  await first.done;
  const expected = [
    { windowStart: 0, windowEnd: 10, n: 2 },
    { windowStart: 20, windowEnd: 30, n: 1 },
  ];
  assertEquals(first.rows, expected);
  assertEquals(await Array.fromAsync(pipeline), expected);
});
