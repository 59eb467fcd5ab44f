import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { columnOf, RecordBatch, schema, types as t } from "@waggle/stream";
import { assertSame, holds, schemaAndRows } from "./support/batches.ts";

const READINGS = schema({ sensor: t.utf8, temperature: t.required(t.f64) });

Deno.test("RecordBatch.fromRows() and toRows() give any rows back that fit the schema", () => {
  holds(schemaAndRows, ({ schema, rows }) => {
    assertSame(RecordBatch.fromRows(rows, { schema }).toRows(), rows);
  });
});

Deno.test("RecordBatch.fromRows() and toRows() give inferred rows back", () => {
  const rows = [
    { name: "a", n: 1, x: 0.5, ok: true, tags: ["p", "q"], at: { lat: 1.5, note: null } },
    { name: "ü😀", n: null, x: -0, ok: null, tags: [], at: { lat: 2.5, note: "n" } },
  ];
  assertSame(RecordBatch.fromRows(rows).toRows(), rows);
});

Deno.test("RecordBatch.fromRows() takes rows from any iterable, also in more than one block", () => {
  function* rows() {
    for (let n = 0; n < 3000; n++) yield { n, text: n % 3 ? `text ${n}` : null };
  }
  const batch = RecordBatch.fromRows(rows());
  assertSame(batch.toRows(), [...rows()]);
  assertSame([...batch], [...rows()]);
});

Deno.test("RecordBatch.fromRows() names row, column, type and value of what does not fit", () => {
  const rows = Array.from({ length: 2000 }, (_, n) => ({ t: n === 1500 ? "n/a" : n }));
  assertThrows(
    () => RecordBatch.fromRows(rows, { schema: schema({ t: t.f64 }) }),
    TypeError,
    'row 1500, column "t": expected f64 (a number), received "n/a" (string); ' +
      "give the column another type in `schema` (`mixed` takes anything), or correct the row",
  );
});

Deno.test("RecordBatch.fromRows() reports a later row that does not fit the inferred schema", () => {
  const rows: object[] = Array.from({ length: 1024 }, (_, n) => ({ n }));
  rows.push({ n: 1.5 });
  assertThrows(() => RecordBatch.fromRows(rows), TypeError, 'row 1024, column "n": expected i32');
});

Deno.test("RecordBatch.fromRows() names the place within a nested value", () => {
  const orders = schema({ items: t.list(t.struct({ price: t.f64 })) });
  const rows = [{ items: [{ price: 1 }, { price: "2" }] }];
  assertThrows(
    () => RecordBatch.fromRows(rows, { schema: orders }),
    TypeError,
    'row 0, column "items[1].price": expected f64 (a number), received "2" (string)',
  );
});

Deno.test("RecordBatch.fromRows() refuses a key that the schema has not, unless told to ignore", () => {
  const rows = [{ sensor: "a", temperature: 1 }, { sensor: "a", temperature: 1, extra: 2 }];
  assertThrows(
    () => RecordBatch.fromRows(rows, { schema: READINGS }),
    TypeError,
    'row 1: expected only fields of the schema (sensor, temperature), not "extra"',
  );
  const batch = RecordBatch.fromRows(rows, { schema: READINGS, extraKeys: "ignore" });
  assertEquals(batch.toRows()[1], { sensor: "a", temperature: 1 });
});

Deno.test("RecordBatch.fromRows() refuses a null where the schema has none", () => {
  assertThrows(
    () => RecordBatch.fromRows([{ sensor: "a" }], { schema: READINGS }),
    TypeError,
    'row 0, column "temperature": expected f64 and never null, received undefined',
  );
});

Deno.test("RecordBatch.fromRows() refuses a row that is no object", () => {
  for (const row of [null, 5, "x", [1]]) {
    const rows = [{ sensor: "a", temperature: 1 }, row] as object[];
    for (const options of [{}, { schema: READINGS }]) {
      assertThrows(() => RecordBatch.fromRows(rows, options), TypeError, "row 1 must be an object");
    }
  }
});

Deno.test("RecordBatch.fromRows() never reads a value from Object.prototype", () => {
  const odd = schema({ toString: t.mixed, constructor: t.mixed });
  assertSame(RecordBatch.fromRows([{}], { schema: odd }).toRows(), [
    { toString: null, constructor: null },
  ]);
});

