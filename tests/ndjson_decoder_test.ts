import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type BadRecord,
  BadRecordError,
  NdjsonDecoder,
  type NdjsonOptions,
  RecordBatch,
  schema,
  types as t,
} from "../mod.ts";
import { bytesOf, cut, cutsAnywhere } from "./support/chunks.ts";
import { decodingWith } from "./support/decoding.ts";

const { decode, decodeAll } = decodingWith((options: NdjsonOptions) => new NdjsonDecoder(options));

function failure(...given: Parameters<typeof decode>): string {
  return assertThrows(() => decode(...given), BadRecordError).message;
}

/** A schema of one column. */
function column(type: Parameters<typeof t.list>[0]) {
  return schema({ a: type });
}

Deno.test("NdjsonDecoder infers columns, structs and lists, and takes missing keys for null", () => {
  const { batches, rows } = decode(
    '{"id":1,"at":{"x":1.5,"tags":["a"]},"ok":true}\n{"id":2,"at":{"y":null},"text":"ü"}\n',
  );
  assertEquals(batches[0].schema.fields.map(({ name, type }) => [name, type.kind]), [
    ["id", "i32"],
    ["at", "struct"],
    ["ok", "bool"],
    ["text", "utf8"],
  ]);
  assertEquals(rows, [
    { id: 1, at: { x: 1.5, tags: ["a"], y: null }, ok: true, text: null },
    { id: 2, at: { x: null, tags: null, y: null }, ok: null, text: "ü" },
  ]);
});

Deno.test("NdjsonDecoder says file, line, column, expected type, received value and fix of a misfit", () => {
  const readings = schema({ sensor: t.utf8, at: t.struct({ x: t.list(t.f64) }) });
  const input = '{"sensor":"a","at":{"x":[1]}}\n\n{"sensor":"b","at":{"x":[1,"2"]}}\n';
  assertEquals(
    failure(input, { schema: readings, name: "readings.ndjson" }),
    'Cannot read readings.ndjson: line 3, column "at.x[1]": expected f64 (a number), received ' +
      '"2" (string); give the column another type in `schema` (`mixed` takes anything), or ' +
      'correct the row; or pass badRecords: "skip" or "deadLetter"',
  );
});

Deno.test("NdjsonDecoder takes times, bytes, decimals and long integers as JSON can write them", () => {
  const all = schema({
    timestamp: t.timestamp,
    date: t.date,
    time: t.time,
    bytes: t.bytes,
    decimal: t.decimal(30, 10),
    i64: t.i64,
    f64: t.f64,
    list: t.list(t.timestamp),
    map: t.map(t.i64),
  });
  const { rows } = decode(
    '{"timestamp":"2020-01-01T00:00:00Z","date":"1970-01-03","time":"00:00:01","bytes":"AQI=",' +
      '"decimal":12345678901234567890.0123456789,"i64":-9223372036854775808,' +
      '"f64":12345678901234567890,"list":["1970-01-01",1700000000000],' +
      '"map":{"a":9007199254740993}}\n' +
      '{"timestamp":1600000000000,"date":5,"time":6,"decimal":"1.5","i64":7}\n',
    { schema: all },
  );
  assertEquals(rows[0], {
    timestamp: Date.UTC(2020, 0, 1),
    date: 2,
    time: 1000,
    bytes: new Uint8Array([1, 2]),
    decimal: "12345678901234567890.0123456789",
    i64: -9223372036854775808n,
    f64: 12345678901234567890,
    list: [0, 1_700_000_000_000],
    map: { a: 9007199254740993n },
  });
  assertEquals(rows[1].decimal, "1.5000000000");
  assertEquals([rows[1].timestamp, rows[1].date, rows[1].i64], [1_600_000_000_000, 5, 7n]);
});

