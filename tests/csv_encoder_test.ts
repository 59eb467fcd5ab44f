import { assert, assertEquals, assertThrows } from "@std/assert";
import { CsvDecoder, CsvEncoder, RecordBatch, type Schema, schema, types as t } from "../mod.ts";
import type { CsvEncoderOptions } from "../mod.ts";
import { ReferenceCsvEncoder } from "../src/codecs/csv/reference_csv_encoder.ts";
import type { DataType } from "../src/batch/schema.ts";
import { forSeeds, type Random } from "./support/random.ts";

const RUNS = 2_000;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const TEXTS = [
  ...["", "", "a", "NA", "null", "-", "=1+1", "+1", "-1", "@x", "\tx", "\rx", "a,b", 'say "no"'],
  ...[
    "l1\nl2",
    "l1\r\nl2",
    "'",
    "''",
    "a;b",
    "a|b c",
    "ü",
    "🐝",
    "\ufeff",
    "\ufeffa",
    "\uffff",
    "#",
  ],
  ...["x".repeat(15), "x".repeat(16), "x".repeat(33), `${"y".repeat(40)},`, `${"y".repeat(31)}"`],
  ...['"'.repeat(50), " padded ", "true", "1e3"],
];

const DOUBLES = [0, -0, 1, -2.5, 0.1, 1e21, 1e-7, 5e-324, NaN, Infinity, -Infinity, 2 ** 53];

type Make = (random: Random) => unknown;

/** Types that are read back as they are, and how to make values of them. */
const READ_BACK: readonly (readonly [DataType, Make])[] = [
  [t.bool, (random) => random.chance(0.5)],
  [t.i32, (random) => random.below(2 ** 32) - 2 ** 31],
  [t.i64, (random) => BigInt.asIntN(64, BigInt(random.below(2 ** 53)) * 12_345n)],
  [t.f32, (random) => Math.fround(random.pick(DOUBLES.slice(0, 5)))],
  [t.f64, (random) => random.chance(0.3) ? random.pick(DOUBLES) : random.next() * 1e6],
  [t.timestamp, (random) => Math.floor((random.next() - 0.5) * 2 * 8.64e15)],
  [t.timestamp, (random) => random.pick([8.64e15 + 1, -8.64e15 - 1, Number.MAX_SAFE_INTEGER])],
  [t.date, (random) => random.below(2e8) - 1e8],
  [t.time, (random) => random.below(86_400_000)],
  [t.decimal(38, 9), (random) => `${random.below(1e9)}.${random.below(1e9)}`],
  [t.utf8, (random) => random.pick(TEXTS)],
  [t.utf8, (random) => random.pick(TEXTS) + random.pick(TEXTS)],
  [t.dict, (random) => random.pick(TEXTS)],
  [t.bytes, (random) => new TextEncoder().encode(random.pick(TEXTS.slice(2)))],
];

/** Types that are written as JSON. */
const AS_JSON: readonly (readonly [DataType, Make])[] = [
  [t.list(t.i64), () => [1n, 2n ** 60n, null]],
  [t.struct({ a: t.utf8, b: t.f64 }), (random) => ({ a: random.pick(TEXTS), b: -0 })],
  [t.map(t.utf8), (random) => ({ [random.pick(TEXTS)]: random.pick(TEXTS) })],
  [t.mixed, (random) => random.pick(["text", "=a", 1, true, 5n, [1, "a"], { a: null }, null])],
];

function randomBatch(random: Random, kinds: typeof READ_BACK) {
  const chosen = Array.from({ length: 2 + random.below(4) }, () => random.pick(kinds));
  const names = chosen.map((_, at) => `${random.pick(TEXTS)}${at}`);
  const fields = chosen.map(([type], at) => ({ name: names[at], type }));
  const row = () =>
    Object.fromEntries(
      chosen.map(([, make], at) => [names[at], random.chance(0.1) ? null : make(random)]),
    );
  const rows = Array.from({ length: random.below(random.pick([3, 30])) }, row);
  return RecordBatch.fromRows(rows, { schema: { fields } as Schema });
}

function randomOptions(random: Random): CsvEncoderOptions {
  return {
    header: random.chance(0.7),
    separator: random.pick([",", ";", "\t", "|", " "]),
    quote: random.pick(['"', '"', "'"]),
    quotes: random.pick(["needed", "all"]),
    lineEnd: random.pick(["\n", "\r\n"]),
    nullText: random.pick(["", "NA", "null"]),
  };
}