Deno.test("RecordBatch() refuses columns that are not those of the schema", () => {
  const one = columnOf(t.f64, [1]);
  const { fields } = READINGS;
  const sensor = columnOf(t.utf8, ["a"]);
  assertThrows(() => new RecordBatch({ fields }, [one], 1), TypeError, "2 columns, received 1");
  assertThrows(
    () => new RecordBatch({ fields }, [one, one], 1),
    TypeError,
    'column "sensor": Cannot use column: the schema says utf8, the column is f64',
  );
  assertThrows(
    () => new RecordBatch({ fields }, [sensor, one], 2),
    RangeError,
    'column "sensor" has 1 row, the batch 2',
  );
  assertThrows(
    () => new RecordBatch({ fields }, [sensor, columnOf(t.f64, [null])], 1),
    TypeError,
    'column "temperature" holds no nulls by its schema, but has 1',
  );
  assertThrows(() => new RecordBatch({ fields }, [sensor, one], -1), RangeError, "received -1");
});

Deno.test("RecordBatch.column() of an unknown name lists the names there are", () => {
  const batch = RecordBatch.fromRows([{ sensor: "a", temperature: 2 }], { schema: READINGS });
  const wanted = '"nope": the batch has "sensor", "temperature"';
  // @ts-expect-error the schema has no such column
  assertThrows(() => batch.column("nope"), TypeError, wanted);
  // @ts-expect-error the schema has no such column
  assertThrows(() => batch.select(["nope"]), TypeError, wanted);
  assertThrows(() => batch.columnAt(2), RangeError, "column 2: the batch has 2");
});

Deno.test("RecordBatch gives rows the types that the schema or the given rows have", () => {
  const given = RecordBatch.fromRows([{ sensor: "a", temperature: 2 }], { schema: READINGS });
  const [{ sensor, temperature }] = given.toRows();
  const text: string | null = sensor;
  const inferred = RecordBatch.fromRows([{ when: new Date(5), n: 1 as number | undefined }]);
  const [{ when, n }] = inferred.select(["when", "n"]).toRows();
  const count: number | null = n;
  // @ts-expect-error null where it was undefined
  const never: number | undefined = n;
  assertEquals([text, temperature + 1, when + 1, count, never], ["a", 3, 6, 1, 1]);
});

Deno.test("RecordBatch.toJson() gives the rows back when parsed", () => {
  holds(schemaAndRows, ({ schema, rows }) => {
    const batch = RecordBatch.fromRows(rows, { schema });
    const expected = JSON.parse(JSON.stringify(rows, plainJson));
    assertEquals(JSON.parse(batch.toJson()), expected);
    const lines = batch.toJson({ lines: true }).split("\n");
    assertEquals(lines.pop(), "");
    assertEquals(lines.map((line) => JSON.parse(line)), expected);
  });
});

function plainJson(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  return value instanceof Uint8Array ? value.toBase64() : value;
}

Deno.test("RecordBatch.toJson() writes 64-bit integers in full, and minus zero", () => {
  const batch = RecordBatch.fromRows([{ big: 2n ** 63n - 1n, sum: -0, odd: [1n, "x", -0] }]);
  assertEquals(batch.toJson(), '[{"big":9223372036854775807,"sum":-0,"odd":[1,"x",-0]}]');
});

Deno.test("RecordBatch keeps a column named __proto__ as an own property", () => {
  const rows = JSON.parse('[{"__proto__":{"x":1},"n":1}]');
  const batch = RecordBatch.fromRows<{ n: number }>(rows);
  const [row] = batch.toRows();
  assertEquals(Object.keys(row), ["__proto__", "n"]);
  assertEquals(Object.getPrototypeOf(row), Object.prototype);
  assertEquals(batch.toJson(), '[{"__proto__":{"x":1},"n":1}]');
});

Deno.test("RecordBatch.slice() is the slice of the rows", () => {
  const bound = fc.integer({ min: -25, max: 25 });
  holds(fc.tuple(schemaAndRows, bound, bound), ([{ schema, rows }, start, end]) => {
    const batch = RecordBatch.fromRows(rows, { schema }).slice(start, end);
    assertSame(batch.toRows(), rows.slice(start, end));
    assertSame(batch.slice(1).toRows(), rows.slice(start, end).slice(1));
  });
});

