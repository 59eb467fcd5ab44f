import { assert, assertEquals } from "@std/assert";
import { type HiveStreamOptions, isErrorRecord } from "@waggle/stream";
import type { RowError } from "../src/hive/record_frames.ts";
import type { SealedBatch } from "../src/hive/work_queue.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { BatchFiller } from "../src/stream/hive_stream/batch_filler.ts";
import { hiveStreamSettings } from "../src/stream/hive_stream/hive_stream_options.ts";
import { Outlet } from "../src/stream/hive_stream/outlet.ts";
import { forSeeds, type Random } from "./support/random.ts";

interface Input {
  readonly n: number;
}

function outletOf(options: HiveStreamOptions<Input>) {
  const failures: Error[] = [];
  const runtime = new SimulatedRuntime();
  const settings = hiveStreamSettings({ ...options, runtime });
  const outlet = new Outlet<Input, number>(settings, {
    failed: (error) => failures.push(error),
    relieved: () => {},
  });
  const read = () => {
    const results: unknown[] = [];
    while (outlet.results.length > 0) results.push(outlet.results.shift()!.result);
    return results;
  };
  return { outlet, failures, read };
}

/** A batch of the records with these numbers, which are also their places in the submission. */
function batchOf(numbers: readonly number[]): SealedBatch {
  let at = 0;
  const filler = new BatchFiller({
    group: 0,
    priority: false,
    sendKeys: () => false,
    sequence: () => numbers[at],
    maxFrameBytes: 65_536,
  });
  for (; at < numbers.length; at++) {
    filler.add({ key: `key ${numbers[at]}`, value: { n: numbers[at] } }, 0);
  }
  return filler.seal(0);
}

function errorsAt(...rows: number[]): Map<number, RowError> {
  return new Map(rows.map((index) => [index, { index, name: "Error", message: `row ${index}` }]));
}

const VALUES = { from: 0, values: [0, undefined, 20], errors: errorsAt(1) };

Deno.test("Outlet gives results, null for none, and an error record with what was submitted", () => {
  const { outlet, read } = outletOf({});
  outlet.settle(batchOf([0, 1, 2]), { ...VALUES, values: [undefined, undefined, null] });
  const [first, second, third] = read();
  assertEquals([first, third], [null, null]);
  assert(isErrorRecord(second));
  assertEquals(second.record, { n: 1 });
  assertEquals([second.key, second.error], ["key 1", { name: "Error", message: "row 1" }]);
  assertEquals([outlet.errors, outlet.skipped, outlet.held], [1, 0, 0]);
});

Deno.test("Outlet leaves errors out when they are skipped", () => {
  const { outlet, read } = outletOf({ onError: "skip" });
  outlet.settle(batchOf([0, 1, 2]), VALUES);
  assertEquals(read(), [0, 20]);
  assertEquals([outlet.errors, outlet.skipped, outlet.deadLetters.count], [1, 1, 0]);
});

Deno.test("Outlet gives errors to the dead letters, and holds their places until they are delivered", async () => {
  const letters: unknown[] = [];
  const deadLetter = async (letter: unknown) => {
    await Promise.resolve();
    letters.push(letter);
  };
  const { outlet, read } = outletOf({ onError: "deadLetter", deadLetter });
  outlet.settle(batchOf([7, 8, 9]), VALUES);
  assertEquals([read(), outlet.held], [[0, 20], 1]);
  await outlet.deadLetters.flush();
  assertEquals(outlet.held, 0);
  const error = { name: "Error", message: "row 1" };
  assertEquals(letters, [{ key: "key 8", record: { n: 8 }, error, position: 8 }]);
});

Deno.test("Outlet fails at the first error when it is asked to", () => {
  const { outlet, failures, read } = outletOf({ onError: "fail" });
  outlet.settle(batchOf([0, 1, 2]), VALUES);
  assertEquals(read()[0], 0);
  assertEquals(failures.length, 1);
  assert(failures[0].message.includes(`key "key 1": Error: row 1`), failures[0].message);
});

/** Settles the records in pieces of batches that are finished in any order. */
function settleShuffled(random: Random, outlet: Outlet<Input, number>, count: number): void {
  const numbers = random.shuffle(Array.from({ length: count }, (_, n) => n));
  const pieces: (() => void)[] = [];
  for (let at = 0; at < count;) {
    const own = numbers.slice(at, at += 1 + random.below(9));
    const batch = batchOf(own);
    const cut = random.below(own.length + 1);
    for (const [from, to] of [[0, cut], [cut, own.length]]) {
      const failed = own.flatMap((n, row) => n % 5 === 0 && row >= from && row < to ? [row] : []);
      const values = own.slice(from, to).map((n) => n % 5 === 0 ? undefined : n);
      pieces.push(() => outlet.settle(batch, { from, values, errors: errorsAt(...failed) }));
    }
  }
  for (const piece of random.shuffle(pieces)) piece();
}

Deno.test("Outlet brings results into the order of submission, whatever becomes of errors", () => {
  forSeeds(2_000, (random) => {
    const onError = random.pick(["emit", "skip"] as const);
    const { outlet, read } = outletOf({ ordered: "all", onError });
    settleShuffled(random, outlet, 60);
    const results = read().map((each) => isErrorRecord(each) ? (each.record as Input).n : each);
    const all = Array.from({ length: 60 }, (_, n) => n);
    assertEquals(results, onError === "skip" ? all.filter((n) => n % 5 !== 0) : all);
    assertEquals([outlet.held, outlet.errors], [0, 12]);
  });
});
