import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parse as csvParse } from "csv-parse/sync";
import fc from "fast-check";
import Papa from "papaparse";
import { type BadRecord, CsvDecoder, type CsvOptions, schema, types as t } from "../mod.ts";
import { ReferenceCsvDecoder } from "../src/codecs/reference_csv_decoder.ts";
import { bytesOf, cut, cutsAnywhere } from "./support/chunks.ts";
import { decodingWith } from "./support/decoding.ts";

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
  // Most of the time would go into stacks of bad records.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
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
  fc.assert(
    fc.property(bytes, options, cutsAnywhere, (bytes, options, cuts) => {
      const found = outcome({ bytes, options, cuts }, CsvDecoder);
      assertEquals(found, outcome({ bytes, options, cuts: [] }, ReferenceCsvDecoder));
    }),
    { numRuns: 100_000 },
  );
  Error.stackTraceLimit = stackTraceLimit;
});
