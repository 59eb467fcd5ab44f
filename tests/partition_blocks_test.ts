import { assert, assertEquals, assertRejects } from "@std/assert";
import * as fc from "fast-check";
import {
  count,
  from,
  type LateRow,
  type PipelineOptions,
  schema,
  SlidingWindow,
  type Source,
  sum,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { RecordBatch } from "../src/batch/mod.ts";
import type { SourceBatch, SourceOptions } from "../src/stream/source.ts";
import { runSimulated, simulatedRuns } from "./support/simulated_runs.ts";
import { windowsAt } from "./support/window_oracle.ts";

const COLUMNS = schema({ at: t.timestamp, key: t.utf8, x: t.i32 });
const MOST_BYTES = 1_000;

interface Row {
  readonly at: number;
  readonly key: string;
  readonly x: number;
}

/** What a source says next. */
type Said =
  | { readonly partition: number; readonly rows: readonly Row[] }
  | { readonly partitions: number }
  | { readonly ended: number };

interface Case {
  readonly said: readonly Said[];
  readonly bound: number;
  readonly window: TumblingWindow | SlidingWindow;
  readonly filtered: boolean;
}

/** Partitions come and go: what is drawn that cannot be said is left out. */
const said: fc.Arbitrary<Said[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("rows", "rows", "rows", "rows", "begin", "end"),
    turn: fc.nat({ max: 9 }),
    steps: fc.array(fc.record({ step: fc.nat({ max: 9 }), back: fc.nat({ max: 20 }) }), {
      maxLength: 8,
    }),
  }),
  { maxLength: 40 },
).map((turns) => {
  let count = 1;
  let x = 0;
  const open = [0];
  let now = 0;
  return turns.flatMap(({ kind, turn, steps }): Said[] => {
    const partition = open[turn % open.length];
    if (kind === "begin" || partition === undefined) {
      for (let more = 1 + turn % 3; more > 0; more--) open.push(count++);
      return [{ partitions: count }];
    }
    if (kind === "end") {
      open.splice(turn % open.length, 1);
      return [{ ended: partition }];
    }
    const rows = steps.map(({ step, back }) => {
      now += step;
      return { at: now - back, key: "abc"[turn % 3], x: x++ };
    });
    return [{ partition, rows }];
  });
});

const size = fc.integer({ min: 1, max: 20 });
const cases: fc.Arbitrary<Case> = fc.record({
  said,
  bound: fc.constantFrom(0, 3, 15),
  window: fc.oneof(
    size.map((size) => new TumblingWindow({ size })),
    fc.record({ size, slide: size }).map((given) => new SlidingWindow(given)),
  ),
  filtered: fc.boolean(),
});

/** The same as blocks where these are asked for, or as batches. */
function sourceOf(given: readonly Said[], { blocks }: { readonly blocks: boolean }): Source<Row> {
  const encoder = new TextEncoder();
  async function* open({ blockBytes }: SourceOptions): AsyncGenerator<SourceBatch<Row>> {
    assertEquals(blockBytes !== undefined, blocks);
    let hasFormat = false;
    const offsets: number[] = [];
    for (const each of given) {
      if ("partitions" in each) yield { partitions: each.partitions };
      else if ("ended" in each) yield { partition: each.ended, ended: true };
      else if (!blocks) {
        const batch = RecordBatch.fromRows(each.rows, { schema: COLUMNS }) as unknown;
        yield { partition: each.partition, batch: batch as RecordBatch<Row> };
      } else {
        if (!hasFormat) yield { format: formatOf() };
        hasFormat = true;
        const lines = each.rows.map((row) => `${JSON.stringify(row)}\n`).join("");
        const offset = offsets[each.partition] ?? 0;
        offsets[each.partition] = offset + each.rows.length;
        const block = { bytes: encoder.encode(lines), offset, linesBefore: 0 };
        if (lines !== "") yield { partition: each.partition, block };
      }
    }
  }
  return {
    ...{ name: "a case", schema: COLUMNS as never, tellsPartitions: true, open },
    ...(blocks && { recordBytes: MOST_BYTES }),
  };
}

function formatOf(): NonNullable<SourceBatch["format"]> {
  const limits = { batchRows: 3, maxRecordBytes: MOST_BYTES, maxDepth: 4, maxColumns: 9 };
  return {
    schema: COLUMNS,
    decoder: { format: "ndjson", schema: COLUMNS, ...limits },
    badRecords: "fail",
    report: () => {},
    name: "a case",
  };
}

