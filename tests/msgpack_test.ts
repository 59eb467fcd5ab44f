import { assert, assertEquals, assertThrows } from "@std/assert";
import { decode, encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { RecordBatch, schema, types as t } from "@waggle/stream";
import {
  fromMessagePack,
  type FromMessagePackOptions,
  MessagePackError,
  toMessagePack,
} from "@waggle/stream/msgpack";
import { assertSame, holds, schemaAndRows } from "./support/batches.ts";
import { Random } from "./support/random.ts";
import { NO_CODE_FROM_STRINGS, runScript } from "./support/run_script.ts";

const SEED = Number(Deno.env.get("WAGGLE_TEST_SEED") ?? 5);

/** What MessagePack has of a value: no undefined, no lone surrogates. */
function representable(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(representable);
  const isLeaf = typeof value !== "object" || value === null || value instanceof Date ||
    value instanceof Uint8Array;
  if (isLeaf) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, representable(v)]));
}

function rejection(bytes: number[] | Uint8Array, options?: FromMessagePackOptions): string {
  const error = assertThrows(
    () => fromMessagePack(Uint8Array.from(bytes), options),
    MessagePackError,
  ) as MessagePackError;
  assert(error.offset >= 0 && error.offset <= bytes.length);
  return error.message;
}

Deno.test("fromMessagePack() gives back any batch that toMessagePack() was given", () => {
  holds(schemaAndRows, ({ schema, rows }) => {
    const batch = RecordBatch.fromRows(rows, { schema });
    const back = fromMessagePack(toMessagePack(batch, { sequence: rows.length % 2 === 1 }), {
      schema,
    });
    assertSame(back.toRows(), batch.toRows().map(representable));
  });
});

Deno.test("toMessagePack() writes what npm:@msgpack/msgpack reads as the same values", () => {
  const batch = RecordBatch.fromRows([
    {
      name: "Gull",
      n: 3,
      big: 2n ** 62n,
      x: -0,
      at: new Date(1_500),
      raw: Uint8Array.of(1),
      none: null,
    },
  ], {
    schema: schema({
      name: t.utf8,
      n: t.i32,
      big: t.i64,
      x: t.f64,
      at: t.timestamp,
      raw: t.bytes,
      none: t.mixed,
    }),
  });
  const [row] = decode(toMessagePack(batch), { useBigInt64: true }) as Record<string, unknown>[];
  assertSame(row, {
    name: "Gull",
    n: 3,
    big: 2n ** 62n,
    x: -0,
    at: new Date(1_500),
    raw: Uint8Array.of(1),
    none: null,
  });
});

Deno.test("fromMessagePack() infers columns, and reads rows one after the other", () => {
  const rows = [{ bird: "Gull", seen: new Date(5), n: 1, big: 7n }, {
    bird: "Owl",
    seen: null,
    n: 2,
    big: 8n,
  }];
  const bytes = Uint8Array.from(rows.flatMap((row) => [...encode(row, { useBigInt64: true })]));
  const batch = fromMessagePack(bytes);
  assertEquals(batch.schema.fields.map(({ name, type }) => [name, type.kind]), [
    ["bird", "utf8"],
    ["seen", "timestamp"],
    ["n", "i32"],
    ["big", "i64"],
  ]);
  assertEquals(batch.toRows(), [
    { bird: "Gull", seen: 5, n: 1, big: 7n },
    { bird: "Owl", seen: null, n: 2, big: 8n },
  ]);
  assertEquals(fromMessagePack(new Uint8Array(0)).length, 0);
  assertEquals(fromMessagePack(Uint8Array.of(0x90)).length, 0);
});

Deno.test("fromMessagePack() keeps times before 1970 and beyond what a Date can be", () => {
  const times = schema({ at: t.timestamp });
  const values = [
    -1,
    -1_001,
    0,
    2 ** 34 * 1_000,
    8.64e15 + 7,
    -8.64e15 - 7,
    Number.MAX_SAFE_INTEGER,
  ];
  const batch = RecordBatch.fromRows(values.map((at) => ({ at })), { schema: times });
  const back = fromMessagePack(toMessagePack(batch), { schema: times });
  assertEquals(back.toRows().map(({ at }) => at), values);
});