Deno.test("NdjsonDecoder keeps whole numbers of up to 64 bits exactly when it infers columns", () => {
  assertEquals(decode('{"id":9007199254740993}\n{"id":9007199254740995}\n').rows, [
    { id: 9007199254740993n },
    { id: 9007199254740995n },
  ]);
  assertEquals(decode('{"id":1}\n{"id":9007199254740993}\n').rows, [
    { id: 1 },
    { id: 9007199254740993n },
  ]);
  assertEquals(decode('{"x":0.12345678901234567}\n{"x":1e300}\n').rows, [
    { x: 0.12345678901234567 },
    { x: 1e300 },
  ]);
  assertEquals(decode('{"x":123456789012345678901234567890}\n').rows, [{
    x: 1.2345678901234568e29,
  }]);
});

Deno.test("NdjsonDecoder refuses texts that are no times, with the path to them", () => {
  const nested = column(t.struct({ b: t.list(t.date) }));
  const message = failure('{"a":{"b":["2020-01-01","2020-02-30"]}}\n', { schema: nested });
  assertStringIncludes(message, 'line 1, column "a.b[1]": expected date (YYYY-MM-DD), received');
  const times = column(t.map(t.time));
  assertStringIncludes(failure('{"a":{"b":"25:00"}}', { schema: times }), 'column "a.b"');
});

Deno.test("NdjsonDecoder takes a key that the schema has not for an error, or for nothing", () => {
  const input = '{"a":1}\n{"a":2,"b":3}\n';
  const one = schema({ a: t.i32 });
  assertStringIncludes(failure(input, { schema: one }), 'fields of the schema (a), not "b"');
  assertStringIncludes(failure(input, { inferenceRows: 1 }), 'pass `extraKeys: "ignore"`');
  assertEquals(decode(input, { schema: one, extraKeys: "ignore" }).rows, [{ a: 1 }, { a: 2 }]);
});

Deno.test("NdjsonDecoder lets the last of repeated keys count, and keeps __proto__ as a key", () => {
  const { rows } = decode('{"a":1,"a":2,"__proto__":{"polluted":true},"constructor":3}\n');
  assertEquals(Object.getPrototypeOf(rows[0]), Object.prototype);
  assertEquals(Object.keys(rows[0]), ["a", "__proto__", "constructor"]);
  assertEquals(rows[0].a, 2);
  assertEquals(Object.getOwnPropertyDescriptor(rows[0], "__proto__")?.value, { polluted: true });
  assertEquals("polluted" in {}, false);
});

Deno.test("NdjsonDecoder passes over blank lines, a byte-order mark and CRLF, and needs no last line end", () => {
  const { rows, decoder } = decode('\ufeff{"a":1}\r\n \t\r\n\n{"a":2}\r\n{"a":3}');
  assertEquals(rows, [{ a: 1 }, { a: 2 }, { a: 3 }]);
  assertEquals(decoder.metrics().skippedLines, 2);
});

Deno.test("NdjsonDecoder takes what is no object, no JSON or no UTF-8 for a bad record", () => {
  const bytes = new Uint8Array([
    ...bytesOf('{"a":1}\n[1]\nnull\n{"a":\n{"a":1}{"a":2}\n'),
    ...[0x7b, 0xff, 0x7d, 0x0a],
    ...bytesOf('{"a":"\\ud800"}\n{"a":9}'),
  ]);
  const { rows, bad, decoder } = decodeAll(bytes, { schema: schema({ a: t.mixed }) });
  assertEquals(rows, [{ a: 1 }, { a: "\ud800" }, { a: 9 }]);
  assertEquals(bad.map(({ line }) => line), [2, 3, 4, 5, 6]);
  const reasons = [
    "expected an object, received [1] (array)",
    "expected an object, received null",
    "not valid JSON: Unexpected end of JSON input",
    "not valid JSON: Unexpected non-whitespace",
    "is not valid UTF-8",
  ];
  for (const [at, reason] of reasons.entries()) {
    assertStringIncludes(bad[at].error.message, reason);
  }
  assertEquals([...bad[4].bytes], [0x7b, 0xff, 0x7d]);
  const { records, rows: good, badRecords } = decoder.metrics();
  assertEquals({ records, good, badRecords }, { records: 8, good: 3, badRecords: 5 });
});

