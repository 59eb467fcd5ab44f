import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BadRecordError, CsvDecoder, type CsvOptions, schema, types as t } from "../mod.ts";
import { bytesOf } from "./support/chunks.ts";
import { decodingWith } from "./support/decoding.ts";

const { decode, decodeAll } = decodingWith((options: CsvOptions) => new CsvDecoder(options));

function failure(...given: Parameters<typeof decode>): string {
  return assertThrows(() => decode(...given), Error).message;
}

Deno.test("CsvDecoder infers booleans, whole numbers, numbers and texts, and keeps codes as text", () => {
  const { batches, rows } = decode(
    "flag,small,large,huge,real,code,time,nothing\n" +
      "true,1,3000000000,9007199254740993,1.5,007,2020-01-01,\n" +
      "FALSE,-2,4,-1,-2e3,8,2020-01-02T03:04:05Z,\n",
  );
  assertEquals(batches[0].schema.fields.map(({ type }) => type), [
    { kind: "bool" },
    { kind: "i32" },
    { kind: "i64", as: "number" },
    { kind: "i64" },
    { kind: "f64" },
    { kind: "utf8" },
    { kind: "utf8" },
    { kind: "utf8" },
  ]);
  assertEquals(rows[0], {
    flag: true,
    small: 1,
    large: 3_000_000_000,
    huge: 9007199254740993n,
    real: 1.5,
    code: "007",
    time: "2020-01-01",
    nothing: null,
  });
});

Deno.test("CsvDecoder infers timestamps when asked to", () => {
  const { rows } = decode("at\n2020-01-01\n2020-01-02T00:00:01+01:00\n", { inferTimestamps: true });
  assertEquals(rows, [{ at: Date.UTC(2020, 0, 1) }, { at: Date.UTC(2020, 0, 1, 23, 0, 1) }]);
});

Deno.test("CsvDecoder reads every type that has a text", () => {
  const all = schema({
    bool: t.bool,
    i32: t.i32,
    i64: t.i64,
    f32: t.f32,
    f64: t.f64,
    timestamp: t.timestamp,
    date: t.date,
    time: t.time,
    decimal: t.decimal(20, 2),
    utf8: t.utf8,
    dict: t.dict,
    bytes: t.bytes,
    mixed: t.mixed,
  });
  const { rows } = decode(
    "True,+5,9223372036854775807,0.5,NaN,1600000000000,1970-01-02,01:02:03.004," +
      "123456789012345678.90,ü,x,AQI=,1\n,,,,,,,,,,,,\n",
    { schema: all, header: false },
  );
  assertEquals(rows[0], {
    bool: true,
    i32: 5,
    i64: 9223372036854775807n,
    f32: 0.5,
    f64: NaN,
    timestamp: 1_600_000_000_000,
    date: 1,
    time: 3_723_004,
    decimal: "123456789012345678.90",
    utf8: "ü",
    dict: "x",
    bytes: new Uint8Array([1, 2]),
    mixed: "1",
  });
  assertEquals(Object.values(rows[1]), Array(13).fill(null));
});

Deno.test("CsvDecoder says file, line, column, expected type, received text and fix of a misfit", () => {
  const readings = schema({ sensor: t.utf8, value: t.i32 });
  const message = failure('sensor,value\na,1\n"b\n",2\nc,n/a\n', {
    schema: readings,
    name: "readings.csv",
  });
  assertEquals(
    message,
    'Cannot read readings.csv: line 5, column "value": expected i32 (a whole number from ' +
      '-2147483648 to 2147483647), received "n/a" (string); correct it, give the column another ' +
      'type in schema, or list it in nullValues; or pass badRecords: "skip" or "deadLetter"',
  );
});

Deno.test("CsvDecoder holds a later row to the types inferred from the first ones", () => {
  const error = assertThrows(() => decode("a\n1\n2\nx\n", { inferenceRows: 2 }), BadRecordError);
  assertEquals(error.line, 4);
  assertStringIncludes(error.message, 'column "a": expected i32');
});

