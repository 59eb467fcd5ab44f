import { assert, assertEquals } from "@std/assert";
import { type Schema, schema, types as t } from "../src/batch/mod.ts";
import { NdjsonBlockDecoder } from "../src/codecs/json/ndjson_block_decoder.ts";
import { create } from "../src/kernel/kernel.ts";

// Each is a value on one line. What RFC 8259 leaves open is taken as `JSON.parse` takes it.

const GOOD = [
  ...["null", "true", "false", "0", "-0", "-1", "12", "1.5", "0.5", "-0.0", "1e1", "1E1", "1e+1"],
  ...[
    "1e-1",
    "1.5E+10",
    "0e1",
    "0e+1",
    "0.0e-0",
    "1e400",
    "-1e400",
    "1e-400",
    "123456789012345678",
  ],
  ...["0.123456789012345678901234567890", "1e00001", "20e1", "-123123123123123123123123123123"],
  ...["1.7976931348623157e308", "5e-324", "4.9e-325", "2.2250738585072011e-308", "-1.0E-7"],
  ...['""', '"a"', '"é"', '"日本語"', '"🐝"', '"\u007f"', '"\u2028\u2029"', '"\ufeff"', '"\uffff"'],
  ...['"\\""', '"\\\\"', '"\\/"', '"\\b\\f\\n\\r\\t"', '"\\u0000"', '"\\u001f"', '"\\u00e9"'],
  ...['"\\uD83D\\uDC1D"', '"\\ud83d\\udc1d"', '"\\uD800"', '"\\uDC00"', '"\\uD800\\uD800\\n"'],
  ...['"\\uDC1D\\uD83D"', '"\\uD800x"', '"\\ud800\\u0061"', '"\\uFDD0"', '"\\uFFFE"', '"\\u0022"'],
  ...['"\\u005C"', '"\\\\u0061"', '"\\\\\\""', '"a/*b*/c"', '"[{]}:,"', '" "', '"\\ud83d\\ud83d"'],
  ...["[]", "[ ]", "{}", "{ }", "[1]", "[1,2]", "[ 1 , 2 ]", "[[]]", "[[],[[]]]", "[null]"],
  ...['{"a":1}', '{"a":1,"b":2}', '{"a":1,"a":2}', '{"":0}', '{"a":[],"b":{}}', '{"a":{"b":[{}]}}'],
  ...[
    '{"a":1,"\\u0061":2}',
    '{"\\u0000":1}',
    '{"é":1}',
    '{"__proto__":1}',
    '{ "a" : 1 , "b" : 2 }',
  ],
  ...["\t[\t1\t,\t2\t]\t", '\r{\r"a"\r:\r1\r}\r', "[1,\r2]", '[true,false,null,"",{},[],0]'],
  ...["[-0]", "[1e2]", '["\\u0060\\u012a\\u12AB"]', "[0.1,-0.2,3e4]", "[123.456e78]", "[1.0]"],
];