Deno.test("NdjsonDecoder refuses lone surrogates where text is stored as UTF-8, keys included", () => {
  assertStringIncludes(failure('{"a":"\\ud800"}'), "without lone surrogates");
  const { rows, bad } = decodeAll('{"a":1}\n{"\\ud800":1}\n');
  assertEquals([rows, bad.length], [[{ a: 1 }], 1]);
});

Deno.test("NdjsonDecoder refuses records nested deeper than maxDepth, a million levels included", () => {
  const deep = (levels: number) => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
  const { rows, bad } = decodeAll(`${deep(4)}\n${deep(5)}\n`, { maxDepth: 4 });
  assertEquals([rows.length, bad.length], [1, 1]);
  assertStringIncludes(
    bad[0].error.message,
    "line 2: the record is nested deeper than maxDepth (4)",
  );
  const poison = `{"a":${"[".repeat(500_000)}9007199254740993${"]".repeat(500_000)}}\n`;
  for (const options of [{}, { schema: column(t.decimal(20, 0)) }]) {
    assertStringIncludes(failure(poison, options), "deeper than maxDepth (64)");
  }
  const half = "[".repeat(1_000_000);
  assertStringIncludes(failure(half), "not valid JSON");
});

Deno.test("NdjsonDecoder does not keep a record beyond maxRecordBytes, however it is cut", () => {
  const input = `{"a":1}\r\n{"a":10}\n{"a":"${"x".repeat(1000)}"}\r\n{"a":2}`;
  for (const cuts of [[], Array.from({ length: 300 }, (_, at) => at / 300)]) {
    const { rows, bad } = decodeAll(input, { maxRecordBytes: 7 }, cuts);
    assertEquals(rows, [{ a: 1 }, { a: 2 }]);
    assertEquals(bad.map(({ line, bytes }) => [line, bytes.length]), [[2, 7], [3, 7]]);
    for (const { error: { message } } of bad) {
      assertStringIncludes(message, "look for a line end that is missing, or raise maxRecordBytes");
    }
  }
});

Deno.test("NdjsonDecoder infers columns from the first good records when the first are bad", () => {
  const { rows, bad } = decodeAll('x\n[]\n{"a":1}\n', { inferenceRows: 2 });
  assertEquals([rows, bad.length], [[{ a: 1 }], 2]);
});

Deno.test("NdjsonDecoder infers at most maxColumns columns, whatever keys are sent", () => {
  const input = '{"a":{"b":[{"c":1}]}}\n{"d":1}\n';
  assertEquals(decode(input, { maxColumns: 4 }).rows.length, 2);
  const part = "the first 2 records have more than maxColumns (3) different keys; pass a schema";
  assertThrows(() => decode(input, { maxColumns: 3, badRecords: "skip" }), TypeError, part);
});

Deno.test("NdjsonDecoder gives rows as soon as there are batchRows of them", () => {
  const decoder = new NdjsonDecoder({ schema: schema({ a: t.i32 }), batchRows: 1 });
  assertEquals(decoder.push(bytesOf('{"a":1}\n{"a":')).map((batch) => batch.toRows()), [[{
    a: 1,
  }]]);
  assertEquals(decoder.push(bytesOf("2}\n")).map((batch) => batch.toRows()), [[{ a: 2 }]]);
  assertEquals(decoder.finish(), []);
});

Deno.test("NdjsonDecoder refuses options that cannot be, with the value received", () => {
  const wrong: [options: unknown, part: string][] = [
    [{ maxColumns: 0 }, "maxColumns must be a whole number from 1, received 0"],
    [{ maxDepth: 0 }, "maxDepth must be a whole number from 1, received 0"],
    [{ batchRows: -1 }, "batchRows must be a whole number from 1, received -1"],
    [{ extraKeys: "drop" }, 'extraKeys must be "error" or "ignore", received "drop"'],
    [{ badRecords: "deadLetter" }, "and a deadLetter callback go together"],
    [{ schema: { fields: [{ name: "a", type: { kind: "x" } }] } }, "unknown kind"],
  ];
  for (const [options, part] of wrong) {
    assertThrows(() => new NdjsonDecoder(options as NdjsonOptions), Error, part);
  }
});