Deno.test("CsvDecoder takes texts of wrong types for none of the strict kinds", () => {
  const wrong: [
    kind: "bool" | "i32" | "i64" | "f64" | "timestamp" | "date" | "time",
    text: string,
  ][] = [
    ["bool", "1"],
    ["bool", "yes"],
    ["i32", "1.0"],
    ["i32", " 1"],
    ["i32", "2147483648"],
    ["i32", "0x10"],
    ["i64", "9223372036854775808"],
    ["i64", "1e3"],
    ["f64", "1,5"],
    ["f64", "0x10"],
    ["f64", "1_000"],
    ["f64", "."],
    ["f64", "infinity"],
    ["timestamp", "2021-02-29"],
    ["timestamp", "2020-01-01T24:00"],
    ["timestamp", "01/02/2020"],
    ["date", "2020-01-01T00:00"],
    ["date", "2020-13-01"],
    ["time", "24:00"],
    ["time", "1:00"],
  ];
  for (const [kind, text] of wrong) {
    const column = { fields: [{ name: "a", type: { kind } as const }] };
    assertStringIncludes(
      failure(`a\n"${text}"\n`, { schema: column }),
      "line 2",
      `${kind} ${text}`,
    );
  }
});

Deno.test("CsvDecoder takes empty fields for null, in quotes as an empty text, as its options say", () => {
  const input = 'a,b\n,""\n"",\n';
  const texts = (options: CsvOptions) =>
    decode(input, options).rows.map((row) => Object.values(row));
  assertEquals(texts({}), [[null, ""], ["", null]]);
  assertEquals(texts({ emptyStrings: "null" }), [[null, null], [null, null]]);
  assertEquals(texts({ emptyStrings: "keep" }), [["", ""], ["", ""]]);
  const numbers = schema({ a: t.f64, b: t.f64 });
  assertEquals(decode(input, { schema: numbers }).rows[1], { a: null, b: null });
});

Deno.test("CsvDecoder takes nullValues for null unless they are in quotes", () => {
  const { rows } = decode('a,b\nNA,1\n"NA",NA\nx,-\n', { nullValues: ["NA", "-"] });
  assertEquals(rows, [{ a: null, b: 1 }, { a: "NA", b: null }, { a: "x", b: null }]);
});

Deno.test("CsvDecoder refuses a null in a column that holds none", () => {
  const column = schema({ a: t.required(t.i32), b: t.i32 });
  assertStringIncludes(failure("a,b\n,1\n", { schema: column }), "expected i32 and never null");
});

Deno.test("CsvDecoder takes names from the header, the option, the schema, or numbers them", () => {
  assertEquals(decode("a,b\n1,2\n").rows, [{ a: 1, b: 2 }]);
  assertEquals(decode("1,2\n", { header: ["x", "y"] }).rows, [{ x: 1, y: 2 }]);
  assertEquals(decode("1,2\n", { header: false }).rows, [{ column1: 1, column2: 2 }]);
  const pair = schema({ p: t.utf8, q: t.i32 });
  assertEquals(decode("1,2\n", { header: false, schema: pair }).rows, [{ p: "1", q: 2 }]);
  assertEquals(decode("q,p\n1,2\n", { schema: pair }).rows, [{ p: "2", q: 1 }]);
});

Deno.test("CsvDecoder refuses a header that seems to have another separator, unless it is given", () => {
  for (const [separator, shown] of [[";", '";"'], ["\t", '"\\t"'], ["|", '"|"']]) {
    const text = ["id", "a b", "c"].join(separator) + "\n" + ["1", "x", "y"].join(separator) + "\n";
    const message = failure(text, { badRecords: "skip" });
    assertStringIncludes(message, "line 1, the header: it has no comma, and");
    assertStringIncludes(message, `pass separator: ${shown}, or separator: "," if it is one name`);
    assertEquals(decode(text, { separator }).rows, [{ id: 1, "a b": "x", c: "y" }]);
  }
  assertStringIncludes(failure("a|b;c;d\n1;2;3\n"), 'pass separator: ";"');
  const one = [{ "a;b": 1 }];
  assertEquals(decode("a;b\n1\n", { separator: "," }).rows, one);
  assertEquals(decode("a;b\n1\n", { schema: schema({ "a;b": t.i32 }) }).rows, one);
  assertEquals(decode('"a;b"\n1\n').rows, one);
  assertEquals(decode("a;b,c\n1,2\n").rows, [{ "a;b": 1, c: 2 }]);
  assertEquals(decode("1;2\n", { header: false }).rows, [{ column1: "1;2" }]);
  assertStringIncludes(failure("a\n1,2\n"), "expected 1 field, received 2");
});