Deno.test("fromMessagePack() makes __proto__ an own key like any other, at every level", () => {
  const row = JSON.parse(
    '{"__proto__":1,"\\u0000":2,"\\u0000__proto__":3,"deep":{"__proto__":{"a":4}}}',
  );
  const batch = fromMessagePack(encode([row]));
  const [back] = batch.toRows() as Record<string, unknown>[];
  assertSame(back, row);
  assert(Object.hasOwn(back, "__proto__") && Object.hasOwn(back.deep as object, "__proto__"));
  assertEquals(({} as { a?: number }).a, undefined);
});

Deno.test("fromMessagePack() keeps the byte-order mark of long and short texts", () => {
  const rows = [1, 199, 200, 300, 70_000].map((length) => ({
    text: "\ufeff" + "x".repeat(length),
  }));
  assertSame(fromMessagePack(encode(rows)).toRows(), rows);
  assertSame(fromMessagePack(toMessagePack(RecordBatch.fromRows(rows))).toRows(), rows);
});

Deno.test("fromMessagePack() says where rows are damaged or none", () => {
  const cases: [number[], string][] = [
    [[0x93, 0x80, 0x80], "byte 0: the bytes end within a value"],
    [[0x92, 0x80, 0x01], "byte 2: row 1 must be a map, received number"],
    [[0x91, 0xc0], "byte 1: row 0 must be a map, received nil"],
    [[0x91, 0xc3], "byte 1: row 0 must be a map, received boolean"],
    [[0xc1], "byte 0: row 0 must be a map, received c1, which begins no value"],
    [[0x80, 0xc0], "byte 1: row 1 must be a map"],
    [[0x91, 0x80, 0x80], "byte 2: more bytes follow the array"],
    [[0x81, 0xa1, 0x61, 0xc1], "byte 3: 0xc1 begins no value"],
    [[0x81, 0x01, 0x02], "byte 1: a key is no text"],
    [[0x81, 0xa1, 0x61, 0xa2, 0xff, 0xfe], "byte 4: a text is not valid UTF-8"],
    [[0x81, 0xa1, 0x61, 0xa3, 0xed, 0xa0, 0x80], "byte 4: a text is not valid UTF-8"],
    [[0x81, 0xa1, 0x61, 0xd4, 0x05, 0x00], "byte 3: the extension type 5 is not known"],
    [[0x81, 0xa1, 0x61, 0xd5, 0xff, 0, 0], "byte 3: a timestamp of 2 bytes"],
    [[0x81, 0xa1, 0x61, 0xd7, 0xff, 255, 255, 255, 255, 0, 0, 0, 0], "1073741823 nanoseconds"],
    [[0x81, 0xa1, 0x61, 0xcb, 1, 2], "the bytes end within a value"],
    [[0x81, 0xa1, 0x61, 0xd9], "the bytes end within a value"],
  ];
  for (const [bytes, reason] of cases) {
    const message = rejection(bytes);
    assert(message.includes(reason), `${message} lacks ${reason}`);
  }
});

/** What this test's own objects and buffers take: other tests of the process have theirs. */
function ownBytes(): number {
  const { heapTotal, external } = Deno.memoryUsage();
  return heapTotal + external;
}

Deno.test("fromMessagePack() takes no memory for lengths that a few bytes claim", () => {
  const before = ownBytes();
  const nested = Array.from({ length: 60 }, () => [0xdd, 0x00, 0x0f, 0xff, 0xff]).flat();
  for (
    const head of [[0xdd, 255, 255, 255, 255], [0xdf, 255, 255, 255, 255], [0xdb, 127, 0, 0, 0]]
  ) {
    rejection([0x81, 0xa1, 0x61, ...head]);
    rejection([0x91, ...head]);
  }
  rejection([0x81, 0xa1, 0x61, ...nested]);
  assert(ownBytes() - before < 100_000_000);
});