// V8 15.0 takes an escaped key for another one, with a backslash, which objects had before.

Deno.test("NdjsonDecoder reads an escaped key as itself, whatever keys came before", () => {
  const input = ['{"y":false,"\\\\":1}', '{"y":false,"\\u00e9":0}', '{"y":false,"\\u0061":2}'];
  const rows = [{ y: false, "\\": 1 }, { y: false, "é": 0 }, { y: false, "a": 2 }];
  const within = input.map((line) => `{"v":${line}}`).join("\n");
  assertEquals(decode(within, { schema: schema({ v: t.mixed }) }).rows, rows.map((v) => ({ v })));
  const none = { "\\": null, "é": null, "a": null };
  assertEquals(decode(input.join("\n")).rows, rows.map((row) => ({ ...none, ...row })));
});

Deno.test("NdjsonDecoder reads escaped keys as themselves beside numbers that are kept in full", () => {
  const input = '{"v":{"y":1,"\\\\":1}}\n{"v":{"y":9007199254740993,"\\u00e9":9007199254740995}}\n';
  assertEquals(decode(input, { schema: schema({ v: t.mixed }) }).rows, [
    { v: { y: 1, "\\": 1 } },
    { v: { y: 9007199254740993n, "é": 9007199254740995n } },
  ]);
});

Deno.test("NdjsonDecoder keeps order and last value of keys that are escaped in several ways", () => {
  const input = String
    .raw`{"v":{"b\"":1,"\u0031":2,"\u005f_proto__":3,"\ud800":4,"b\u0022":{"\\":5},"0":6}}`;
  const [{ v }] = decode(input, { schema: schema({ v: t.mixed }) }).rows as [{ v: object }];
  assertEquals(Object.entries(v), [
    ["0", 6],
    ["1", 2],
    ['b"', { "\\": 5 }],
    ["__proto__", 3],
    ["\ud800", 4],
  ]);
});