Deno.test("CsvDecoder refuses a header that does not go with the schema, whatever the policy", () => {
  const pair = schema({ p: t.utf8, q: t.i32 });
  const skip = { schema: pair, badRecords: "skip" } as const;
  assertStringIncludes(failure("p,r\n", skip), 'it has no column "q", only "p", "r"');
  assertStringIncludes(failure("p,q,r\n", skip), 'the schema has no column "r"; add it, or pass');
  assertEquals(decode("p,q,r\na,1,2\n", { ...skip, extraKeys: "ignore" }).rows, [{ p: "a", q: 1 }]);
  assertStringIncludes(failure("p,q,p\n"), 'several columns are named "p"; rename them');
  assertStringIncludes(
    failure('"p"x,q\n'),
    "line 1, the header: field 1 has text after its closing",
  );
  const nested = schema({ p: t.list(t.i32) });
  assertStringIncludes(
    failure("p\n", { schema: nested }),
    "cannot be list<i32> in CSV; read it as",
  );
});

Deno.test("CsvDecoder reads LF, CRLF and CR, also mixed, and a last line without any", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    assertEquals(decode(`a,b${end}1,2${end}3,4`).rows, [{ a: 1, b: 2 }, { a: 3, b: 4 }]);
  }
  assertEquals(decode("a\r1\n2\r\n\r3").rows, [{ a: 1 }, { a: 2 }, { a: 3 }]);
});

Deno.test("CsvDecoder keeps line ends, separators and doubled quotes within quotes", () => {
  const { rows } = decode('a,b\n"1,\r\n2\r3\n","say ""no"""\n');
  assertEquals(rows, [{ a: "1,\r\n2\r3\n", b: 'say "no"' }]);
});

Deno.test("CsvDecoder takes a quote that does not start its field for text", () => {
  assertEquals(decode('a,b\n5",x"y"z\n').rows, [{ a: '5"', b: 'x"y"z' }]);
});

Deno.test("CsvDecoder reads other separators, quotes, comments and blanks", () => {
  const { rows, decoder } = decode("#x\na;b\n# \"y\n 'c;d' ;  2\t\n'e;f';#3\n", {
    separator: ";",
    quote: "'",
    comment: "#",
    trim: true,
    schema: schema({ a: t.utf8, b: t.utf8 }),
    raggedRows: "pad",
  });
  assertEquals(rows, [{ a: "'c", b: "d'" }, { a: "e;f", b: "#3" }]);
  assertEquals(decoder.metrics().skippedLines, 2);
  assertEquals(decode('a\tb\n"1\t2"\n', { separator: "\t", quote: null }).rows, [{
    a: '"1',
    b: '2"',
  }]);
});

Deno.test("CsvDecoder passes over a byte-order mark, however it is cut", () => {
  const bytes = new Uint8Array([0xef, 0xbb, 0xbf, ...bytesOf('"a"\n1\n')]);
  for (let at = 0; at <= bytes.length; at++) {
    assertEquals(decode(bytes, {}, [at / bytes.length]).rows, [{ a: 1 }]);
  }
  assertEquals(decode(new Uint8Array([0xef, 0xbb, 0xbf])).rows, []);
});

Deno.test("CsvDecoder leaves empty lines out, or reads them as an empty field", () => {
  const { rows, decoder } = decode("a\n\n1\n\n");
  assertEquals(rows, [{ a: 1 }]);
  assertEquals(decoder.metrics().skippedLines, 2);
  assertEquals(decode("a\n\n1\n", { emptyLines: "record" }).rows, [{ a: null }, { a: 1 }]);
});

