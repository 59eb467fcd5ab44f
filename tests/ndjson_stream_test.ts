import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  type BadRecord,
  BadRecordError,
  type BatchDecoder,
  NdjsonDecoder,
  type NdjsonOptions,
  schema,
  types as t,
} from "../mod.ts";
import { ReferenceNdjsonDecoder } from "../src/codecs/json/reference_ndjson_decoder.ts";
import { LineCutter } from "../src/codecs/json/line_cutter.ts";
import { bytesOf } from "./support/chunks.ts";
import { CELL_FIELDS, mutated, recordText } from "./support/json_lines.ts";
import { forSeeds, type Random } from "./support/random.ts";

type Make = (options: NdjsonOptions) => BatchDecoder;

const kernel: Make = (options) => new NdjsonDecoder(options);
const reference: Make = (options) => new ReferenceNdjsonDecoder(options);

/** Everything that a decoder says of an input that is cut at these bytes. */
function outcome(make: Make, bytes: Uint8Array, options: NdjsonOptions, cuts: readonly number[]) {
  const bad: string[] = [];
  const deadLetter = ({ error, bytes, line }: BadRecord) => {
    bad.push(`${line} ${error.line} ${error.message} ${bytes}`);
  };
  const decoder = make({ ...options, badRecords: "deadLetter", deadLetter });
  const batches = [0, ...cuts].flatMap((from, at) =>
    decoder.push(bytes.slice(from, cuts[at] ?? bytes.length))
  );
  batches.push(...decoder.finish());
  return {
    bad,
    metrics: decoder.metrics(),
    lengths: batches.map(({ length }) => length),
    fields: batches.map((batch) => batch.schema.fields),
    rows: batches.flatMap((batch) => batch.toRows()),
  };
}

const DOCUMENTS: readonly [text: string, options: NdjsonOptions][] = [
  ['\ufeff{"a":1,"b":"é"}\r\n\n {"b":"🐝\\n","a":2.5}\r\n{"a":null}', {}],
  ['{"a":1}\nx\n{"a":2}\r\n{"a":1,"c":3}\n\n[]\n{"a":3}\n', { inferenceRows: 1 }],
  ['{"a":1}\n{"a":"xxxxxxxxxxxx"}\r\n{"a":2}\n{"a":"y"}\r', {
    maxRecordBytes: 12,
    schema: schema({ a: t.mixed }),
  }],
  ['{"a":{"b":[1,2]},"s":"k"}\n{"a":{"b":[]},"s":"k"}\n{"a":null}\n{"s":"l","a":{"b":[null]}}\n', {
    schema: schema({ a: t.struct({ b: t.list(t.i64) }), s: t.dict }),
    batchRows: 2,
  }],
];

Deno.test("NdjsonDecoder gives what its twin does for documents cut at every byte, and at any two", () => {
  for (const [text, options] of DOCUMENTS) {
    const bytes = bytesOf(text);
    const expected = outcome(reference, bytes, options, []);
    for (let at = 0; at <= bytes.length; at++) {
      assertEquals(outcome(kernel, bytes, options, [at]), expected, `cut at ${at}`);
      const second = at + (at * 7 % (bytes.length - at + 1));
      assertEquals(outcome(kernel, bytes, options, [at, second]), expected);
    }
    const each = Array.from(bytes, (_, at) => at);
    assertEquals(outcome(kernel, bytes, options, each), expected);
  }
});

function randomOptions(random: Random): NdjsonOptions {
  return {
    schema: random.chance(0.5) ? { fields: random.shuffle(CELL_FIELDS).slice(0, 3) } : undefined,
    extraKeys: random.pick(["error", "ignore"]),
    inferenceRows: random.pick([1, 3, 1024]),
    invalidUtf8: random.pick(["error", "replace"]),
    maxRecordBytes: random.pick([60, 1000]),
    maxDepth: random.pick([2, 64]),
    batchRows: random.pick([1, 7, 1000]),
  };
}

Deno.test("NdjsonDecoder gives what its twin does in rows, batches, messages and counts, cut anywhere", () => {
  forSeeds(400, (random) => {
    const options = randomOptions(random);
    const fields = options.schema?.fields ?? random.shuffle(CELL_FIELDS).slice(0, 3);
    const parts = Array.from({ length: random.below(40) }, () => {
      const line = bytesOf(recordText(fields, random) + random.pick(["\n", "\n", "\r\n", "\n \n"]));
      return random.chance(0.1) ? mutated(line, random) : line;
    });
    const bytes = new Uint8Array(parts.flatMap((part) => [...part]));
    const cuts = Array.from({ length: random.below(6) }, () => random.below(bytes.length + 1));
    const expected = outcome(reference, bytes, options, []);
    assertEquals(outcome(kernel, bytes, options, cuts.sort((a, b) => a - b)), expected);
  });
});

