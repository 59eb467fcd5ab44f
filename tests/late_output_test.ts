import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CalendarWindow,
  col,
  count,
  from,
  type LateRow,
  MemoryPublisher,
  PeriodicWatermarkGenerator,
  type PipelineOptions,
  RecordBatch,
  schema,
  SlidingWindow,
  type Source,
  sum,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { forSeedsAsync, type Random } from "./support/random.ts";
import { breakBees, randomOptions } from "./support/simulated_case.ts";

const DAY_MS = 86_400_000;
const COLUMNS = schema({ at: t.utf8, value: t.i64AsNumber, note: t.utf8 });

interface Row {
  /** A time, nothing, or what is no time. */
  readonly at: string | null;
  readonly value: number;
  /** A column that no step asks for. */
  readonly note: string;
}

interface Placed {
  readonly partition: number;
  readonly row: Row;
}

/** Rows of several partitions, in batches of at most so many. */
function sourceOf(
  given: readonly Placed[],
  { partitions, most }: { partitions: number; most: () => number },
): Source<Row> {
  return {
    name: "partitions",
    partitions,
    async *open() {
      for (let next = 0; next < given.length;) {
        const { partition } = given[next];
        const start = next;
        const end = start + most();
        while (next < end && given[next]?.partition === partition) next++;
        const rows: object[] = given.slice(start, next).map(({ row }) => row);
        const batch = RecordBatch.fromRows(rows, { schema: COLUMNS }) as unknown;
        yield { partition, batch: batch as RecordBatch<Row> };
      }
    },
  };
}

function randomRows(random: Random, partitions: number): Placed[] {
  const jitter = random.pick([1, 30, 100]);
  const step = random.pick([0, 1, 5]);
  return Array.from({ length: random.below(400) }, (_, n) => {
    const time = 1_000 + n * step - random.below(jitter);
    const at = random.chance(0.05) ? null : random.chance(0.05) ? "soon" : String(time);
    return { partition: random.below(partitions), row: { at, value: n, note: `row ${n}` } };
  });
}

/** How rows are put into windows. */
interface Shape {
  readonly size: number;
  readonly slide: number;
  readonly bound: number;
  readonly filters: boolean;
}

/** Windows and late rows by the plainest means. */
function oracle(given: readonly Placed[], partitions: number, shape: Shape) {
  const { size, slide, bound, filters } = shape;
  const totals = new Map<number, number>();
  const late: LateRow[][] = Array.from({ length: partitions }, () => []);
  const greatest: number[] = Array(partitions).fill(-Infinity);
  const read: number[] = Array(partitions).fill(0);
  for (const { partition, row: { at, value, note } } of given) {
    const position = read[partition]++;
    if (at === "soon") continue;
    const watermark = Math.min(...greatest) - bound;
    const time = at === null ? NaN : Number(at);
    greatest[partition] = Math.max(greatest[partition], at === null ? -Infinity : time);
    if (at === null || (filters && value % 3 === 0)) continue;
    let isLate = true;
    for (let start = Math.floor(time / slide) * slide; start + size > time; start -= slide) {
      if (start + size <= watermark) continue;
      isLate = false;
      totals.set(start, (totals.get(start) ?? 0) + value);
    }
    if (isLate) late[partition].push({ record: { at: time, value, note }, position, partition });
  }
  return { totals: [...totals].sort(([a], [b]) => a - b), late };
}

/** Runs rows through windows, and takes what goes aside. */
async function aside(source: Source<Row>, shape: Shape, options: PipelineOptions) {
  const { size, slide, bound, filters } = shape;
  const late: LateRow[][] = Array.from({ length: source.partitions! }, () => []);
  const pipeline = from(source, {
    ...options,
    badRecords: "skip",
    lateData: "sideOutput",
    async lateOutput(row) {
      late[row.partition].push(row);
      const { runtime } = options;
      if (row.position % 7 === 0) await new Promise<void>((done) => runtime!.after(1, done));
    },
  }).timestamps("at", { format: "ms", maxDisorder: bound })
    .filter(filters ? col<number>("value").mod(3).ne(0) : col<number>("value").isNotNull());
  const window = slide === size ? new TumblingWindow({ size }) : new SlidingWindow({ size, slide });
  const summed = pipeline.window(window).aggregate({ total: sum("value") });
  const totals: unknown[] = [];
  for await (const { windowStart, total } of summed) totals.push([windowStart, total]);
  return { totals, late, metrics: summed.metrics() };
}