Deno.test("CsvDecoder takes ragged rows for bad ones, or pads and cuts them", () => {
  assertStringIncludes(failure("a,b\n1\n"), "line 2: expected 2 fields, received 1");
  assertStringIncludes(failure("a,b\n1,2,3\n"), "expected 2 fields, received 3");
  const { rows } = decode("a,b\n1\n1,2,3\n", { raggedRows: "pad" });
  assertEquals(rows, [{ a: 1, b: null }, { a: 1, b: 2 }]);
});

Deno.test("CsvDecoder hands bad records to the dead-letter callback as they came, with their lines", () => {
  const { rows, bad, decoder } = decodeAll('a,b\n1,2\n"x"y,2\n"\n",3\n1\n5,6\n"', {
    schema: schema({ a: t.i32, b: t.i32 }),
  });
  assertEquals(rows, [{ a: 1, b: 2 }, { a: 5, b: 6 }]);
  const texts = bad.map(({ bytes }) => new TextDecoder().decode(bytes));
  assertEquals(texts, ['"x"y,2', '"\n",3', "1", '"']);
  assertEquals(bad.map(({ line }) => line), [3, 4, 6, 8]);
  assertStringIncludes(bad[3].error.message, "opens a quote that is never closed");
  const { records, badRecords } = decoder.metrics();
  assertEquals({ records, badRecords }, { records: 6, badRecords: 4 });
});

Deno.test("CsvDecoder skips bad records, counts them, and leaves nothing of them in the columns", () => {
  const wide = schema({ a: t.utf8, b: t.dict, c: t.bool, d: t.i32 });
  const { batches, decoder } = decode("a,b,c,d\nx,y,true,z\n1,2,false,3\n", {
    schema: wide,
    badRecords: "skip",
  });
  assertEquals(batches[0].toRows(), [{ a: "1", b: "2", c: false, d: 3 }]);
  assertEquals(decoder.metrics().badRecords, 1);
});

Deno.test("CsvDecoder takes invalid UTF-8 for a bad record, or replaces it", () => {
  const bytes = new Uint8Array([...bytesOf("a\nü\n"), 0x78, 0xff, 0x0a, ...bytesOf("é\n")]);
  const { rows, bad } = decodeAll(bytes);
  assertEquals(rows, [{ a: "ü" }, { a: "é" }]);
  assertEquals([...bad[0].bytes], [0x78, 0xff]);
  assertStringIncludes(bad[0].error.message, "line 3: the record is not valid UTF-8");
  const replaced = decode(bytes, { invalidUtf8: "replace" }).rows;
  assertEquals(replaced, [{ a: "ü" }, { a: "x\ufffd" }, { a: "é" }]);
});

Deno.test("CsvDecoder does not keep a record beyond maxRecordBytes, however it is cut", () => {
  const long = "x".repeat(100);
  const input = `a\n1234567890\r\n12345678901\n"${long}\n${long}"\n2\n`;
  for (const cuts of [[], Array.from({ length: 300 }, (_, at) => at / 300)]) {
    const { rows, bad } = decodeAll(input, { maxRecordBytes: 10 }, cuts);
    assertEquals(rows, [{ a: 1234567890 }, { a: 2 }]);
    assertEquals(bad.map(({ line, bytes }) => [line, bytes.length]), [[3, 10], [4, 10]]);
    assertStringIncludes(bad[0].error.message, "larger than maxRecordBytes (10)");
    assertStringIncludes(bad[0].error.message, "look for a quote that is never closed, or raise");
  }
});

Deno.test("CsvDecoder refuses records with more than maxColumns fields", () => {
  assertStringIncludes(failure("a,b\n", { maxColumns: 1 }), "more than maxColumns (1) fields");
  const options: CsvOptions = { maxColumns: 2, raggedRows: "pad" };
  assertStringIncludes(failure("a,b\n1,2,3\n", options), "line 2: the record has more than");
});

Deno.test("CsvDecoder cuts batches at batchRows and gives each as soon as it is full", () => {
  const decoder = new CsvDecoder({ batchRows: 2, schema: schema({ a: t.i32 }) });
  assertEquals(decoder.push(bytesOf("a\n1\n2\n3\n4\n5\n")).map(({ length }) => length), [2, 2]);
  assertEquals(decoder.finish().map((batch) => batch.toRows()), [[{ a: 5 }]]);
});

