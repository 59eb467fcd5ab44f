import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describeUncrossable, RecordReader, RecordWriter } from "../src/batch/records/mod.ts";
import { anyValue, streamRecord } from "./support/any_values.ts";
import { difference } from "./support/same.ts";

const RUNS = 2000;

/** The batch of a writer, in shared memory of exactly the promised size. */
function finish(writer: RecordWriter): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(writer.byteLength()));
  const written = writer.finish(bytes);
  assertEquals(written % 8, 0);
  return bytes.subarray(0, written);
}

function writeAll(writer: RecordWriter, values: readonly unknown[]): void {
  for (const value of values) writer.write(value);
}

function assertSame(actual: readonly unknown[], values: readonly unknown[]): void {
  assertEquals(difference(actual, values.map((value) => structuredClone(value))), undefined);
}

function roundTrip(...values: unknown[]): unknown[] {
  const writer = new RecordWriter();
  writeAll(writer, values);
  return new RecordReader().read(finish(writer));
}

Deno.test("values of every kind come out of a batch as structuredClone() gives them", () => {
  const writer = new RecordWriter();
  const reader = new RecordReader();
  fc.assert(
    fc.property(fc.array(anyValue, { maxLength: 12 }), (values) => {
      writeAll(writer, values);
      assertSame(reader.read(finish(writer)), values);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("batches of few shapes come out equal, and again at a second, fresh reader", () => {
  const writer = new RecordWriter();
  const reader = new RecordReader();
  const item = fc.oneof({ weight: 12, arbitrary: streamRecord }, {
    weight: 1,
    arbitrary: anyValue,
  });
  fc.assert(
    fc.property(fc.array(item, { maxLength: 60 }), (values) => {
      writeAll(writer, values);
      const batch = finish(writer);
      assertSame(reader.read(batch), values);
      assertSame(new RecordReader().read(batch), values);
      assertSame(reader.read(batch), values);
    }),
    { numRuns: RUNS },
  );
});

const uncrossable = [() => 1, Symbol("s"), Promise.resolve(1), new WeakMap(), new URL("http://x/")];

/** A value with something in it that cannot cross, as deep as the random value goes. */
const refused = fc.tuple(anyValue, fc.constantFrom(...uncrossable), fc.nat(4)).map(
  ([value, bad, way]) => {
    if (way === 0) return { sensor_id: "s1", temperature: bad };
    if (way === 1) return { value, list: [1, "new", { a: 1, bad }] };
    if (way === 2) return [value, [value, bad]];
    if (way === 3) return { id: 1, name: "fresh", m: new Map([["k", [value, bad]]]) };
    return bad;
  },
);

Deno.test("a value that cannot cross leaves nothing in its batch, whatever surrounds it", () => {
  const writer = new RecordWriter();
  const reader = new RecordReader();
  const step = fc.oneof(
    streamRecord.map((value) => ({ value, good: true })),
    anyValue.map((value) => ({ value, good: true })),
    refused.map((value) => ({ value, good: false })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      for (const { value, good } of steps) {
        const before = [writer.length, writer.estimatedBytes];
        if (good) writer.write(value);
        else {
          assertThrows(() => writer.write(value), TypeError, "Cannot send value");
          assertEquals([writer.length, writer.estimatedBytes], before);
        }
      }
      const values = steps.filter((each) => each.good).map((each) => each.value);
      assertSame(reader.read(finish(writer)), values);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("RecordReader.read() of damaged bytes gives values or a RangeError, nothing else", () => {
  const writer = new RecordWriter();
  const reader = new RecordReader();
  fc.assert(
    fc.property(
      fc.array(fc.oneof(streamRecord, anyValue), { minLength: 1, maxLength: 10 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.option(fc.nat()),
      (values, changes, cut) => {
        writeAll(writer, values);
        let bytes = Uint8Array.from(finish(writer));
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        if (cut !== null) bytes = bytes.subarray(0, cut % bytes.length);
        try {
          reader.read(bytes);
        } catch (error) {
          assert(error instanceof RangeError, `${error}`);
        }
      },
    ),
    { numRuns: 5 * RUNS },
  );
});

Deno.test("a column that changes its kind in mid-batch keeps every value", () => {
  const values = [
    1,
    2,
    0.5,
    "a",
    null,
    7n,
    undefined,
    true,
    new Date(5),
    [1],
    { a: 1 },
    {},
    -0,
    "a",
  ];
  const rows = values.map((x, i) => ({ i, x, inner: { x }, list: [x, i] }));
  assertSame(roundTrip(...rows), rows);
});

Deno.test("a value in a circle, and one deeper than columns go, come out with their references", () => {
  const circle: Record<string, unknown> = { name: "a", list: [1] };
  circle.self = circle;
  const shared = { n: 1 };
  const [first, second] = roundTrip(circle, { map: new Map([[shared, shared]]) }) as [
    Record<string, unknown>,
    { map: Map<unknown, unknown> },
  ];
  assertEquals(first.self === first, true);
  const [[key, value]] = second.map;
  assertEquals(key === value, true);
  let deep: unknown = "bottom";
  for (let i = 0; i < 500; i++) deep = i % 2 ? [deep] : { deep };
  assertSame(roundTrip(deep, deep), [deep, deep]);
});

Deno.test("a getter is read once, and what it throws is thrown on with the batch unchanged", () => {
  let reads = 0;
  const value = {
    get a() {
      return ++reads;
    },
    b: 1,
  };
  assertEquals(roundTrip({ a: 1, b: 1 }, value), [{ a: 1, b: 1 }, { a: 1, b: 1 }]);
  assertEquals(reads, 1);
  const writer = new RecordWriter();
  const failing = {
    a: 1,
    get b(): number {
      throw new EvalError("mine");
    },
  };
  writer.write({ a: 0, b: 0 });
  assertThrows(() => writer.write(failing), EvalError, "mine");
  assertEquals(new RecordReader().read(finish(writer)), [{ a: 0, b: 0 }]);
});

Deno.test("a value may change after it was written", () => {
  const value = { list: [1, 2], bytes: new Uint8Array([1]), map: new Map([["a", 1]]) };
  const writer = new RecordWriter();
  writer.write(value);
  value.list.push(3);
  value.bytes[0] = 9;
  value.map.clear();
  const expected = { list: [1, 2], bytes: new Uint8Array([1]), map: new Map([["a", 1]]) };
  assertSame(new RecordReader().read(finish(writer)), [expected]);
});

Deno.test("a refusal names the place of what cannot cross, and the remedy", () => {
  const writer = new RecordWriter();
  const refusal = (value: unknown) => assertThrows(() => writer.write(value), TypeError).message;
  assertEquals(
    refusal({ user: { name: "a", fn: () => 1 } }),
    "Cannot send value to another thread: value.user.fn is a function, and functions cannot " +
      "cross threads; leave it out, or send the data it works with",
  );
  assert(refusal([1, { "a b": Promise.resolve(1) }]).includes('value[1]["a b"] is a Promise'));
  assert(refusal(new Map([["k", new URL("http://x/")]])).includes('value.get("k") is a URL'));
  assert(refusal(new Error("e", { cause: Symbol("s") })).includes("value.cause is a symbol"));
  assert(refusal(new SharedArrayBuffer(8)).includes("SharedArrayBuffer"));
  const buffer = new ArrayBuffer(8);
  buffer.transfer();
  assert(refusal({ buffer }).includes("value.buffer is a buffer that was transferred away"));
  assertEquals(writer.length, 0);
});

Deno.test("describeUncrossable() says nothing of a value that can cross", () => {
  const circle: unknown[] = [1, new Map(), new Date(), { a: 1n }];
  circle.push(circle);
  assertEquals(describeUncrossable(circle), undefined);
});

Deno.test("beyond its limits a value is refused with a RangeError that names the limit", () => {
  const writer = new RecordWriter({ maxBytes: 10_000, maxDepth: 40, maxStringLength: 100 });
  let deep: unknown = 1;
  for (let i = 0; i < 41; i++) deep = [deep];
  assertThrows(() => writer.write(deep), RangeError, "deeper than 40 levels");
  assertThrows(
    () => writer.write({ a: "x".repeat(101) }),
    RangeError,
    "value.a is a string of 101",
  );
  assertThrows(() => writer.write(new Set(["x".repeat(101)])), RangeError, "string of 101");
  assertThrows(() => writer.write(new Array(5000).fill(1)), RangeError, "more than 10000 bytes");
  assertThrows(() => writer.write(new Uint8Array(20_000)), RangeError, "more than 10000 bytes");
  assertThrows(() => new RecordWriter({ maxDepth: 5000 }), RangeError, "maxDepth");
  assertEquals(writer.length, 0);
});

Deno.test("a million levels are refused and not a stack overflow", () => {
  let deep: unknown = 1;
  for (let i = 0; i < 1_000_000; i++) deep = { a: deep };
  const writer = new RecordWriter();
  assertThrows(() => writer.write(deep), RangeError, "deeper than 512 levels");
  assertEquals(writer.length, 0);
});

Deno.test("RecordWriter.finish() into too small or unaligned a target says how much it needs", () => {
  const writer = new RecordWriter();
  writer.write("a");
  const needed = writer.byteLength();
  assertThrows(() => writer.finish(new Uint8Array(needed - 8)), RangeError, `${needed} bytes`);
  const buffer = new ArrayBuffer(needed + 8);
  assertThrows(() => writer.finish(new Uint8Array(buffer, 4, needed)), RangeError, "at 4");
  assertEquals(new RecordReader().read(finish(writer)), ["a"]);
});