Deno.test("RecordBatch.slice() of long columns cuts at any bit", () => {
  const rows = Array.from({ length: 100 }, (_, n) => ({ n: n % 3 ? n : null, b: n % 5 === 0 }));
  const batch = RecordBatch.fromRows(rows);
  for (let start = 0; start < 20; start++) {
    assertSame(batch.slice(start, 80 + start).toRows(), rows.slice(start, 80 + start));
  }
});

Deno.test("RecordBatch.take() takes the rows in the order asked for", () => {
  const picks = fc.array(fc.nat(1000), { maxLength: 30 });
  holds(fc.tuple(schemaAndRows, picks), ([{ schema, rows }, picks]) => {
    const indices = rows.length === 0 ? [] : picks.map((pick) => pick % rows.length);
    const batch = RecordBatch.fromRows(rows, { schema }).take(indices);
    assertSame(batch.toRows(), indices.map((at) => rows[at]));
  });
});

Deno.test("RecordBatch.take() copies texts of any length, and integers of 64 bits", () => {
  const rows = Array.from({ length: 80 }, (_, at) => {
    return { text: "é".repeat(at).slice(at % 3), big: (-1n) ** BigInt(at) * 2n ** BigInt(at % 63) };
  });
  const batch = RecordBatch.fromRows(rows, { schema: schema({ text: t.utf8, big: t.i64 }) });
  const indices = rows.map((_, at) => (at * 37) % rows.length);
  assertEquals(batch.slice(3).take(indices.filter((at) => at < 77)).toRows(), [
    ...indices.filter((at) => at < 77).map((at) => rows[at + 3]),
  ]);
});

Deno.test("RecordBatch.take() of a row that is not there is an error", () => {
  const batch = RecordBatch.fromRows([{ n: 1 }]);
  for (const at of [1, -1, 0.5, NaN]) {
    assertThrows(() => batch.take([0, at]), RangeError, `row ${at}: the batch has 1 row,`);
  }
});

Deno.test("RecordBatch.concat() has the rows of all batches in order", () => {
  const cuts = fc.tuple(fc.nat(20), fc.nat(20));
  holds(fc.tuple(schemaAndRows, cuts), ([{ schema, rows }, cuts]) => {
    const [a, b] = cuts.toSorted((x, y) => x - y);
    const parts = [rows.slice(0, a), rows.slice(a, b), rows.slice(b)];
    const batches = parts.map((part) => RecordBatch.fromRows(part, { schema }));
    assertSame(RecordBatch.concat(batches).toRows(), rows);
    const whole = RecordBatch.fromRows(rows, { schema });
    const slices = [whole.slice(0, a), whole.slice(a, b), whole.slice(b)];
    assertSame(RecordBatch.concat(slices).toRows(), rows);
  });
});

Deno.test("RecordBatch.concat() of none, or of other columns, is an error", () => {
  assertThrows(() => RecordBatch.concat([]), TypeError, "there are none");
  const a: RecordBatch = RecordBatch.fromRows([{ n: 1 }]);
  const b: RecordBatch = RecordBatch.fromRows([{ n: "x" }]);
  assertThrows(() => RecordBatch.concat([a, b]), TypeError, "batch 1 has other columns");
});

Deno.test("RecordBatch.select() keeps the named columns in the order named", () => {
  const batch = RecordBatch.fromRows([{ a: 1, b: "x", c: true }]).select(["c", "a"]);
  assertEquals(batch.names, ["c", "a"]);
  assertEquals(batch.toRows(), [{ c: true, a: 1 }]);
});

Deno.test("RecordBatch of no rows or no columns works as any other", () => {
  const none = RecordBatch.fromRows([], { schema: READINGS });
  assertEquals([none.length, none.toJson(), none.toRows(), [...none]], [0, "[]", [], []]);
  const bare = RecordBatch.fromRows([{}, {}]);
  assertEquals([bare.length, bare.toRows()], [2, [{}, {}]]);
});