const BAD = [
  ...["", "nul", "nulll", "Null", "NULL", "tru", "truee", "True", "fals", "falsee", "undefined"],
  ...["NaN", "nan", "Infinity", "-Infinity", "-NaN", "-inf", "+Infinity", "0x1", "0x", "1_000"],
  ...[
    "01",
    "-01",
    "00",
    "-",
    "--1",
    "+1",
    "++1",
    "-+1",
    "1-",
    "1+",
    "1+1",
    ".5",
    "-.5",
    "5.",
    "-2.",
  ],
  ...["0.", "0.e1", "1.e1", "1e", "1E", "1e+", "1e-", "1e+-1", "1ee1", "1e1.5", "1.2.3", "1 000.0"],
  ...[
    "2.e+3",
    "0.3e",
    "0.3e+",
    "0e",
    "0E+",
    "9.e+",
    "1.0e",
    "1.0e-",
    "-foo",
    "-1x",
    "1a",
    "0a",
    "1 2",
  ],
  ...["１", "1e９", "- 1", "1 e1", "0 .1", ".e1", "1,", ",1", "1]", "1}", "0b1", "1n", "1f", "1d"],
  ...['"', '"a', 'a"', "'a'", "\"a'", '"a" "b"', '"a""b"', "a", "abc", '"\\"', '"\\', '"\\x41"'],
  ...[
    '"\\a"',
    '"\\u"',
    '"\\u0"',
    '"\\u00"',
    '"\\u00A"',
    '"\\u00G0"',
    '"\\uD83D\\u"',
    '"\\uD83D\\uDC"',
  ],
  ...[
    '"\\U0041"',
    '"\\0"',
    '"\\\'"',
    '"\\ "',
    '"\\{"',
    '"\\é"',
    '"\\u 041"',
    '"\\u-041"',
    '"\\u+041"',
  ],
  ...[
    '"\t"',
    '"\r"',
    '"\u0000"',
    '"\u0001"',
    '"\u001f"',
    '"a\u0008b"',
    '"\\\t"',
    '"\\\u0000"',
    '"\\🐝"',
  ],
  ...[
    "[",
    "]",
    "[[",
    "]]",
    "[]]",
    "[[]",
    "[1",
    "1]",
    "[1,",
    "[1,]",
    "[,1]",
    "[,]",
    "[1,,2]",
    "[1 2]",
  ],
  ...[
    "[1:2]",
    "[1;2]",
    "[1,2",
    '["a"',
    '["a",',
    '["a" "b"]',
    '["a',
    "[a]",
    "[\u00a01]",
    "[1}",
    "(1)",
  ],
  ...[
    "[\u000b1]",
    "[\f1]",
    "[\u20601]",
    "[ \u00851]",
    "[\u2028]",
    "[\ufeff]",
    "[-]",
    "[1][2]",
    "[1]x",
  ],
  ...[
    "[[]",
    "[{}",
    "[{}]]",
    "[true, fals]",
    "[null nul]",
    "[\\n]",
    "[*]",
    "[/**/]",
    "[1]//",
    "[\u0000]",
  ],
  ...[
    "{",
    "}",
    "{}}",
    "{{}}",
    "{]",
    '{"a"}',
    '{"a":}',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    "{,}",
    "{:1}",
  ],
  ...[
    '{,"a":1}',
    '{"a":1,,"b":2}',
    '{"a":1 "b":2}',
    '{"a":1;"b":2}',
    '{"a"1}',
    '{"a"::1}',
    '{"a",1}',
  ],
  ...[
    "{a:1}",
    "{'a':1}",
    "{1:1}",
    "{null:1}",
    '{"a":1}}',
    '{"a":1}{"b":2}',
    '{"a":1}x',
    '{"a":"b}',
  ],
  ...[
    '{"a":1]',
    '["a":1]',
    '{["a"]:1}',
    '{"a":1/**/}',
    '{"a":1}//',
    '{"a":1}#',
    '{"a" b:1}',
    '{"a":a}',
  ],
  ...[
    '{"a\u0001":1}',
    '{"\\x":1}',
    '{"\\u00":1}',
    '{"a":1,"b"}',
    '{"a":1,"b":}',
    '{"a":tru}',
    "{}[]",
  ],
  ...[
    "\ufeff1",
    "\ufeff{}",
    "\u00a0{}",
    "\u000b1",
    "\f1",
    "1\u0000",
    "{}\u0000",
    "🐝",
    "é",
    "`1`",
    "<a>",
  ],
];

const INVALID_UTF8 = [
  [0x80],
  [0xbf],
  [0xc0, 0xaf],
  [0xc1, 0xbf],
  [0xc3],
  [0xc3, 0x28],
  [0xe0, 0x80, 0x80],
  [0xe0, 0x9f, 0xbf],
  [0xe2, 0x82],
  [0xe2, 0x28, 0xa1],
  [0xe2, 0x82, 0x28],
  [0xed, 0xa0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xf0, 0x80, 0x80, 0x80],
  [0xf0, 0x8f, 0xbf, 0xbf],
  [0xf0, 0x9f, 0x90],
  [0xf0, 0x28, 0x8c, 0xbc],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
  [0xfe],
  [0xff],
];

const kernel = create();
const encoder = new TextEncoder();

/** Decodes lines, each `{"v":VALUE,"n":1}`, and counts what the kernel left to the host. */
function decode(
  values: readonly (string | readonly number[])[],
  schema: Schema,
  rest: { trusted?: boolean } = {},
) {
  using decoder = new NdjsonBlockDecoder({
    format: "ndjson",
    schema,
    batchRows: 1_000,
    maxRecordBytes: 100_000,
    maxDepth: 64,
    maxColumns: 100,
    ...rest,
  }, kernel);
  const lines = values.flatMap((value) => [
    ...encoder.encode('{"v":'),
    ...(typeof value === "string" ? encoder.encode(value) : value),
    ...encoder.encode(',"n":1}\n'),
  ]);
  const { batch, bad } = decoder.decode(new Uint8Array(lines));
  return { rows: batch.toRows(), bad, odd: decoder.oddRecords };
}

Deno.test("the vectors are what JSON.parse says they are", () => {
  for (const value of GOOD) JSON.parse(value);
  for (const value of BAD) {
    let parsed = true;
    try {
      JSON.parse(`{"v":${value},"n":1}`);
    } catch {
      parsed = false;
    }
    assert(!parsed, value);
  }
});

