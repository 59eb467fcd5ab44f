import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parse as csvParse } from "csv-parse/sync";
import fc from "fast-check";
import Papa from "papaparse";
import { type BadRecord, CsvDecoder, type CsvOptions, schema, types as t } from "../mod.ts";
import { ReferenceCsvDecoder } from "../src/codecs/csv/reference_csv_decoder.ts";
import { bytesOf, cut, cutsAnywhere } from "./support/chunks.ts";
import { decodingWith } from "./support/decoding.ts";
import { withoutStacks } from "./support/without_stacks.ts";

const { decode, decodeAll } = decodingWith((options: CsvOptions) => new CsvDecoder(options));

const cell = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b", " ", "ü", "🐝", "1") }),
  fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "\r\n", "a", ";") }),
);
const table = fc.integer({ min: 1, max: 5 }).chain((columns) =>
  fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), {
    minLength: 1,
    maxLength: 8,
  })
);

interface Writing {
  readonly ends: readonly string[];
  readonly quoteAll: boolean;
  readonly endsLast: boolean;
  readonly bom: boolean;
}

const writing: fc.Arbitrary<Writing> = fc.record({
  ends: fc.array(fc.constantFrom("\n", "\r\n", "\r"), { minLength: 1, maxLength: 3 }),
  quoteAll: fc.boolean(),
  endsLast: fc.boolean(),
  bom: fc.boolean(),
});

function write(rows: readonly string[][], { ends, quoteAll, endsLast, bom }: Writing): string {
  const lines = rows.map((row, at) => {
    const fields = row.map((text) =>
      quoteAll || text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
    );
    const isLast = at === rows.length - 1;
    return fields.join(",") + (isLast && !endsLast ? "" : ends[at % ends.length]);
  });
  return (bom ? "\ufeff" : "") + lines.join("");
}

/** Names of `count` columns. */
function names(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `c${at}`);
}

/** A schema of texts. */
function texts(count: number) {
  return schema(Object.fromEntries(names(count).map((name) => [name, t.utf8])));
}

