import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describeUncrossable, RecordReader, RecordWriter } from "../src/batch/records/mod.ts";
import { MAX_SHAPES, Shape, ShapeTable } from "../src/batch/records/shape.ts";
import { MAX_CACHED_SHAPES, ShapeCache } from "../src/batch/records/shape_cache.ts";
import { MAX_REMEMBERED_STRINGS, TextColumn } from "../src/batch/records/text_column.ts";
import { anyValue, streamRecord } from "./support/any_values.ts";
import { rowBuilders } from "./support/build_row_builders.ts";
import { forSeeds } from "./support/random.ts";
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

Deno.test("a value that is too large, or holds millions, is refused with the reason all the same", () => {
  const writer = new RecordWriter({ maxBytes: 100_000 });
  const many = Array.from({ length: 300_000 }, (_, n) => n);
  const large = [
    many,
    Object.fromEntries(many.map((n) => [`key ${n}`, n])),
    new Set(many),
    new Map(many.map((n) => [n, n])),
    [many, [many, []]],
  ];
  for (const value of large) {
    const { message } = assertThrows(() => writer.write(value), RangeError);
    assert(message.includes("value takes more than 100000 bytes"), message);
    const symbol = { value, last: Symbol("s") };
    assert(describeUncrossable(symbol)?.startsWith("value.last is a symbol"));
  }
  writer.write("still works");
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

Deno.test("columns of ever new strings keep them, with refusals between and over many batches", () => {
  const writer = new RecordWriter();
  const reader = new RecordReader();
  let next = 0;
  for (let batch = 0; batch < 60; batch++) {
    const values = [];
    for (let i = 0; i < 150; i++) {
      const value = {
        id: `name ${next++}`,
        kind: batch % 2 ? `k${i % 3}` : `k${next}`,
        s: [`${i}`],
      };
      writer.write(value);
      values.push(value);
      if (i % 7 === 0) {
        const bad = { id: `lost ${i}`, kind: `lost ${i % 2}`, s: [`${i}`, Symbol("s")] };
        assertThrows(() => writer.write(bad), TypeError, "value.s[1]");
      }
    }
    assertEquals(reader.read(finish(writer)), values);
  }
});

Deno.test("strings and lists of any length come out equal", () => {
  const lengths = [0, 1, 12, 13, 255, 256, 65_535, 65_536, 200_000];
  const values = lengths.flatMap((length) => [
    { text: "x".repeat(length), list: new Array(length).fill(1) },
    { text: "é".repeat(length), list: new Array(length).fill("\ud800") },
  ]);
  assertSame(roundTrip(...values), values);
});

Deno.test("objects of any width come out equal, in batches of one shape and of many", () => {
  const wide = (width: number, first: number) =>
    Object.fromEntries(Array.from({ length: width }, (_, i) => [`${width}_${i}`, first + i]));
  const widths = [0, 1, 2, 15, 16, 17, 40, 512, 513, 600];
  const writer = new RecordWriter();
  const reader = new RecordReader();
  const alike = widths.map((width) => Array.from({ length: 150 }, (_, i) => wide(width, i)));
  const mixed = Array.from({ length: 300 }, (_, i) => wide(widths[i % widths.length], i));
  for (let round = 0; round < 2; round++) {
    for (const values of [...alike, mixed]) {
      writeAll(writer, values);
      assertEquals(reader.read(finish(writer)), values);
    }
  }
});

Deno.test("one reader reads batches of several writers in any order", () => {
  const writers = [new RecordWriter(), new RecordWriter(), new RecordWriter()];
  const reader = new RecordReader();
  forSeeds(50, (random) => {
    const batches = Array.from({ length: 8 }, () => {
      const values = Array.from(
        { length: 5 },
        (_, i) => ({ [`k${random.below(3)}`]: [`s${i}`], i }),
      );
      const writer = random.pick(writers);
      writeAll(writer, values);
      return { values, bytes: finish(writer) };
    });
    for (const { values, bytes } of random.shuffle(batches)) {
      assertEquals(reader.read(bytes), values);
    }
  });
});

Deno.test("a stream with new keys in every record works, and remembers a bounded part of them", () => {
  const shapes = new ShapeTable();
  for (let i = 0; i < 10_000; i++) {
    if (shapes.full) shapes.clear();
    shapes.learn([`a${i}`, "b"]);
    if (i % 3 === 0) shapes.learn([`a${i}`, "b"]);
    assert(shapes.size <= MAX_SHAPES);
  }
  const writer = new RecordWriter();
  const reader = new RecordReader();
  for (let batch = 0; batch < 40; batch++) {
    const values = Array.from(
      { length: 200 },
      (_, i) => ({ [`key ${batch} ${i}`]: i, in: { a: i } }),
    );
    for (const value of [...values, ...values]) writer.write(value);
    assertEquals(reader.read(finish(writer)), [...values, ...values]);
  }
});

Deno.test("shapes and strings that are remembered stay below their bounds", () => {
  const cache = new ShapeCache();
  for (let i = 0; i < 3 * MAX_CACHED_SHAPES; i++) {
    const { bytes, hash } = new Shape([`k${i}`]);
    assertEquals(cache.find(hash, bytes, 0, bytes.length).keys, [`k${i}`]);
    assert(cache.size <= MAX_CACHED_SHAPES);
  }
  const column = new TextColumn();
  for (let i = 0; i < 5 * MAX_REMEMBERED_STRINGS; i++) {
    column.write(`s${i}`);
    if (i % 50 === 0) column.reset();
    assert(column.remembered <= MAX_REMEMBERED_STRINGS);
  }
});

Deno.test("a field that Object.prototype was given is nobody's own", () => {
  const writer = new RecordWriter();
  const reader = new RecordReader();
  writeAll(writer, [{ a: 1, polluted: 2 }, { a: 1, polluted: 2 }]);
  assertEquals(reader.read(finish(writer)), [{ a: 1, polluted: 2 }, { a: 1, polluted: 2 }]);
  const prototype = Object.prototype as Record<string, unknown>;
  try {
    prototype.polluted = 1;
    writer.reset();
    writeAll(writer, [{ a: 3 }, { a: 4 }]);
    const values = reader.read(finish(writer)) as object[];
    assertEquals(values.map((value) => Object.entries(value)), [[["a", 3]], [["a", 4]]]);
  } finally {
    delete prototype.polluted;
  }
});

Deno.test("instances become plain objects of their own fields, whatever their prototype shows", () => {
  class Sensor {
    #secret = 1;
    constructor(readonly id: string) {}
    get secret() {
      return this.#secret;
    }
  }
  class Loud extends Sensor {}
  (Loud.prototype as unknown as Record<string, unknown>).loud = () => 1;
  const faked = Object.create(Map.prototype, { a: { value: 1, enumerable: true } });
  const bare = Object.assign(Object.create(null), { id: "c" });
  const values = [new Sensor("a"), new Loud("b"), bare, faked];
  const plain = [{ id: "a" }, { id: "b" }, { id: "c" }, { a: 1 }];
  assertSame(roundTrip(...values, ...values), [...plain, ...plain]);
});

Deno.test("what a prototype shows is no field, even where objects have a field of that name", () => {
  class Loud {
    constructor(readonly id: string) {}
  }
  (Loud.prototype as unknown as Record<string, unknown>).loud = 1;
  const own = { id: "a", loud: 1 };
  assertSame(roundTrip(own, own, new Loud("b"), own), [own, own, { id: "b" }, own]);
});

Deno.test("an array keeps a property beside its items, also with a hole for each", () => {
  const holed: unknown[] = Object.assign([1, 2], { note: "a" });
  delete holed[1];
  const match = /b(?<rest>.)/.exec("abc");
  const values = [[1, 2], holed, Object.assign([], { note: 1 }), match];
  assertSame(roundTrip(...values), values);
});

Deno.test("errors keep class, message, stack and cause, lists of errors and DOM errors included", () => {
  const errors = [
    new RangeError("a", { cause: { deep: [1] } }),
    new AggregateError([new TypeError("b")], "c"),
    new DOMException("d", "AbortError"),
  ];
  const [range, list, abort] = roundTrip(...errors) as [RangeError, AggregateError, DOMException];
  assertEquals([range instanceof RangeError, range.stack], [true, errors[0].stack]);
  assertEquals(range.cause, { deep: [1] });
  assertEquals([list.message, list.errors[0].message], ["c", "b"]);
  assert(list.errors[0] instanceof TypeError);
  assertEquals([abort.name, abort.message], ["AbortError", "d"]);
});

Deno.test("fields of a shape met for the first time are read once too", () => {
  let reads = 0;
  const make = (key: string) =>
    Object.defineProperty({ a: 1 }, key, { enumerable: true, get: () => ++reads });
  const writer = new RecordWriter();
  for (let i = 0; i < 300; i++) writer.write(make(`key${i}`));
  assertEquals(reads, 300);
  assertEquals(new RecordReader().read(finish(writer))[299], { a: 1, key299: 300 });
});

Deno.test("a getter that writes to the batch that reads it is refused", () => {
  const writer = new RecordWriter();
  const value = {
    get a() {
      writer.write(1);
      return 1;
    },
  };
  assertThrows(() => writer.write(value), TypeError, "a getter of the value being written");
  assertEquals(writer.length, 0);
  writer.write({ a: 2 });
  assertEquals(new RecordReader().read(finish(writer)), [{ a: 2 }]);
});

Deno.test("the row builders are the ones that their script makes", () => {
  const path = new URL("../src/batch/records/row_builders.ts", import.meta.url);
  assertEquals(Deno.readTextFileSync(path), rowBuilders());
});
