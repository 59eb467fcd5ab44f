import { assert, assertEquals } from "@std/assert";
import { RecordReader } from "../src/batch/records/mod.ts";
import { KeyOrder, type Row } from "../src/hive/key_order.ts";
import { RECORD_HEADER_BYTES, writeWorkHeader } from "../src/hive/record_frames.ts";
import { WorkBatch } from "../src/hive/work_batch.ts";
import { BatchFiller } from "../src/stream/hive_stream/batch_filler.ts";
import { forSeeds, type Random } from "./support/random.ts";

const readers = { values: new RecordReader(), keys: new RecordReader() };

/** A batch whose rows have these key hashes. */
function batchOf(hashes: readonly number[]): WorkBatch {
  const filler = new BatchFiller({
    group: 0,
    priority: false,
    sendKeys: () => false,
    maxFrameBytes: 65_536,
  });
  for (const hash of hashes) filler.add({ key: "k", value: 0 }, hash);
  const { body, rows, valueBytes, keyBytes } = filler.seal(0);
  const frame = new Uint8Array(RECORD_HEADER_BYTES + body.length);
  const header = { batch: 1, from: 0, to: rows, rows, valueBytes, keyBytes, suspect: false };
  writeWorkHeader(frame, header);
  frame.set(body, RECORD_HEADER_BYTES);
  return new WorkBatch(frame, readers, 0);
}

/** Takes rows as a bee does, with promises that settle in any order. */
class Run {
  readonly started: number[] = [];
  readonly running: Row[] = [];
  readonly ended = new Set<number>();
  readonly #order: KeyOrder;
  readonly #batch: WorkBatch;
  #next = 0;

  constructor(batch: WorkBatch, concurrency: number) {
    this.#batch = batch;
    this.#order = new KeyOrder(concurrency);
  }

  /** How many rows were taken up and wait for their key. */
  get parked(): number {
    return this.#next - this.started.length;
  }

  get order(): KeyOrder {
    return this.#order;
  }

  takeRows(): void {
    while (this.#next < this.#batch.to && (this.#order.running === 0 || this.#order.hasRoom)) {
      const row = { batch: this.#batch, row: this.#next++ };
      if (this.#order.running > 0 && this.#order.park(row)) continue;
      this.#start(row);
    }
  }

  #start(row: Row): void {
    this.started.push(row.row);
    this.#order.begin(row);
    this.running.push(row);
  }

  settleOne(random: Random): void {
    const [row] = this.running.splice(random.below(this.running.length), 1);
    this.ended.add(row.row);
    const next = this.#order.end(row);
    if (next) this.#start(next);
  }
}

Deno.test("KeyOrder runs rows of one key one after the other, of several keys at once, within bounds", () => {
  forSeeds(2_000, (random) => {
    const keys = 1 + random.below(12);
    const hashes = Array.from({ length: 1 + random.below(120) }, () => random.below(keys) - 5);
    const concurrency = 1 + random.below(8);
    const run = new Run(batchOf(hashes), concurrency);
    for (let i = 0; run.ended.size < hashes.length; i++) {
      assert(i < 1_000, "rows are left that never run");
      if (random.chance(0.7)) run.takeRows();
      const keysRunning = run.running.map(({ row }) => hashes[row]);
      assertEquals(new Set(keysRunning).size, keysRunning.length, "two of one key run");
      assertEquals(run.order.running, keysRunning.length);
      assert(keysRunning.length <= concurrency && run.parked <= 4 * concurrency);
      if (run.running.length > 0) run.settleOne(random);
    }
    for (const hash of new Set(hashes)) {
      const own = run.started.filter((row) => hashes[row] === hash);
      assertEquals(own, own.toSorted((a, b) => a - b), "rows of a key started out of order");
    }
    assertEquals([run.order.running, run.order.hasRoom, run.parked], [0, true, 0]);
  });
});

Deno.test("KeyOrder keeps other keys running while one key's row takes long", () => {
  const batch = batchOf([7, 7, 1, 2, 3, 7, 4]);
  const order = new KeyOrder(3);
  const row = (at: number): Row => ({ batch, row: at });
  order.begin(row(0));
  assertEquals([order.park(row(1)), order.park(row(2))], [true, false]);
  order.begin(row(2));
  order.begin(row(3));
  assertEquals([order.running, order.hasRoom], [3, false]);
  assertEquals(order.end(row(2)), undefined);
  assertEquals([order.park(row(5)), order.hasRoom], [true, true]);
  assertEquals(order.end(row(0)), row(1));
  assertEquals(order.end(row(1)), row(5));
  assertEquals(order.end(row(5)), undefined);
});