Deno.test("Late rows go aside once each, in order, whatever the bees do", async () => {
  let [replayed, wentAside] = [0, 0];
  await forSeedsAsync(150, async (random, seed) => {
    const partitions = random.pick([1, 1, 3]);
    const rows = randomRows(random, partitions);
    const size = random.pick([4, 10, 60]);
    const shape = {
      size,
      slide: random.pick([size, size / 2]),
      bound: random.below(20),
      filters: random.chance(0.5),
    };
    const runtime = new SimulatedRuntime({ seed });
    const options = { ...randomOptions(random), runtime };
    const most = () => 1 + random.below(random.pick([1, 5, 100]));
    const { totals, late, metrics } = await runtime.drive(() => {
      breakBees(runtime, random);
      return aside(sourceOf(rows, { partitions, most }), shape, options);
    });
    assertEquals({ totals, late }, oracle(rows, partitions, shape));
    const { recordsIn, absorbed, filtered, untimed, skipped, unaccounted } = metrics;
    assertEquals(recordsIn, absorbed + filtered + late.flat().length + untimed + skipped);
    assertEquals([metrics.late, metrics.lateOut], [late.flat().length, late.flat().length]);
    assertEquals(unaccounted, 0);
    replayed += metrics.replayedBatches;
    wentAside += metrics.lateOut;
  });
  assert(replayed > 100 && wentAside > 1000, `${replayed} replayed, ${wentAside} went aside`);
});

/** Every row but the first is late for windows of a second. */
const LATE = [{ at: 60_000, note: "a" }, { at: 5, note: "b" }, { at: 1_500, note: "c" }];
const seconds = new TumblingWindow({ size: "1s" });

function counting(options: PipelineOptions, rows: Iterable<object> = LATE) {
  return from(rows as typeof LATE, { workers: 1, lateData: "sideOutput", ...options })
    .timestamps("at").window(seconds).aggregate({ n: count() });
}

Deno.test("A publisher gets late rows with all their columns, and is flushed", async () => {
  const publisher = new MemoryPublisher();
  const { late, lateOut } = await counting({ lateOutput: publisher }).run();
  assertEquals([late, lateOut], [2, 2]);
  assertEquals(publisher.rows(), [
    { record: { at: 5, note: "b" }, position: 1, partition: 0 },
    { record: { at: 1_500, note: "c" }, position: 2, partition: 0 },
  ]);
});

Deno.test("Watermarks that are decided row by row put the same rows aside", async () => {
  const notes: unknown[] = [];
  const lateOutput = ({ record }: LateRow) => void notes.push(record.note);
  const watermarks = new PeriodicWatermarkGenerator({ interval: "1s" });
  await from(LATE, { workers: 1, lateData: "sideOutput", lateOutput })
    .timestamps("at", { watermarks }).window(seconds).aggregate({ n: count() }).run();
  assertEquals(notes, ["b", "c"]);
});

Deno.test("What is late for a calendar goes aside with the columns that its source gave", async () => {
  const rows = [{ at: 3 * DAY_MS, note: "a" }, { at: 5, note: "b" }];
  const lateOutput = new MemoryPublisher();
  await from(rows, { workers: 1, lateData: "sideOutput", lateOutput })
    .timestamps("at").window(new CalendarWindow({ unit: "day", timeZone: "Europe/Berlin" }))
    .aggregate({ n: count() }).run();
  assertEquals(lateOutput.rows(), [{ record: rows[1], position: 1, partition: 0 }]);
});

Deno.test("Dropped late rows are counted, and none of them goes anywhere", async () => {
  const { late, lateOut } = await counting({ lateData: "drop" }).run();
  assertEquals([late, lateOut], [2, 0]);
});

