import { assertEquals, assertThrows } from "@std/assert";
import { OneInput } from "../src/codecs/one_input.ts";

const NOTHING = () => {};

Deno.test("OneInput counts what comes, and releases once, when all has come", () => {
  let released = 0;
  const input = new OneInput("a.csv", () => released++);
  const taken: number[] = [];
  for (const bytes of [3, 0, 4]) {
    input.push(new Uint8Array(bytes), ({ length }) => void taken.push(length));
  }
  assertEquals([taken, input.bytes, released], [[3, 0, 4], 7, 0]);
  input.finish(NOTHING);
  assertEquals(released, 1);
  const error = assertThrows(() => input.push(new Uint8Array(1), NOTHING), TypeError);
  assertEquals(
    error.message,
    "Cannot read a.csv: the decoder has finished; make a new one for each input",
  );
  assertThrows(() => input.finish(NOTHING), TypeError, "has finished");
  assertEquals([input.bytes, released], [7, 1]);
});

Deno.test("OneInput takes nothing after an error, and has released when it leaves", () => {
  let released = 0;
  const input = new OneInput("a.csv", () => released++);
  const fail = () => {
    throw new RangeError("no more");
  };
  assertThrows(() => input.push(new Uint8Array(1), fail), RangeError, "no more");
  assertEquals(released, 1);
  assertThrows(() => input.push(new Uint8Array(1), NOTHING), TypeError, "has failed");
});

Deno.test("OneInput refuses what is no bytes, and goes on", () => {
  const input = new OneInput("a.csv");
  assertThrows(() => input.push("text" as unknown as Uint8Array, NOTHING), TypeError);
  input.push(new Uint8Array(2), NOTHING);
  assertEquals(input.bytes, 2);
  input.end();
  assertThrows(() => input.finish(NOTHING), TypeError, "has finished");
});