Deno.test("CsvEncoder writes what ReferenceCsvEncoder writes, batch after batch", () => {
  const seen = new Set<string>();
  forSeeds(RUNS, (random) => {
    const options = { ...randomOptions(random), defuse: random.chance(0.5) };
    const twin = new ReferenceCsvEncoder(options);
    using encoder = new CsvEncoder(options);
    const batch = randomBatch(random, [...READ_BACK, ...AS_JSON]);
    for (const part of [batch, batch.slice(0, batch.length >> 1), batch]) {
      const text = decoder.decode(encoder.encode(part));
      assertEquals(text, twin.encode(part));
      seen.add(text);
    }
  });
  assert(seen.size > RUNS);
});

Deno.test("CsvDecoder reads back what CsvEncoder writes, nulls and empty texts included", () => {
  forSeeds(RUNS, (random) => {
    const options = randomOptions(random);
    using encoder = new CsvEncoder(options);
    const batch = randomBatch(random, READ_BACK);
    const { header, separator, quote, nullText = "" } = options;
    const reader = new CsvDecoder({
      schema: batch.schema,
      header,
      separator,
      quote,
      nullValues: [nullText],
      batchRows: 1_000,
    });
    const bytes = encoder.encode(batch);
    const batches = [...reader.push(bytes), ...reader.finish()];
    assertEquals(batches.flatMap((each) => each.toRows()), batch.toRows());
  });
});

Deno.test("CsvEncoder grows its room for texts of megabytes, and for many of them", () => {
  using encoder = new CsvEncoder({ header: false });
  const long = '"'.repeat(3_000_000);
  const rows = [
    { a: 1, b: long },
    ...Array.from({ length: 5_000 }, (_, at) => ({ a: at, b: "b" })),
  ];
  const batch = RecordBatch.fromRows(rows, { schema: schema({ a: t.i32, b: t.dict }) });
  const lines = decoder.decode(encoder.encode(batch)).split("\n");
  assertEquals(lines.length, 5_002);
  assertEquals(lines[0].length, 2 + 1 + 6_000_000 + 1);
  assertEquals(lines[5_000], "4999,b");
});

Deno.test("CsvEncoder puts an apostrophe before formulas when asked to, in names too", () => {
  using encoder = new CsvEncoder({ defuse: true });
  const batch = RecordBatch.fromRows([{ "=a": "=1+1", b: -1 }, { "=a": "\rx", b: 2 }]);
  assertEquals(decoder.decode(encoder.encode(batch)), "'=a,b\n'=1+1,-1\n\"'\rx\",2\n");
});

Deno.test("CsvEncoder says which date has no text, and which columns do not go together", () => {
  using encoder = new CsvEncoder();
  const far = RecordBatch.fromRows([{ day: 0 }, { day: 1e8 + 1 }], {
    schema: schema({ day: t.date }),
  });
  const { message } = assertThrows(() => encoder.encode(far), RangeError);
  assertEquals(
    message,
    'Cannot encode CSV: row 1, column "day": date 100000001 has no text in ISO 8601; make the ' +
      "column i32",
  );
  const other = RecordBatch.fromRows([{ a: 1 }]);
  const mismatch = assertThrows(() => encoder.encode(other), TypeError).message;
  assertEquals(
    mismatch,
    "Cannot encode CSV: the batch has the columns a, those before had day; make an encoder for " +
      "each output",
  );
});

Deno.test("CsvEncoder refuses options that cannot be, with the value received", () => {
  const wrong: [options: unknown, part: string][] = [
    [{ separator: "1" }, "separator must be"],
    [{ quote: "" }, "quote must be"],
    [{ quotes: "some" }, 'quotes must be "needed" or "all", received "some"'],
    [{ lineEnd: "\r" }, "lineEnd must be"],
    [{ nullText: "a,b" }, "nullText must be a text without separator, quote and line end"],
    [{ header: "yes" }, "header must be"],
    [{ defuse: 1 }, "defuse must be"],
    [{ delimiter: ";" }, 'there is no option "delimiter"'],
  ];
  for (const [options, part] of wrong) {
    assertThrows(() => new CsvEncoder(options as CsvEncoderOptions), TypeError, part);
  }
});