Deno.test("NdjsonDecoder refuses a record of escaped keys that is nested too deeply", () => {
  const deep = `{"\\\\":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  assertStringIncludes(failure(deep), "nested deeper than maxDepth (64)");
});

// Against JSON.parse

const key = fc.oneof(
  fc.constantFrom("a", "b", "c", "__proto__", "constructor", "", "é", "\\", "\\u"),
  fc.string({ maxLength: 4 }),
);

const { value: json } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: "grapheme", maxLength: 6 }),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(key, tie("value"), { maxKeys: 3 }),
  ),
}));

interface Writing {
  readonly ends: readonly string[];
  readonly spaces: string;
  readonly endsLast: boolean;
  readonly bom: boolean;
  readonly escapes: boolean;
}

const writing: fc.Arbitrary<Writing> = fc.record({
  ends: fc.array(fc.constantFrom("\n", "\r\n", "\n\n", " \n"), { minLength: 1, maxLength: 3 }),
  spaces: fc.constantFrom("", " ", "\t"),
  endsLast: fc.boolean(),
  bom: fc.boolean(),
  escapes: fc.boolean(),
});

/** What is left of a value that goes through JSON: parsing it would bring in the fault of V8. */
function throughJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(throughJson);
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, throughJson(v)]));
}

/** JSON lines, in any of the ways that mean the same. */
function write(rows: readonly unknown[], how: Writing): string {
  const lines = rows.map((row, at) => {
    let line = how.spaces + JSON.stringify(row) + how.spaces;
    if (how.escapes) {
      line = line.replace(
        /[\u0080-\uffff]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
      );
    }
    return line + (at === rows.length - 1 && !how.endsLast ? "" : how.ends[at % how.ends.length]);
  });
  return (how.bom ? "\ufeff" : "") + lines.join("");
}

Deno.test("NdjsonDecoder gives any value in a mixed column as JSON.parse does, however written and cut", () => {
  const rows = fc.array(fc.record({ v: json }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(rows, writing, cutsAnywhere, (rows, how, cuts) => {
      const text = write(rows, how);
      const expected = rows.map((row) => throughJson(row) as Record<string, unknown>);
      const options = { schema: schema({ v: t.mixed }), batchRows: 2 };
      assertEquals(decode(text, options, cuts).rows, expected);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("NdjsonDecoder infers the columns that RecordBatch.fromRows infers, and fills them alike", () => {
  const rows = fc.array(fc.dictionary(key, json, { maxKeys: 4 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(rows, writing, cutsAnywhere, (rows, how, cuts) => {
      const parsed = rows.map((row) => throughJson(row) as object);
      const { batches } = decode(write(rows, how), {}, cuts);
      const expected = RecordBatch.fromRows(parsed);
      assertEquals(batches[0].schema.fields, expected.schema.fields);
      assertEquals(batches[0].toRows(), expected.toRows() as Record<string, unknown>[]);
    }),
    { numRuns: 2_000 },
  );
});

const PIECES = [
  "{",
  "}",
  "[",
  "]",
  '"',
  '"a"',
  '{"a":1}',
  ":",
  ",",
  "1",
  "-0",
  "1e5",
  "\\",
  "\\u",
  " ",
];
PIECES.push(
  '{"b":["x"]}',
  "null",
  "true",
  "\n",
  "\r\n",
  "é",
  "9007199254740993",
  '{"a":{"b":2}}\n',
);
const BROKEN = [[0xff], [0xc3], [0xf0, 0x9f], [0x00], [0xef, 0xbb, 0xbf]];

function outcome(bytes: Uint8Array, options: NdjsonOptions, cuts: readonly number[]) {
  const bad: string[] = [];
  const deadLetter = ({ error, bytes }: BadRecord) => {
    assert(error instanceof BadRecordError);
    bad.push(`${error.message} ${bytes}`);
  };
  const decoder = new NdjsonDecoder({ ...options, badRecords: "deadLetter", deadLetter });
  const batches = cut(bytes, cuts).flatMap((chunk) => decoder.push(chunk));
  batches.push(...decoder.finish());
  const metrics = decoder.metrics();
  assertEquals(metrics.records, metrics.rows + metrics.badRecords);
  assertEquals(bad.length, metrics.badRecords);
  return { rows: batches.flatMap((batch) => batch.toRows()), bad, metrics };
}

Deno.test("NdjsonDecoder gives the same rows and bad records for random bytes however they are cut", () => {
  const piece = fc.oneof(
    { arbitrary: fc.constantFrom(...PIECES.map((text) => [...bytesOf(text)])), weight: 20 },
    { arbitrary: fc.constantFrom(...BROKEN), weight: 1 },
  );
  const bytes = fc.array(piece, { maxLength: 60 }).map((all) => new Uint8Array(all.flat()));
  const options: fc.Arbitrary<NdjsonOptions> = fc.record({
    schema: fc.constantFrom(undefined, undefined, schema({ a: t.i64 }), schema({ a: t.f64 })),
    extraKeys: fc.constantFrom("error", "ignore"),
    inferenceRows: fc.constantFrom(1, 3, 1024),
    invalidUtf8: fc.constantFrom("error", "replace"),
    maxRecordBytes: fc.constantFrom(8, 1000),
    maxDepth: fc.constantFrom(1, 2, 64),
    batchRows: fc.constantFrom(1, 2, 1000),
  });
  fc.assert(
    fc.property(bytes, options, cutsAnywhere, (bytes, options, cuts) => {
      assertEquals(outcome(bytes, options, cuts), outcome(bytes, options, []));
    }),
    { numRuns: 8_000 },
  );
});