Deno.test("NdjsonDecoder gives batches that stay as they are, with one dictionary while it is the same", () => {
  const decoder = new NdjsonDecoder({ schema: schema({ key: t.dict, n: t.i32 }), batchRows: 2 });
  const lines = (from: number) =>
    bytesOf([0, 1, 2, 3].map((n) => `{"key":"${"ab"[n % 2]}","n":${from + n}}\n`).join(""));
  const batches = [...decoder.push(lines(0)), ...decoder.push(lines(4))];
  const other = new NdjsonDecoder({ schema: schema({ key: t.dict, n: t.i32 }), batchRows: 2 });
  other.push(bytesOf('{"key":"zz","n":99}\n{"key":"yy","n":98}\n'));
  assertEquals(batches.flatMap((batch) => batch.toRows()).map(({ n }) => n), [
    ...[0, 1, 2, 3, 4, 5, 6, 7],
  ]);
  const [first, ...others] = batches.map((batch) => batch.column("key").children![0]);
  for (const dictionary of others) assertEquals(dictionary === first, true);
});

Deno.test("NdjsonDecoder says what is wrong with `trusted` and `layout`", () => {
  const wrong = { trusted: 1 } as unknown as NdjsonOptions;
  assertThrows(() => new NdjsonDecoder(wrong), TypeError, "trusted must be true or false");
  const other = { layout: "list" } as unknown as NdjsonOptions;
  assertThrows(() => new NdjsonDecoder(other), TypeError, 'layout must be "lines" or "array"');
});

Deno.test("NdjsonDecoder passes over what is not wanted unread where the sender is trusted", () => {
  const bytes = bytesOf('{"a":1,"b":"ok"}\n{"a":2,"b":oops}\n{"a":3,"b":"\\q"}\n');
  const options = { schema: schema({ a: t.i32 }), extraKeys: "ignore" as const };
  assertEquals(outcome(kernel, bytes, options, []).rows, [{ a: 1 }]);
  const trusting = outcome(kernel, bytes, { ...options, trusted: true }, []);
  assertEquals(trusting.rows, [{ a: 1 }, { a: 2 }, { a: 3 }]);
});

// Arrays

const ARRAY = { layout: "array" } as const;

Deno.test("NdjsonDecoder reads the elements of an array, over any lines, cut at every byte", () => {
  const rows = [
    { a: 1, b: "x,]}" },
    { a: 2, b: 'é"\\' },
    { a: null, b: "[" },
  ];
  const texts = [
    JSON.stringify(rows),
    JSON.stringify(rows, null, 2),
    `\ufeff \n${JSON.stringify(rows, null, "\t").replaceAll("\n", "\r\n")}\r\n`,
  ];
  const options = { ...ARRAY, schema: schema({ a: t.i32, b: t.utf8 }) };
  for (const text of texts) {
    const bytes = bytesOf(text);
    for (let at = 0; at <= bytes.length; at++) {
      const { rows: found, bad } = outcome(kernel, bytes, options, [at]);
      assertEquals([found, bad], [rows, []]);
    }
    assertEquals(outcome(kernel, bytes, ARRAY, []).rows, rows);
  }
  assertEquals(outcome(kernel, bytesOf(" [ ] "), options, []).bad, []);
});

Deno.test("NdjsonDecoder says on which line an element of an array is bad, and goes on behind it", () => {
  const text = '[\n{"a":1},\n\n{"a":\n"x"},\n{"a":2}\n,\n,{"a":3},1,{"a":4}{},{"a":"\n"},{"a":5}]';
  const options = { ...ARRAY, schema: schema({ a: t.i32 }), badRecords: "skip" as const };
  const { rows, bad, metrics } = outcome(kernel, bytesOf(text), options, []);
  assertEquals(rows.map(({ a }) => a), [1, 2, 3, 5]);
  const reasons: [line: number, part: string][] = [
    [4, 'column "a": expected i32'],
    [8, "an element is missing"],
    [8, "expected an object, received 1"],
    [8, "not valid JSON"],
    [8, "not valid JSON"],
  ];
  assertEquals(bad.map((message) => Number.parseInt(message)), reasons.map(([line]) => line));
  for (const [at, [, part]] of reasons.entries()) assertStringIncludes(bad[at], part);
  assertEquals(metrics.records, metrics.rows + metrics.badRecords);
});

Deno.test("NdjsonDecoder says what an array may hold, with columns given or inferred", () => {
  const wants = "an array may hold JSON objects only, with commas between them";
  const columns = { schema: schema({ a: t.i32 }) };
  for (const text of ['[{"a":1},5]', '[5,{"a":1}]', '[{"a":1} {"a":2}]']) {
    for (const options of [{}, columns]) {
      const { bad } = outcome(
        kernel,
        bytesOf(text),
        { ...ARRAY, ...options, badRecords: "skip" },
        [],
      );
      assertEquals(bad.length, 1);
      assertStringIncludes(bad[0], wants);
    }
  }
  const { bad } = outcome(kernel, bytesOf("5\n"), { ...columns, badRecords: "skip" }, []);
  assertStringIncludes(bad[0], "put one object on a line");
});

