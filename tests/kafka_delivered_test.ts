import { assert, assertEquals } from "@std/assert";
import { col, count, from, type RecordBatch, sum, TumblingWindow } from "../mod.ts";
import { deliveredNote, deliveredUntil } from "../src/kafka/source/delivered_note.ts";
import type { KafkaSourceOptions } from "../src/kafka/source/kafka_source_options.ts";
import { delay } from "../src/stream/delay.ts";
import { P0, publisherOf, range, simulate, type World } from "./support/kafka/source_world.ts";
import { Random } from "./support/random.ts";

const SIZE = 100;
const DISORDER = 40;
const ROWS = 900;

/** The numbers of rows, which are their times, each at most so far from its place. */
function disordered(random: Random): number[] {
  return range(ROWS).map((x) => [x, x + random.next() * (DISORDER - 1)])
    .sort(([, one], [, other]) => one - other).map(([x]) => x);
}

function lineOf({ windowStart, n, of }: { windowStart: number; n: number; of: number }): string {
  return `${windowStart}: ${n} rows, ${of}`;
}

const WHOLE = new Set(
  range(ROWS / SIZE).map((at) => {
    const xs = range(SIZE).map((x) => SIZE * at + x);
    return lineOf({ windowStart: SIZE * at, n: SIZE, of: xs.reduce((all, x) => all + x) });
  }),
);

/** Counts windows until it is stopped, or its topic ends; gives what was delivered. */
async function life(
  { source, runtime }: World,
  options: Partial<KafkaSourceOptions>,
  { stop, size = SIZE }: { stop?: AbortSignal; size?: number } = {},
): Promise<string[]> {
  const rows = from(source({ groupId: "g", commitInterval: "100ms", ...options }), {
    ...{ workers: 2, runtime, settleInterval: "50ms" },
  });
  const counted = rows.timestamps("x", { maxDisorder: DISORDER })
    .window(new TumblingWindow({ size })).aggregate({
      n: count(),
      of: sum(col<number>("x").cast("f64")),
    });
  const lines: string[] = [];
  const publish = (batch: RecordBatch) => {
    lines.push(...batch.toRows().map((row) => lineOf(row as Parameters<typeof lineOf>[0])));
    return Promise.resolve({ records: batch.length });
  };
  const publisher = { ...publisherOf({ take: () => {} }), publish };
  await counted.to(publisher).run(stop ? { signal: stop } : {}).catch((error) => {
    if (!stop?.aborted) throw error;
  });
  return lines;
}

/** Stops a life that reads rows as they come, writes the rest, and has another one read it. */
async function stopped(world: World, seed: number, size?: number): Promise<string[][]> {
  const { writer, runtime } = world;
  const random = new Random(seed);
  const xs = disordered(random).map((x) => ({ x, partition: random.below(2) }));
  const send = async (some: typeof xs) => {
    for (const partition of [0, 1]) {
      const own = some.filter((each) => each.partition === partition);
      if (own.length === 0) continue;
      const values = own.map(({ x }) => ({ value: JSON.stringify({ x }) }));
      await writer.send({ ...P0, partition }, values);
    }
  };
  const stop = new AbortController();
  const first = life(world, {}, { stop: stop.signal });
  const most = 300 + random.below(400);
  for (let at = 0; at < most; at += 25) {
    await send(xs.slice(at, Math.min(most, at + 25)));
    await delay(runtime, random.below(300));
  }
  await delay(runtime, random.below(2000));
  stop.abort();
  const lines = [await first];
  await send(xs.slice(most));
  lines.push(await life(world, { until: "end" }, { ...(size && { size }) }));
  return lines;
}

Deno.test("A window that was delivered before a process ended is not delivered again with the rest of its rows", async () => {
  let both = 0;
  for (let seed = 1; seed <= 12; seed++) {
    await simulate(async (world) => {
      const [first, second] = await stopped(world, seed);
      const all = [...first, ...second];
      const parts = all.filter((line) => !WHOLE.has(line));
      assertEquals(parts, [], `seed ${seed}: results of a part of their rows`);
      assertEquals(new Set(all), WHOLE, `seed ${seed}`);
      if (first.length > 0) both++;
      // the note is of all partitions, each with the same
      const { offsets } = world.kafka.group("g");
      assertEquals(offsets.length, 2);
      assertEquals(new Set(offsets.map(({ metadata }) => metadata)).size, 1);
    });
  }
  assert(both > 6);
});

Deno.test("What is noted of other windows is passed over", () =>
  simulate(async (world) => {
    const [, second] = await stopped(world, 3, 2 * SIZE);
    const starts = second.map((line) => parseInt(line));
    assert(starts.some((start) => start % (2 * SIZE) === 0) && starts.at(-1)! >= 800 - SIZE);
  }));

Deno.test("A note that is anybody's, or of other windows, says nothing", () => {
  const windows = "tumbling, 1m each; by at";
  const note = deliveredNote({ windows, until: 1234 })!;
  assertEquals(deliveredUntil(note, windows), 1234);
  const others = [undefined, "", "{", "null", "[1]", '{"waggle":2}', note.replace("1234", '"x"')];
  for (const other of others) assertEquals(deliveredUntil(other, windows), undefined);
  assertEquals(deliveredUntil(note, "tumbling, 2m each; by at"), undefined);
  assertEquals(deliveredUntil(note, undefined), undefined);
  assertEquals(deliveredNote({ windows: "x".repeat(2000), until: 1 }), undefined);
});