Deno.test("CsvDecoder refuses what comes after an error or the end", () => {
  const decoder = new CsvDecoder({ schema: schema({ a: t.i32 }) });
  assertThrows(() => decoder.push(bytesOf("a\nx\n")), BadRecordError);
  assertThrows(() => decoder.finish(), TypeError, "the decoder has failed; make a new one");
  const ended = new CsvDecoder();
  ended.finish();
  assertThrows(() => ended.push(bytesOf("a")), TypeError, "the decoder has finished");
});

Deno.test("CsvDecoder refuses options that cannot be, with the value received", () => {
  const wrong: [options: unknown, part: string][] = [
    [{ separator: "" }, 'separator must be one ASCII character and no line end, received ""'],
    [{ separator: "ü" }, "separator must be one ASCII character"],
    [{ separator: "\n" }, "separator must be one ASCII character"],
    [{ quote: '""' }, "quote must be one ASCII character"],
    [{ separator: '"' }, "separator, quote and comment must differ"],
    [{ comment: "," }, "separator, quote and comment must differ"],
    [{ batchRows: 0 }, "batchRows must be a whole number from 1, received 0"],
    [{ maxRecordBytes: NaN }, "maxRecordBytes must be a whole number from 1, received NaN"],
    [{ inferenceRows: 1.5 }, "inferenceRows must be a whole number from 1"],
    [{ maxColumns: -1 }, "maxColumns must be a whole number from 1"],
    [{ badRecords: "ignore" }, 'badRecords must be "fail", "skip" or "deadLetter"'],
    [{ badRecords: "deadLetter" }, "and a deadLetter callback go together"],
    [{ deadLetter: () => {} }, "and a deadLetter callback go together"],
    [{ extraKeys: "drop" }, 'extraKeys must be "error" or "ignore", received "drop"'],
    [{ extraKeys: 5n }, "received a bigint"],
    [{ batchRows: Symbol() }, "batchRows must be a whole number from 1, received a symbol"],
    [{ raggedRows: "x" }, "raggedRows must be"],
    [{ emptyLines: "x" }, "emptyLines must be"],
    [{ emptyStrings: "x" }, "emptyStrings must be"],
    [{ invalidUtf8: "x" }, "invalidUtf8 must be"],
  ];
  for (const [options, part] of wrong) {
    assertThrows(() => new CsvDecoder(options as CsvOptions), Error, part);
  }
});

Deno.test("CsvDecoder makes a column called __proto__ an own property", () => {
  const { rows } = decode("__proto__,constructor\n1,2\n");
  assertEquals(Object.getPrototypeOf(rows[0]), Object.prototype);
  assertEquals(Object.entries(rows[0]), [["__proto__", 1], ["constructor", 2]]);
});

Deno.test("CsvDecoder reads long fields in one pass, whatever they hold", () => {
  const schemaOf = schema({ x: t.f64, y: t.utf8 });
  const [digits, blanks] = ["0".repeat(30_000), " \t".repeat(100_000)];
  const start = performance.now();
  const text = `x,y\n1,a\n1${digits}z,b\n${blanks}2${blanks},${blanks}b${blanks}c${blanks}\n`;
  const { rows } = decode(text, { schema: schemaOf, trim: true, badRecords: "skip" });
  assertEquals(rows, [{ x: 1, y: "a" }, { x: 2, y: `b${blanks}c` }]);
  assert(performance.now() - start < 2000, `it took ${performance.now() - start} ms`);
  const all = ["1", "+1", "-1.", ".5", "1.5e3", "1E-3", "+.5e+1"];
  const numbers = decode(`x,y\n${all.map((each) => `${each},a\n`).join("")}`, { schema: schemaOf });
  assertEquals(numbers.rows.map(({ x }) => x), [1, 1, -1, 0.5, 1500, 0.001, 5]);
  for (const wrong of [".", "1..", "e5", "1e", "1e5.", "+", "1 2", "0x1", "1_0"]) {
    assertStringIncludes(failure(`x,y\n${wrong},a\n`, { schema: schemaOf }), "expected a number");
  }
});