Deno.test("NdjsonDecoder refuses what is no array, and an array that is not whole", () => {
  const decoder = new NdjsonDecoder(ARRAY);
  assertThrows(
    () => decoder.push(bytesOf('\n{"a":1}')),
    TypeError,
    'line 2: an array starts with "[", received "{"; pass layout: "lines"',
  );
  const wrong: [text: string, part: string, rows: number][] = [
    ['[{"a":1},{"a":2}', "the array is not closed", 2],
    ['[{"a":1},{"a":', "the array is not closed", 1],
    ['[{"a":1},', "the array is not closed", 1],
    ["[", "the array is not closed", 0],
    ["", "there is no array", 0],
    ['[{"a":1}]{"a":2}', "something follows the end", 1],
    ['[{"a":1},]', "an element is missing", 1],
  ];
  for (const [text, part, count] of wrong) {
    const options = { ...ARRAY, schema: schema({ a: t.i32 }) };
    const { rows, bad } = outcome(kernel, bytesOf(text), options, []);
    assertEquals(rows.length, count, text);
    assertStringIncludes(bad.at(-1)!, part);
  }
});

Deno.test("NdjsonDecoder gives for an array what it gives for its elements as lines", () => {
  forSeeds(200, (random) => {
    const options = { schema: { fields: random.shuffle(CELL_FIELDS).slice(0, 3) } };
    const records = Array.from(
      { length: random.below(30) },
      () => recordText(options.schema.fields, random).replaceAll("\u0001", " "),
    ).filter((text) => {
      try {
        return typeof JSON.parse(text) === "object";
      } catch {
        return false;
      }
    });
    const blank = () => random.pick(["", " ", "\n", "\r\n\t"]);
    const array = bytesOf(`[${blank()}${records.join(`${blank()},${blank()}`)}${blank()}]`);
    const cuts = Array.from({ length: random.below(5) }, () => random.below(array.length + 1));
    const found = outcome(kernel, array, { ...options, ...ARRAY }, cuts.sort((a, b) => a - b));
    const expected = outcome(kernel, bytesOf(records.join("\n")), options, []);
    assertEquals(found.rows, expected.rows);
    assertEquals(found.metrics.badRecords, expected.metrics.badRecords);
  });
});

Deno.test("LineCutter cuts behind the last line end, and looks at no byte twice", () => {
  const cutter = new LineCutter();
  assertEquals(cutter.cut(bytesOf("")), 0);
  assertEquals(cutter.cut(bytesOf("ab")), 0);
  assertEquals(cutter.cut(bytesOf("ab\ncd\nef")), 6);
  assertEquals(cutter.cut(bytesOf("ab\ncd\n"), 5), 6);
  assertEquals(cutter.cut(bytesOf("abc"), 2), 0);
});

Deno.test("NdjsonDecoder says at which byte of the input a record went wrong, however it is cut", () => {
  const lines =
    '\ufeff{"a":1}\r\n\n{"a":1,}\n {"a":"é"}\n{"a":2}\n[]\n{"a":"xxxxxxxxxxxxxxxxxxxx"}\nx';
  const array = '\ufeff[{"a":1},\n{"a":1,},\n {"a":"é"},{"a":2},[],{"a":"xxxxxxxxxxxxxxxxxxxx"},x]';
  const cases = [[lines, "lines", true], [array, "array", true], [lines, "lines", false]] as const;
  for (const [text, layout, isKnown] of cases) {
    const bytes = bytesOf(text);
    const find = (part: string) => bytesOf(text.slice(0, text.indexOf(part))).length;
    const expected = [
      find("}" + (layout === "array" ? ",\n {" : "\n {")),
      ...(isKnown ? [find('"é"')] : []),
      find("[]"),
      find('{"a":"xx'),
      find(layout === "array" ? "x]" : "\nx") + (layout === "array" ? 0 : 1),
    ];
    for (let at = 0; at < bytes.length; at++) {
      const found: (number | undefined)[] = [];
      const decoder = new NdjsonDecoder({
        layout,
        schema: isKnown ? schema({ a: t.i32 }) : undefined,
        maxRecordBytes: 20,
        badRecords: "deadLetter",
        deadLetter: ({ error }) => found.push(error.byteOffset),
      });
      for (const chunk of [bytes.slice(0, at), bytes.slice(at)]) decoder.push(chunk);
      decoder.finish();
      assertEquals(found, expected, `${layout} cut at ${at}`);
    }
  }
});

Deno.test("NdjsonDecoder names the column of a value that does not fit, in the error too", () => {
  const decoder = new NdjsonDecoder({ schema: schema({ a: t.struct({ b: t.i32 }) }) });
  const error = assertThrows(() => decoder.push(bytesOf('{"a":{"b":"x"}}\n')), BadRecordError);
  assertEquals([error.line, error.column, error.byteOffset], [1, "a.b", 10]);
});