Deno.test("fromMessagePack() holds its limits, each with an option", () => {
  const deep = (levels: number) => [
    0x81,
    0xa1,
    0x61,
    ...new Array(levels - 1).fill(0x91),
    0xc0,
  ];
  assertEquals(fromMessagePack(Uint8Array.from(deep(8)), { maxDepth: 8 }).length, 1);
  assert(rejection(deep(9), { maxDepth: 8 }).includes("deeper than maxDepth (8)"));
  assert(rejection(deep(1_000_000)).includes("deeper than maxDepth (64)"));
  const four = encode([{ a: "xxxx" }, { a: "" }, { a: "" }, { a: "" }]);
  assertEquals(fromMessagePack(four, { maxItems: 4, maxValueBytes: 4 }).length, 4);
  assert(rejection(four, { maxItems: 3 }).includes("4 items are more than maxItems (3)"));
  assert(
    rejection(four, { maxValueBytes: 3 }).includes("4 bytes is larger than maxValueBytes (3)"),
  );
  for (const name of ["maxDepth", "maxItems", "maxValueBytes"]) {
    assertThrows(
      () => fromMessagePack(four, { [name]: 0 }),
      RangeError,
      `Cannot read MessagePack: ${name}`,
    );
  }
  assertThrows(() => fromMessagePack(four, { maxdepth: 3 } as object), TypeError, "maxDepth");
});

Deno.test("fromMessagePack() names row and column of a value that does not fit", () => {
  const numbers = schema({ n: t.i32 });
  assertThrows(
    () => fromMessagePack(encode([{ n: 1 }, { n: "two" }]), { schema: numbers }),
    TypeError,
    'row 1, column "n"',
  );
  const extra = encode([{ n: 1, m: 2 }]);
  assertThrows(() => fromMessagePack(extra, { schema: numbers }), TypeError, "m");
  assertEquals(fromMessagePack(extra, { schema: numbers, extraKeys: "ignore" }).toRows(), [{
    n: 1,
  }]);
});

Deno.test("fromMessagePack() meets random and mutated bytes with its errors or right values", () => {
  const random = new Random(SEED);
  const valid = encode([
    { a: 1, b: "text é", c: [1, { d: null }], e: new Date(7), f: Uint8Array.of(1, 2) },
    { a: 2.5, b: "x".repeat(40), c: [], e: null, f: null },
  ]);
  let taken = 0;
  for (let run = 0; run < 100_000; run++) {
    const bytes = run % 2 === 0
      ? Uint8Array.from({ length: 1 + random.below(24) }, () => random.below(256))
      : mutated(valid, random);
    try {
      const batch = fromMessagePack(bytes);
      taken++;
      if (bytes[0] === 0x92) assertEquals(batch.length, (decode(bytes) as unknown[]).length);
    } catch (error) {
      const known = error instanceof MessagePackError || error instanceof TypeError;
      assert(known, `seed ${SEED}, run ${run}: ${error}`);
    }
  }
  assert(taken > 100);
});

function mutated(valid: Uint8Array, random: Random): Uint8Array {
  const bytes = valid.slice(0, random.chance(0.2) ? random.below(valid.length) : valid.length);
  for (let times = random.below(4); times > 0 && bytes.length > 0; times--) {
    bytes[random.below(bytes.length)] = random.below(256);
  }
  return bytes;
}

Deno.test("toMessagePack() writes arrays, maps and texts of every width of length", () => {
  for (const length of [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
    const rows = [{ list: new Array(length).fill(1), text: "x".repeat(length) }];
    const types = schema({ list: t.list(t.i32), text: t.utf8 });
    const bytes = toMessagePack(RecordBatch.fromRows(rows, { schema: types }));
    assertSame(decode(bytes), rows);
    assertSame(fromMessagePack(bytes, { schema: types }).toRows(), rows);
  }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 70_000 }), (rows) => {
      const batch = RecordBatch.fromRows(new Array(rows).fill({ a: 1 }), {
        schema: schema({ a: t.i32 }),
      });
      assertEquals(fromMessagePack(toMessagePack(batch)).length, rows);
    }),
    { numRuns: 5, seed: SEED },
  );
});

Deno.test("MessagePack works without permission and without code from strings", async () => {
  const script = `
    import { RecordBatch } from "@waggle/stream";
    import { fromMessagePack, toMessagePack } from "@waggle/stream/msgpack";
    const batch = RecordBatch.fromRows([{ a: 1n, b: "x", c: new Date(3), d: { e: [1.5] } }]);
    console.log(JSON.stringify(fromMessagePack(toMessagePack(batch)).toRows(), (_, v) => typeof v === "bigint" ? v + "n" : v));
  `;
  const { out, error } = await runScript(script, [NO_CODE_FROM_STRINGS]);
  const expected = '[{"a":"1n","b":"x","c":3,"d":{"e":[1.5]}}]\n';
  assertEquals(out, expected, error);
});
