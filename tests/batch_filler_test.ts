import { assert, assertEquals, assertThrows } from "@std/assert";
import { RecordReader } from "../src/batch/records/mod.ts";
import { aligned, hashBytes, RECORD_HEADER_BYTES } from "../src/hive/record_frames.ts";
import type { SealedBatch } from "../src/hive/work_queue.ts";
import { BatchFiller, type BatchFillerOptions } from "../src/stream/hive_stream/batch_filler.ts";
import { forSeeds, type Random } from "./support/random.ts";

const MAX_FRAME_BYTES = 2 ** 21 - 8;

function filler(options: Partial<BatchFillerOptions> = {}): BatchFiller {
  return new BatchFiller({
    group: 3,
    priority: false,
    sendKeys: () => true,
    sequence: () => 0,
    maxFrameBytes: MAX_FRAME_BYTES,
    ...options,
  });
}

/** What a bee would read of a batch. */
function contents(batch: SealedBatch): { values: unknown[]; keys: unknown[]; hashes: number[] } {
  const { body, rows, valueBytes, keyBytes } = batch;
  const valuesAt = hashBytes(rows);
  const keysAt = valuesAt + aligned(valueBytes);
  return {
    values: new RecordReader().read(body.subarray(valuesAt, valuesAt + valueBytes)),
    keys: keyBytes > 0 ? new RecordReader().read(body.subarray(keysAt, keysAt + keyBytes)) : [],
    hashes: [...new Int32Array(body.buffer, body.byteOffset, rows)],
  };
}

function randomValue(random: Random): unknown {
  switch (random.below(6)) {
    case 0:
      return undefined;
    case 1:
      return random.below(1000);
    case 2:
      return { n: random.next(), text: "é".repeat(random.below(40)) };
    case 3:
      return "x".repeat(random.below(3000));
    case 4:
      return new Map([[random.below(9), [random.chance(0.5)]]]);
    default:
      return () => {};
  }
}

interface Row {
  readonly key: string;
  readonly value: unknown;
  readonly hash: number;
  readonly sequence: number;
}

function check(batch: SealedBatch, rows: readonly Row[], options: BatchFillerOptions): void {
  const { values, keys, hashes } = contents(batch);
  const column = <K extends keyof Row>(name: K) => rows.map((row) => row[name]);
  assertEquals(values, column("value"));
  assertEquals(hashes, column("hash"));
  assertEquals(keys, options.sendKeys() ? column("key") : []);
  assertEquals(batch.keys, column("key"));
  assertEquals(batch.sequences, options.sequence ? column("sequence") : undefined);
  const frameBytes = RECORD_HEADER_BYTES + batch.body.length;
  assert(frameBytes <= options.maxFrameBytes, `${frameBytes} of ${options.maxFrameBytes} bytes`);
}

Deno.test("BatchFiller seals what was added, in frames that fit, and nothing of what it refused", () => {
  forSeeds(2_000, (random) => {
    const sends = random.chance(0.5);
    let sequence = 0;
    const options: BatchFillerOptions = {
      group: 0,
      priority: false,
      sendKeys: () => sends,
      sequence: random.chance(0.5) ? () => sequence : undefined,
      maxFrameBytes: 2 ** (11 + random.below(4)) - 8,
    };
    const filler = new BatchFiller(options);
    let rows: Row[] = [];
    for (; sequence < 60; sequence++) {
      const key = "k".repeat(random.below(options.maxFrameBytes >> 4));
      const row = { key, value: randomValue(random), hash: random.below(2 ** 31), sequence };
      try {
        const full = filler.add(row, row.hash);
        rows.push(row);
        if (!full && random.chance(0.9)) continue;
      } catch (error) {
        assert(error instanceof TypeError || error instanceof RangeError, String(error));
        continue;
      }
      check(filler.seal(sequence), rows, options);
      rows = [];
    }
  });
});

Deno.test("BatchFiller says that a batch is full at 1,024 rows, or at a quarter of the longest frame", () => {
  const small = filler();
  const fullAt = Array.from({ length: 1024 }, () => small.add({ key: "k", value: 1 }, 1)).indexOf(
    true,
  );
  assertEquals(fullAt, 1023);
  const large = filler({ maxFrameBytes: 40_000 });
  let rows = 1;
  while (!large.add({ key: "k", value: `${rows}`.padEnd(1_000) }, 1)) rows++;
  assert(rows >= 3 && rows <= 10, `full after ${rows} rows of 1,000 characters`);
});

Deno.test("BatchFiller numbers its batches and forgets the rows of the one before", () => {
  const one = filler();
  one.add({ key: "a", value: 1 }, 7);
  const first = one.seal(10);
  one.add({ key: "b", value: 2 }, 8);
  const second = one.seal(11);
  assertEquals([first.order, second.order, first.group], [10, 11, 3]);
  assertEquals(contents(first), { values: [1], keys: ["a"], hashes: [7] });
  assertEquals(contents(second), { values: [2], keys: ["b"], hashes: [8] });
});

Deno.test("BatchFiller refuses a key too long for a frame, and the batch is as before", () => {
  const one = filler();
  const message = "the key has 1000000 characters, at most 65535 allowed";
  assertThrows(() => one.add({ key: "k".repeat(1_000_000), value: 1 }, 1), RangeError, message);
  assertThrows(
    () => one.add({ key: "k", value: "x".repeat(400_000) }, 1),
    RangeError,
    "raise ringBytes",
  );
  one.add({ key: "é".repeat(65_535), value: "x".repeat(300_000) }, 1);
  const batch = one.seal(0);
  assertEquals(batch.rows, 1);
  assert(RECORD_HEADER_BYTES + batch.body.length <= MAX_FRAME_BYTES);
});
