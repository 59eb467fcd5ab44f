import { assertEquals } from "@std/assert";
import { MemoryPublisher } from "@waggle/stream";
import { DeadLetterBox } from "../src/stream/dead_letter_box.ts";
import type { DeadLetter } from "../src/stream/hive_stream_options.ts";

function letter(position: number): DeadLetter<{ n: number }> {
  const error = { name: "RangeError", message: `no ${position}` };
  return { key: `key ${position}`, record: { n: position }, error, position };
}

function never(error: Error): void {
  throw error;
}

Deno.test("DeadLetterBox delivers letters one after the other, in order, and counts them", async () => {
  const events: string[] = [];
  const box = new DeadLetterBox<DeadLetter<{ n: number }>>(async ({ position }) => {
    events.push(`begin ${position}`);
    await new Promise((resolve) => setTimeout(resolve, 3 - position));
    events.push(`end ${position}`);
  }, never);
  for (const position of [0, 1, 2]) box.put(letter(position));
  assertEquals([box.count, box.pending], [3, 3]);
  await box.flush();
  assertEquals([box.count, box.pending], [3, 0]);
  assertEquals(events, ["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"]);
});

Deno.test("DeadLetterBox gives a publisher a row for each letter", async () => {
  await using publisher = new MemoryPublisher();
  const box = new DeadLetterBox<DeadLetter<{ n: number }>>(publisher, never);
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
  }, ({ message }) => errors.push(message));
  for (const position of [0, 1, 2]) box.put(letter(position));
  await box.flush();
  assertEquals([delivered, box.pending], [[0, 2], 0]);
  assertEquals(errors.length, 1);
  assertEquals(errors[0].endsWith("the disk is full"), true, errors[0]);
});