const isKept = ({ x }: Row) => x % 5 !== 0;

/** By hand: the watermark is the least of the open partitions', and new ones begin where it is. */
function expectedOf({ said, bound, window, filtered }: Case) {
  const groups = new Map<string, { n: number; total: number }>();
  const late: number[] = [];
  let greatest = new Map([[0, -Infinity]]);
  const least = () => Math.min(...greatest.values());
  let count = 1;
  let ended: number[] = [];
  for (const each of said) {
    if ("partitions" in each) {
      const begin = least();
      for (; count < each.partitions; count++) greatest.set(count, begin);
      greatest = new Map([...greatest].filter(([partition]) => !ended.includes(partition)));
      ended = [];
    } else if ("ended" in each) {
      // the last one of all keeps the watermark where it is
      if (greatest.size > 1) greatest.delete(each.ended);
      else ended.push(each.ended);
    } else {
      for (const row of each.rows) {
        const all = filtered && !isKept(row) ? [] : windowsAt(window, row.at);
        const open = all.filter(({ end }) => end > least() - bound);
        if (all.length > 0 && open.length === 0) late.push(row.x);
        for (const { start, end } of open) {
          const name = `${start}..${end} ${row.key}`;
          const { n, total } = groups.get(name) ?? { n: 0, total: 0 };
          groups.set(name, { n: n + 1, total: total + row.x });
        }
        greatest.set(each.partition, Math.max(greatest.get(each.partition)!, row.at));
      }
    }
  }
  const lines = [...groups].map(([name, { n, total }]) => `${name}: ${n} ${total}`);
  return { lines: lines.sort(), late: late.sort((a, b) => a - b) };
}

function pipelineOf(given: Case, blocks: boolean, options: PipelineOptions) {
  const timed = from(sourceOf(given.said, { blocks }), options)
    .timestamps("at", { maxDisorder: given.bound });
  const kept = given.filtered ? timed.filter(({ x }) => x % 5 !== 0) : timed;
  return kept.keyBy("key").window(given.window as TumblingWindow)
    .aggregate({ n: count(), total: sum("x") });
}

for (const blocks of [false, true]) {
  const what = blocks ? "blocks" : "batches";
  Deno.test(`Partitions of ${what} that come and go give what is counted by hand, on any bees`, async () => {
    let lost = 0;
    await fc.assert(
      fc.asyncProperty(cases, simulatedRuns(3), async (given, run) => {
        const expected = expectedOf(given);
        const late = new Set<number>();
        const { results, metrics } = await runSimulated(
          run,
          (options) =>
            pipelineOf(given, blocks, {
              ...options,
              lateData: "sideOutput",
              lateOutput: ({ record }: LateRow) => void late.add(record.x as number),
            }),
        );
        const lines = (results as Record<string, unknown>[]).map((row) =>
          `${row.windowStart}..${row.windowEnd} ${row.key}: ${row.n} ${row.total}`
        );
        assertEquals(lines.sort(), expected.lines);
        assertEquals([...late].sort((a, b) => a - b), expected.late);
        assertEquals([metrics.late, metrics.unaccounted], [expected.late.length, 0]);
        lost += metrics.lostBees;
      }),
      { numRuns: 150 },
    );
    assert(lost > 0, "no bee was lost");
  });
}

Deno.test("A union numbers partitions that its sources come to have among those of all", async () => {
  const row = (at: number, x: number) => ({ at, key: "a", x });
  const one = sourceOf([{ partitions: 3 }, { partition: 2, rows: [row(1, 1)] }], { blocks: false });
  const two = sourceOf([{ partition: 0, rows: [row(2, 2)] }, { partitions: 2 }, {
    partition: 1,
    rows: [row(3, 3)],
  }], { blocks: false });
  const both = from(one, { workers: 1 }).union(from(two));
  const rows = await Array.fromAsync(both);
  assertEquals(rows.map(({ x }) => x).sort(), [1, 2, 3]);
});

Deno.test("Partitions do not get fewer", async () => {
  const source = sourceOf([{ partitions: 3 }, { partitions: 2 }], { blocks: false });
  await assertRejects(
    () => Array.fromAsync(from(source, { workers: 1 })),
    RangeError,
    "Cannot read a case: partitions must be a whole number from 3 to 65536, received 2",
  );
});
