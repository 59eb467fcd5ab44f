import { assertEquals } from "@std/assert";
import { MemoryPublisher } from "@waggle/stream";
import { DeadLetterBox } from "../src/stream/dead_letter_box.ts";
import type { DeadLetter } from "../src/stream/hive_stream/hive_stream_options.ts";

function letter(position: number): DeadLetter<{ n: number }> {
  const error = { name: "RangeError", message: `no ${position}` };
  return { key: `key ${position}`, record: { n: position }, error, position };
}

const events = {
  failed(error: Error): void {
    throw error;
  },
};

interface Letter {
  readonly record: unknown;
}

function boxWith(target: ConstructorParameters<typeof DeadLetterBox<Letter>>[0]) {
  const failures: string[] = [];
  const box = new DeadLetterBox<Letter>(target, {
    failed: (error) => failures.push(error.message),
  });
  return { box, failures };
}

Deno.test("DeadLetterBox delivers letters one after the other, in order, and counts them", async () => {
  const log: string[] = [];
  const box = new DeadLetterBox<DeadLetter<{ n: number }>>(async ({ position }) => {
    log.push(`begin ${position}`);
    await new Promise((resolve) => setTimeout(resolve, 3 - position));
    log.push(`end ${position}`);
  }, events);
  for (const position of [0, 1, 2]) box.put(letter(position));
  assertEquals([box.count, box.pending], [3, 3]);
  await box.flush();
  assertEquals([box.count, box.pending], [3, 0]);
  assertEquals(log, ["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"]);
});

Deno.test("DeadLetterBox gives a publisher a row for each letter", async () => {
  await using publisher = new MemoryPublisher();
  const box = new DeadLetterBox<DeadLetter<{ n: number }>>(publisher, events);
  box.put(letter(4));
  box.put(letter(5));
  await box.flush();
  assertEquals(publisher.batches.flatMap((batch) => batch.toRows()), [{ ...letter(4) }, {
    ...letter(5),
  }]);
});

Deno.test("DeadLetterBox reports a delivery that fails, and delivers the others", async () => {
  const errors: string[] = [];
  const delivered: number[] = [];
  const box = new DeadLetterBox<DeadLetter<{ n: number }>>(({ position }) => {
    if (position === 1) throw new Error("the disk is full");
    delivered.push(position);
  }, { failed: ({ message }) => errors.push(message) });
  for (const position of [0, 1, 2]) box.put(letter(position));
  await box.flush();
  assertEquals([delivered, box.pending], [[0, 2], 0]);
  assertEquals(errors.length, 1);
  assertEquals(errors[0].includes(": the disk is full;"), true, errors[0]);
});

Deno.test("DeadLetterBox.discard() gives up what is not delivered, and flush() does not wait for it", async () => {
  const started: unknown[] = [];
  const { box } = boxWith(({ record }) => {
    started.push(record);
    return new Promise(() => {});
  });
  box.put({ record: 1 });
  box.put({ record: 2 });
  const flushed = box.flush();
  await Promise.resolve(); // the first one is under way
  box.discard();
  await flushed;
  box.put({ record: 3 });
  await box.flush();
  assertEquals([box.count, box.pending, started], [3, 3, [1]]);
});

Deno.test("DeadLetterBox tells of deliveries and flushes that fail, whatever they fail with", async () => {
  const fix = "; see to the option deadLetter";
  for (
    const [thrown, reason] of [[new Error("full"), "full"], ["text", "text"], [
      undefined,
      "undefined",
    ]]
  ) {
    const { box, failures } = boxWith(() => Promise.reject(thrown));
    box.put({ record: 1 });
    await box.flush();
    assertEquals(failures, [`Cannot deliver dead letter: ${reason}${fix}`]);
  }
  const { box, failures } = boxWith({
    publish: () => Promise.resolve({ records: 1 }),
    flush: () => Promise.reject(new Error("disk full")),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  box.put({ record: 1 });
  await box.flush();
  assertEquals(failures, [`Cannot deliver dead letters: disk full${fix}`]);
});

Deno.test("DeadLetterBox publishes records that fit no column as text", async () => {
  const circle: unknown[] = [];
  circle.push(circle);
  const odd: [unknown, unknown][] = [
    [{ a: 1 }, { a: 1 }],
    [new Map([["a", 1n]]), '[["a","1"]]'],
    [new Set([/x/g]), '["/x/g"]'],
    [2n ** 100n, '"1267650600228229401496703205376"'],
    ["half \ud800", "half \ufffd"],
    [new Date(NaN), "null"],
    [new Float64Array(2), "[0,0]"],
    [new RangeError("out"), '{"name":"RangeError","message":"out"}'],
    [circle, "[object Array]"],
  ];
  for (const [record, expected] of odd) {
    const publisher = new MemoryPublisher();
    const { box, failures } = boxWith(publisher);
    box.put({ record });
    await box.flush();
    assertEquals([publisher.rows(), failures], [[{ record: expected }], []]);
  }
});
