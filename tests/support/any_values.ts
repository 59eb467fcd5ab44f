import fc from "fast-check";

class Point {
  constructor(readonly x: unknown, readonly y: unknown) {}
}

/** Strings of every kind: repeated ones, long ones, other alphabets, lone surrogates. */
export const anyString: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("", "a", "sensor_1", "sensor_2", "\ufeff", "\ud800", "\udc00", "é", "漢字", "😀"),
  fc.string({ unit: "binary" }),
  fc.string({ maxLength: 80 }),
  fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { maxLength: 5 })
    .map((units) => String.fromCharCode(...units)),
);

const key = fc.oneof(
  fc.constantFrom("a", "b", "c", "__proto__", "constructor", "toString", "0", "7", "length", "é"),
  anyString,
);

const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(-0, NaN, Infinity, 2 ** 31, 2 ** 53, 5e-324),
);

const bigint = fc.oneof(fc.bigInt(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: number },
  { weight: 4, arbitrary: anyString },
  { weight: 3, arbitrary: fc.constantFrom(null, undefined, true, false) },
  { weight: 1, arbitrary: bigint },
  { weight: 1, arbitrary: fc.date({ noInvalidDate: false }) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.uint8Array({ maxLength: 9 }),
      fc.float64Array({ maxLength: 3 }),
      fc.bigInt64Array({ maxLength: 3 }),
      fc.uint8Array({ maxLength: 9 }).map((bytes) => bytes.buffer),
      fc.uint8Array({ maxLength: 9 }).map((bytes) => new DataView(bytes.buffer)),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(/a\/b/giu, /[\n]/, new RegExp("", "v")) },
  {
    weight: 1,
    arbitrary: fc.oneof(number, anyString, bigint, fc.boolean()).map((x) => Object(x)),
  },
);

function record(keys: readonly string[], values: readonly unknown[]): object {
  const made = {};
  keys.forEach((name, i) =>
    Object.defineProperty(made, name, {
      value: values[i],
      writable: true,
      enumerable: true,
      configurable: true,
    })
  );
  return made;
}

function sparse(items: readonly unknown[], at: number): unknown[] {
  const made = [...items];
  made[items.length + at] = items[0];
  return made;
}

/** Values that structured cloning carries, nested at random. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: "value" },
    { weight: 6, arbitrary: leaf },
    { weight: 3, arbitrary: fc.dictionary(key, tie("value"), { maxKeys: 5 }) },
    {
      weight: 2,
      arbitrary: fc.tuple(
        fc.uniqueArray(key, { maxLength: 4 }),
        fc.array(tie("value"), {
          minLength: 4,
          maxLength: 4,
        }),
      ).map(([keys, values]) => record(keys, values)),
    },
    { weight: 3, arbitrary: fc.array(tie("value"), { maxLength: 5 }) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.array(tie("value"), { maxLength: 3 }), fc.nat(3))
        .map(([items, at]) => sparse(items, at)),
    },
    {
      weight: 1,
      arbitrary: fc.array(tie("value"), { maxLength: 2 })
        .map((items) => Object.assign(items, { note: items.length })),
    },
    {
      weight: 1,
      arbitrary: fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 })
        .map((entries) => new Map(entries)),
    },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 3 }).map((all) => new Set(all)) },
    {
      weight: 1,
      arbitrary: fc.tuple(anyString, tie("value")).map(([text, cause]) =>
        new RangeError(text, { cause })
      ),
    },
    { weight: 1, arbitrary: fc.tuple(tie("value"), leaf).map(([x, y]) => new Point(x, y)) },
  ),
})).value;

/** Records of few shapes, as streams have them, now and then with a field of another kind. */
export const streamRecord: fc.Arbitrary<unknown> = fc.oneof(
  fc.record({ sensor_id: fc.constantFrom("s1", "s2", "s3"), temperature: fc.double() }),
  fc.record({
    id: fc.integer(),
    name: anyString,
    user: fc.record({ age: fc.option(fc.nat()), ok: fc.boolean() }),
    tags: fc.array(fc.constantFrom("x", "y", "z"), { maxLength: 3 }),
    items: fc.array(fc.record({ sku: anyString, n: fc.oneof(number, bigint) }), { maxLength: 3 }),
    at: fc.date(),
  }),
  fc.record({ sensor_id: fc.constantFrom("s1", "s2"), temperature: leaf }),
);