Deno.test("CsvDecoder reads any table back, as csv-parse does, however written and cut", () => {
  fc.assert(
    fc.property(table, writing, cutsAnywhere, (rows, how, cuts) => {
      const text = write(rows, how);
      const options = { header: false, schema: texts(rows[0].length), batchRows: 3 };
      const decoded = decode(text, options, cuts).rows.map((row) => Object.values(row));
      assertEquals(decoded, rows);
      const delimiters = ["\r\n", "\n", "\r"];
      assertEquals(decoded, csvParse(text, { bom: true, record_delimiter: delimiters }));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("CsvDecoder reads any text as papaparse does, and refuses the quotes that it refuses", () => {
  const anything = fc.string({
    unit: fc.constantFrom('"', '"', ",", "\n", "a", ";"),
    maxLength: 24,
  });
  const options = {
    header: names(30),
    schema: texts(30),
    raggedRows: "pad",
    emptyStrings: "keep",
    emptyLines: "record",
  } as const;
  fc.assert(
    fc.property(anything, cutsAnywhere, (text, cuts) => {
      const { data, errors } = Papa.parse<string[]>(text, { delimiter: ",", newline: "\n" });
      const { rows, bad } = decodeAll(text, options, cuts);
      assertEquals(bad.length > 0, errors.some(({ type }: { type: string }) => type === "Quotes"));
      if (bad.length > 0) return;
      // A line end at the end starts one more line for papaparse.
      if (data.length === rows.length + 1) assertEquals(data.pop(), [""]);
      const found = rows.map((row) => Object.values(row).filter((value) => value !== null));
      assertEquals(found, data);
    }),
    { numRuns: 5_000 },
  );
});

// What random bytes are made of: enough of what matters to get everywhere.
const PIECES = [
  '"',
  '"',
  ",",
  "\n",
  "\r",
  "#",
  "a",
  "1",
  "-2.5",
  "true",
  " ",
  "ü",
  "🐝",
  "2020-01-01",
];
const BROKEN = [[0xff], [0xc3], [0xf0, 0x9f], [0xed, 0xa0, 0x80], [0x00], [0xef, 0xbb, 0xbf]];

type Decoder = typeof CsvDecoder | typeof ReferenceCsvDecoder;

function outcome(
  { bytes, options, cuts }: { bytes: Uint8Array; options: CsvOptions; cuts: readonly number[] },
  Decoder: Decoder,
) {
  const bad: string[] = [];
  const deadLetter = ({ error, bytes }: BadRecord) => bad.push(`${error.message} ${bytes}`);
  const decoder = new Decoder({ ...options, badRecords: "deadLetter", deadLetter });
  try {
    const batches = cut(bytes, cuts).flatMap((chunk) => decoder.push(chunk));
    batches.push(...decoder.finish());
    const { records, rows, badRecords } = decoder.metrics();
    assertEquals(records, rows + badRecords);
    assertEquals(bad.length, badRecords);
    assertEquals(batches.reduce((sum, { length }) => sum + length, 0), rows);
    return { rows: batches.flatMap((batch) => batch.toRows()), bad, metrics: decoder.metrics() };
  } catch (error) {
    // Of the header, for which there is no policy.
    assert(error instanceof TypeError, `${error}`);
    assertStringIncludes(error.message, "Cannot read CSV input: ");
    return { error: error.message, bad };
  }
}

Deno.test("CsvDecoder gives what ReferenceCsvDecoder gives for random bytes however they are cut", () => {
  const piece = fc.oneof(
    { arbitrary: fc.constantFrom(...PIECES.map((text) => [...bytesOf(text)])), weight: 20 },
    { arbitrary: fc.constantFrom(...BROKEN), weight: 1 },
  );
  const bytes = fc.array(piece, { maxLength: 25 }).map((all) => new Uint8Array(all.flat()));
  const options: fc.Arbitrary<CsvOptions> = fc.record({
    header: fc.constantFrom(true, false, ["a", "b"]),
    raggedRows: fc.constantFrom("error", "pad"),
    emptyLines: fc.constantFrom("skip", "record"),
    emptyStrings: fc.constantFrom("quoted", "null", "keep"),
    comment: fc.constantFrom("#", undefined),
    quote: fc.constantFrom('"', '"', null),
    trim: fc.boolean(),
    inferenceRows: fc.constantFrom(1, 3, 1024),
    invalidUtf8: fc.constantFrom("error", "replace"),
    maxRecordBytes: fc.constantFrom(5, 1000),
    batchRows: fc.constantFrom(1, 2, 1000),
    inferTimestamps: fc.boolean(),
  });
  const property = fc.property(bytes, options, cutsAnywhere, (bytes, options, cuts) => {
    const found = outcome({ bytes, options, cuts }, CsvDecoder);
    assertEquals(found, outcome({ bytes, options, cuts: [] }, ReferenceCsvDecoder));
  });
  withoutStacks(() => fc.assert(property, { numRuns: 100_000 }));
});

const DOCUMENTS: readonly (readonly [text: string, options: CsvOptions])[] = [
  [
    '\ufeff"a",b,c\r\n1,"x ""y"" \r\n🐝",ü\r\n\r\n#no,"\r\n2,"",\r\n"3"x,,\r\n4,"\n\n",z',
    { comment: "#", schema: schema({ a: t.i32, b: t.utf8, c: t.dict }) },
  ],
  ["a\tb\r1\t2.5\r\n\r'x\ty'\t-1e3\n7\t'''\n", { separator: "\t", quote: "'" }],
  ['h\n"never closed, ""but doubled\r\n\r\n#', { comment: "#", header: ["h"] }],
  ["a;b;c\n 1 ; NA;\t\n1;2\n1;2;3;4\nü;🐝;x\n\n", {
    separator: ";",
    trim: true,
    raggedRows: "pad",
    nullValues: ["NA"],
    inferenceRows: 2,
    maxRecordBytes: 8,
  }],
];

Deno.test("CsvDecoder gives what ReferenceCsvDecoder gives at every chunk boundary of some documents", () => {
  for (const [text, options] of DOCUMENTS) {
    const bytes = bytesOf(text);
    const expected = outcome({ bytes, options, cuts: [] }, ReferenceCsvDecoder);
    const places = Array.from({ length: bytes.length + 1 }, (_, at) => at / bytes.length);
    assertEquals(outcome({ bytes, options, cuts: places }, CsvDecoder), expected);
    for (const [at, first] of places.entries()) {
      for (const second of places.slice(at)) {
        assertEquals(outcome({ bytes, options, cuts: [first, second] }, CsvDecoder), expected);
      }
    }
  }
});

Deno.test("CsvDecoder passes over a quote that is never closed, keeping no more than its limit", () => {
  const bad: BadRecord[] = [];
  const decoder = new CsvDecoder({
    schema: schema({ a: t.i32, b: t.utf8 }),
    badRecords: "deadLetter",
    deadLetter: (record) => bad.push(record),
    maxRecordBytes: 1_000,
  });
  const chunk = bytesOf("line after line, \n".repeat(4_000));
  const first = decoder.push(bytesOf('a,b\n1,x\n2,"'));
  for (let left = 300; left > 0; left--) assertEquals(decoder.push(chunk), []);
  const batches = [...first, ...decoder.push(bytesOf('"\n3,y\n')), ...decoder.finish()];
  assertEquals([bad.length, bad[0].line, bad[0].bytes.length], [1, 3, 1_000]);
  assertStringIncludes(bad[0].error.message, "line 3: the record is larger than maxRecordBytes");
  assertEquals(batches.flatMap((batch) => batch.toRows()), [{ a: 1, b: "x" }, { a: 3, b: "y" }]);
});

Deno.test("CsvDecoder reads a text of ten megabytes, and a hundred thousand columns, when it may", () => {
  const long = "x".repeat(10_000_000);
  const wide = Array.from({ length: 100_000 }, (_, at) => `c${at}`);
  const text = decode(`a,b\n1,"${long}"\n`, { maxRecordBytes: 20_000_000 }, [0.3, 0.6]);
  assertEquals(text.rows.map(({ a, b }) => [a, (b as string).length]), [[1, 10_000_000]]);
  const lines = `${wide.join(",")}\n${wide.map((_, at) => at).join(",")}\n`;
  const columns = decode(lines, { maxColumns: 100_000, maxRecordBytes: 2_000_000 });
  assertEquals(Object.values(columns.rows[0]).at(-1), 99_999);
});
