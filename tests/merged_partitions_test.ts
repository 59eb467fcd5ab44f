import { assert, assertEquals } from "@std/assert";
import {
  RecordBatch,
  type Source,
  type SourceBatch,
  SyntheticGenerator,
  types as t,
} from "../mod.ts";
import { mergedPartitions } from "../src/sources/merged_partitions.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import { forSeedsAsync, type Random } from "./support/random.ts";

type Row = { t: number; p: number; n: number };

const OPENED = {
  runtime: denoRuntime,
  signal: new AbortController().signal,
  badRecords: "fail" as const,
  deadLetter: () => {},
};

function sourceOf(parts: readonly SourceBatch[], more: Partial<Source> = {}): Source {
  return {
    name: "the topic",
    tellsPartitions: true,
    ...more,
    async *open() {
      yield* parts;
    },
  };
}

function batchOf(rows: readonly Row[]): RecordBatch {
  return RecordBatch.fromRows([...rows]) as RecordBatch;
}

async function merge(source: Source): Promise<Row[]> {
  const timesOf = (batch: RecordBatch) =>
    Float64Array.from(batch.toRows(), (row) => row.t as number);
  const rows: Row[] = [];
  for await (const { batch } of mergedPartitions(source, { opened: OPENED, timesOf })) {
    rows.push(...batch?.toRows() as unknown as Row[] ?? []);
  }
  return rows;
}

/** Row by row, as it is defined. */
function expected(partitions: readonly (readonly Row[])[]): Row[] {
  const at = partitions.map(() => 0);
  return Array.from({ length: partitions.flat().length }, () => {
    let next = -1;
    partitions.forEach((rows, p) => {
      if (at[p] < rows.length && (next < 0 || rows[at[p]].t < partitions[next][at[next]].t)) {
        next = p;
      }
    });
    return partitions[next][at[next]++];
  });
}

function randomPartitions(random: Random): Row[][] {
  return Array.from({ length: 1 + random.below(5) }, (_, p) => {
    let t = random.below(50);
    return Array.from({ length: random.below(60) }, (_, n) => {
      t += random.below(12) - 2; // some rows are late
      return { t, p, n };
    });
  });
}

Deno.test("mergedPartitions gives the rows of random partitions as a merge row by row does", async () => {
  await forSeedsAsync(150, async (random) => {
    const partitions = randomPartitions(random);
    const rest = partitions.map((rows) => [...rows]);
    const parts: SourceBatch[] = [{ partitions: partitions.length }];
    const open = new Set(partitions.keys());
    while (open.size > 0) {
      const partition = [...open][random.below(open.size)];
      const some = rest[partition].splice(0, 1 + random.below(9));
      const ended = rest[partition].length === 0 && random.below(3) > 0;
      if (rest[partition].length === 0) open.delete(partition);
      parts.push({
        ...(some.length > 0 && { batch: batchOf(some) }),
        ...{ partition, ended },
      });
    }
    assertEquals(await merge(sourceOf(parts)), expected(partitions));
  });
});

Deno.test("mergedPartitions goes on without a partition that gives nothing when too many rows wait", async () => {
  const rows = Array.from({ length: 60_000 }, (_, n) => ({ t: n, p: 0, n }));
  const batch = batchOf(rows);
  let [ahead, given] = [0, 0];
  const source: Source = {
    name: "the topic",
    ...{ partitions: 2, aligns: true },
    async *open({ alignment }) {
      for (let n = 0; n < 20; n++) {
        if (alignment!.isAhead(0)) ahead++;
        yield { batch, partition: 0 };
        given++;
      }
    },
  };
  let first = -1;
  const timesOf = ({ length }: RecordBatch) => new Float64Array(length);
  for await (const _ of mergedPartitions(source, { opened: OPENED, timesOf })) {
    if (first < 0) first = given;
  }
  assertEquals(first, 8); // the ninth batch makes more than half a million rows
  assertEquals(ahead, 0, "nothing is paused that must go on");
});

Deno.test("mergedPartitions holds a partition back that is ahead of one that is still to come", async () => {
  const batch = batchOf(Array.from({ length: 60_000 }, (_, n) => ({ t: n, p: 0, n })));
  const seen: boolean[] = [];
  const source: Source = {
    name: "the topic",
    ...{ partitions: 3, aligns: true },
    async *open({ alignment }) {
      yield { batch: batch.slice(0, 1), partition: 1 };
      for (let n = 0; n < 8; n++) {
        seen.push(alignment!.isAhead(0));
        yield { batch, partition: 0 };
      }
      const changed = alignment!.changed();
      yield { partition: 2, ended: true };
      yield { partition: 1, ended: true };
      await changed;
      seen.push(alignment!.isAhead(0));
    },
  };
  const timesOf = ({ length }: RecordBatch) => new Float64Array(length);
  let rows = 0;
  for await (const { batch } of mergedPartitions(source, { opened: OPENED, timesOf })) {
    rows += batch?.length ?? 0;
  }
  assertEquals(rows, 480_001);
  assertEquals(seen, [...new Array(6).fill(false), true, true, false]);
});

Deno.test("a twin is learned from the partitions of a source by time, whichever was read first", async () => {
  const rows = Array.from({ length: 4000 }, (_, n) => ({
    ts: new Date(1.7e12 + n * 1000).toISOString(),
    user: `u${n % 8}`,
  }));
  const parts = [0, 1, 2, 3].flatMap((partition): SourceBatch[] => {
    const own = rows.filter((_, n) => n % 4 === partition);
    return [{ batch: RecordBatch.fromRows(own) as RecordBatch, partition, ended: true }];
  });
  const options = { time: "ts", key: "user" };
  const twin = await SyntheticGenerator.fit(sourceOf([{ partitions: 4 }, ...parts]), options);
  assertEquals(twin.toBytes(), (await SyntheticGenerator.fit(rows, options)).toBytes());
  assert(twin.describe().includes("about 1.00 events a second"));
  const fast = await SyntheticGenerator.fit(rows.map((row, n) => ({ ...row, ts: n })), {
    ...options,
    columns: { ts: { type: t.timestamp } },
  });
  assert(fast.describe().includes("about 1,000 events a second"), fast.describe());
});