Deno.test("The source waits while 1,024 late rows wait for their output, which gets them all", async () => {
  const runtime = new SimulatedRuntime({ seed: 3 });
  let [read, readBefore, got] = [0, 0, 0];
  async function* rows() {
    for (; read < 20_000; read++) {
      if (read % 10 === 0) await new Promise<void>((done) => runtime.soon(done));
      yield { at: read === 0 ? 60_000 : 5, note: "" };
    }
  }
  const lateOutput = async () => {
    if (got++ > 0) return;
    await new Promise<void>((done) => runtime.after(60_000, done));
    readBefore = read;
  };
  const pipeline = from(rows(), {
    ...{ workers: 1, runtime, batchRows: 10, checkpointBatches: 1 },
    ...{ lateData: "sideOutput", lateOutput },
  }).timestamps("at").window(seconds).aggregate({ n: count() });
  const { lateOut } = await runtime.drive(() => pipeline.run());
  assertEquals([lateOut, got], [19_999, 19_999]);
  assert(readBefore >= 1024 && readBefore < 10_000, `${readBefore} rows had been read`);
});

Deno.test("A checkpoint that sets free more late rows than may wait loses none of them", async () => {
  const rows = Array.from({ length: 5_000 }, (_, n) => ({ at: n === 0 ? 60_000 : 5, note: "" }));
  const positions: number[] = [];
  const lateOutput = async ({ position }: LateRow) => {
    await Promise.resolve();
    positions.push(position);
  };
  await counting({ lateOutput }, rows).run();
  assertEquals(positions, Array.from({ length: 4_999 }, (_, n) => n + 1));
});

Deno.test("An output that fails ends the run, saying which option to see to", async () => {
  const lateOutput = () => {
    throw new Error("the disk is full");
  };
  const message = "Cannot deliver late row: the disk is full; see to the option lateOutput";
  await assertRejects(() => counting({ lateOutput }).run(), Error, message);
});

Deno.test("A run that is stopped does not wait for an output that never answers", async () => {
  const stop = new AbortController();
  const lateOutput = () => {
    stop.abort(new Error("enough"));
    return new Promise<void>(() => {});
  };
  for (const rows of [LATE, Array.from({ length: 5_000 }, (_, n) => LATE[n === 0 ? 0 : 1])]) {
    const { signal } = stop;
    await assertRejects(() => counting({ lateOutput }, rows).run({ signal }), Error, "enough");
  }
});

Deno.test("lateData and lateOutput go together, and are what they must be", () => {
  const wrong = (options: unknown) => () => void from(LATE, options as PipelineOptions);
  const lateOutput = () => {};
  const together = 'lateData: "sideOutput" and the option lateOutput (a publisher or a callback) ' +
    "go together, received lateData ";
  assertThrows(wrong({ lateData: "sideOutput" }), TypeError, together + '"sideOutput"');
  assertThrows(wrong({ lateOutput }), TypeError, together + '"drop" and lateOutput given');
  assertThrows(
    wrong({ lateData: "keep", lateOutput }),
    TypeError,
    'lateData must be one of "drop", "sideOutput", "update", received "keep"',
  );
  assertThrows(
    wrong({ lateData: "update" }),
    RangeError,
    'lateData: "update" revises windows until allowedLateness after their end, received ' +
      "allowedLateness 0",
  );
  for (const [given, kind] of [[7, "number"], [null, "null"], [{}, "object"]]) {
    assertThrows(
      wrong({ lateData: "sideOutput", lateOutput: given }),
      TypeError,
      `lateOutput must be a publisher or a callback, received ${kind}`,
    );
  }
});

Deno.test("explain() tells where late rows go, and that whole rows go to the bees for it", () => {
  const text = from(LATE, { workers: 1, lateData: "sideOutput", lateOutput: () => {} })
    .timestamps("at").window(seconds).aggregate({ n: count() }).explain();
  assert(text.includes("all columns go to the bees, for the late rows"));
  assert(text.includes("late rows   to a callback, and counted; told apart in JavaScript"));
});