Deno.test("the kernel accepts all that RFC 8259 does, wanted or not, by itself", () => {
  const wanted = decode(GOOD, schema({ v: t.mixed, n: t.i32 }));
  assertEquals([wanted.rows.length, wanted.bad, wanted.odd], [GOOD.length, [], 0]);
  // Whole numbers beyond 2^53 are kept in full.
  const plain = (value: unknown) => typeof value === "bigint" ? Number(value) : value;
  assertEquals(
    wanted.rows.map(({ v }) => Array.isArray(v) ? v.map(plain) : plain(v)),
    GOOD.map((value) => JSON.parse(value)),
  );
  for (const trusted of [false, true]) {
    const skipped = decode(GOOD, schema({ n: t.i32 }), { trusted });
    assertEquals([skipped.rows.length, skipped.bad, skipped.odd], [GOOD.length, [], 0]);
  }
});

Deno.test("the kernel refuses all that RFC 8259 does, wanted or not", () => {
  for (
    const fields of [
      schema({ v: t.mixed, n: t.i32 }),
      schema({ n: t.i32 }),
      schema({ v: t.f64 }),
      schema({ v: t.utf8 }),
    ]
  ) {
    const { rows, bad } = decode(BAD, fields);
    assertEquals([rows, bad.length], [[], BAD.length]);
  }
});

Deno.test("the kernel refuses it too in lines whose layout it has learned", () => {
  const between = ['"a"', "1", "null"];
  const values = BAD.flatMap((value) => [value, ...between]);
  for (const fields of [schema({ v: t.mixed, n: t.i32 }), schema({ n: t.i32 })]) {
    const { rows, bad } = decode(values, fields);
    assertEquals([rows.length, bad.length], [BAD.length * between.length, BAD.length]);
  }
});

Deno.test("the kernel gives the numbers and texts that JSON.parse does", () => {
  const values = GOOD.map((value) => JSON.parse(value));
  const numbers = GOOD.filter((_, at) => typeof values[at] === "number");
  const { rows } = decode(numbers, schema({ v: t.f64 }));
  assertEquals(rows.map(({ v }) => v), numbers.map((value) => JSON.parse(value)));
  const texts = GOOD.filter((_, at) => typeof values[at] === "string" && values[at].isWellFormed());
  for (const type of [t.utf8, t.dict]) {
    const { rows, odd } = decode(texts, schema({ v: type }));
    assertEquals(rows.map(({ v }) => v), texts.map((value) => JSON.parse(value)));
    assertEquals(odd, 0);
  }
});

Deno.test("the kernel refuses bytes that are not UTF-8 in strings, keys and between", () => {
  const quoted = INVALID_UTF8.map((bytes) => [0x22, 0x61, ...bytes, 0x22]);
  const keys = INVALID_UTF8.map((bytes) => [0x7b, 0x22, ...bytes, 0x22, 0x3a, 0x31, 0x7d]);
  const all = [...quoted, ...keys, ...INVALID_UTF8];
  for (
    const fields of [
      schema({ v: t.mixed }),
      schema({ v: t.utf8 }),
      schema({ v: t.dict }),
      schema({ n: t.i32 }),
    ]
  ) {
    const { rows, bad } = decode(all, fields);
    assertEquals([rows, bad.length], [[], all.length]);
    for (const { reason } of bad) assertEquals(reason, "the record is not valid UTF-8");
  }
});

Deno.test("the kernel takes nesting up to the limit, and no deeper, without a stack of its own", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  const mixedUp = (levels: number) => '{"a":['.repeat(levels / 2) + "]}".repeat(levels / 2);
  for (const fields of [schema({ v: t.mixed }), schema({ n: t.i32 })]) {
    const { rows, bad } = decode([nested(63), nested(64), mixedUp(62), mixedUp(64)], fields);
    assertEquals([rows.length, bad.map(({ record }) => record)], [2, [1, 3]]);
    assertEquals(decode([nested(40_000)], fields).bad.length, 1);
    assertEquals(decode(["[".repeat(90_000)], fields).bad.length, 1);
  }
});

Deno.test("a bad record says at which byte it went wrong, and of which column the value is", () => {
  const { bad } = decode(['"x"', "[1,]", "1"], schema({ v: t.f64, n: t.struct({}) }));
  const line = '{"v":1,"n":1}\n'.length;
  assertEquals(bad.map(({ column }) => column), ["v", undefined, "n"]);
  assertEquals(bad.map(({ at, start }) => at! - start), [5, 8, line - 3]);
});
