import type { CsvBlockSpec } from "../../src/codecs/block_specs.ts";
import type { Field, Schema } from "../../src/batch/schema.ts";
import { types as t } from "../../mod.ts";
import type { Random } from "./random.ts";

const encoder = new TextEncoder();

/** Every type that has a text. */
const TYPES: readonly Field["type"][] = [
  ...[t.bool, t.i32, t.i64, t.f32, t.f64, t.timestamp, t.date, t.time],
  ...[t.decimal(9, 2), t.decimal(38, 9), t.utf8, t.utf8, t.dict, t.dict, t.mixed, t.bytes],
];

/** Texts that are of some type, nearly of one, or of none. */
const TEXTS: readonly string[] = [
  ...["1", "-2.5", "007", "+5", ".5", "5.", "1e3", "1e999", "1e39", "-1e39", "1e-400", "-0", "NaN"],
  ...["Infinity", "-Infinity", "+NaN", "2147483647", "2147483648", "-2147483648", "0x10", "1_000"],
  ...["9223372036854775807", "9223372036854775808", "-9223372036854775808", "9007199254740992"],
  ...["12345678901234567890123456789", "0.1", "123456789012345678", "1234567.89", "1234567.891"],
  ...[
    "0000000000000000000012",
    "3.141592653589793115997963468544185161590576171875",
    "-",
    "+",
    ".",
  ],
  ...[
    "true",
    "FALSE",
    "tRuE",
    "falsy",
    "yes",
    "ſalse",
    "2020-01-01",
    "2020-02-30",
    "-000000-01-01",
  ],
  ...["+275760-09-13", "-271821-04-20T00:00:00Z", "2020-01-01T12:34:56.789Z", "2020-01-01 12:00"],
  ...["2020-01-01t23:59:59,9999+05:30", "2020-01-01T00:00 z", "2020-01-01T00:00+05:", "12:00"],
  ...["2020-01-01T00:00:00.123456-2359", "23:59:59.999", "24:00", "12:00:60", "1:00", "12:00:00."],
  ...["AQI=", "AQI", "A Q\tI =", "AQI==", "A", "====", "a-b_", "/+/+", "AQ", "AQ==", "AB==x"],
  ...["NA", "a", "ü", "🐝", "a b", " ", "\t", "sixteen letters!", "a text of more than 16 letters"],
  ...["", "", "", "x".repeat(40), "ü".repeat(30), "y".repeat(130), "\u0000", "\ufeff"],
];

/** Texts that are of a type; any text is of the others. */
const FITTING: Readonly<Record<string, readonly string[]>> = {
  bool: ["true", "FALSE", "tRuE", "false"],
  i32: ["1", "007", "+5", "-0", "2147483647", "-2147483648", "0000000000000000000012"],
  i64: ["1", "-12", "9223372036854775807", "-9223372036854775808", "1234567890123456"],
  f32: ["1", "-2.5", ".5", "1e3", "0.1", "NaN", "16777217"],
  f64: ["1", "-2.5", ".5", "5.", "1e3", "1e999", "0.1", "1234567.891", "0.30000000000000004"],
  timestamp: ["0", "-1", "1600000000000", "2020-01-01", "2020-01-01T12:34:56.789Z"],
  date: ["2020-01-01", "2024-02-29", "+275760-09-13", "-271821-04-20"],
  time: ["12:00", "23:59:59.999", "12:00:01"],
  decimal: ["1", "-2.5", "1234567.89", "1e3", "0.1", "-0"],
  bytes: ["AQI=", "AQI", "A Q\tI =", "/+/+", "AQ"],
};

/** Bytes that are no UTF-8. */
const BROKEN: readonly (readonly number[])[] = [
  ...[[0xff], [0xc3], [0xf0, 0x9f], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80]],
  ...[[0xe0, 0x9f, 0xbf], [0x80], [0xf0, 0x8f, 0xbf, 0xbf], [0xf5, 0x80, 0x80, 0x80]],
];

function schemaOf(random: Random, names: readonly string[]): Schema {
  const wanted = names.filter(() => random.chance(0.8));
  const fields = (wanted.length > 0 ? random.shuffle(wanted) : names).map((name) => ({
    name,
    type: random.pick(TYPES),
    ...(random.chance(0.15) && { nullable: false }),
  }));
  return { fields };
}

/** How a random file is written and read. */
export function randomSpec(random: Random): CsvBlockSpec {
  const names = Array.from({ length: 1 + random.below(5) }, (_, at) => `c${at}`);
  const odd = random.chance(0.1);
  const marks = random.shuffle(odd ? ["1", "e", " ", "-", "t"] : [",", ";", "\t", "|", " "]);
  const quote = random.pick(['"', '"', '"', "'", null, marks[2]]);
  return {
    format: "csv",
    schema: schemaOf(random, names),
    names,
    batchRows: random.pick([1, 2, 5, 1_000]),
    maxRecordBytes: random.pick([12, 40, 1_000_000, 1_000_000]),
    maxColumns: random.pick([2, 3, 4_096, 4_096]),
    separator: marks[0],
    quote,
    comment: random.pick([undefined, undefined, "#", marks[1]]),
    trim: random.chance(0.3),
    emptyLines: random.pick(["skip", "record"]),
    emptyStrings: random.pick(["quoted", "null", "keep"]),
    nullValues: random.pick([undefined, undefined, ["NA"], ["NA", "", "a"], ["ü"]]),
    raggedRows: random.pick(["error", "pad"]),
    invalidUtf8: random.pick(["error", "error", "replace"]),
  };
}

function quoted(text: string, quote: string | null | undefined): string {
  return quote ? `${quote}${text.replaceAll(quote, quote + quote)}${quote}` : text;
}

/** What each field is read as; `undefined` for those that are not wanted. */
function kindsOf({ schema, names }: CsvBlockSpec): (string | undefined)[] {
  return names.map((name) => schema.fields.find((field) => field.name === name)?.type.kind);
}

/** A file of records that are mostly as they should be. */
function documentText(random: Random, spec: CsvBlockSpec): string {
  const { names, separator, quote, comment } = spec;
  const kinds = kindsOf(spec);
  let text = "";
  const end = random.pick(["\n", "\n", "\r\n", "\r", ""]);
  for (let left = random.below(7); left > 0; left--) {
    if (random.chance(0.1)) text += `${comment ?? ""}${random.pick(TEXTS)}${end || "\n"}`;
    const count = random.chance(0.1) ? random.below(7) : names.length;
    const cells = Array.from({ length: count }, (_, at) => {
      const texts = random.chance(0.95) ? FITTING[kinds[at] ?? ""] ?? TEXTS : TEXTS;
      const cell = random.chance(0.03) ? `a\r\n${random.pick(texts)}\n` : random.pick(texts);
      return random.chance(0.3) ? quoted(cell + (random.chance(0.05) ? quote : ""), quote) : cell;
    });
    text += cells.join(separator) + (end || random.pick(["\n", "\r\n", "\r", "\n\n"]));
  }
  return random.chance(0.3) ? text.replace(/[\r\n]+$/, "") : text;
}

function mutated(random: Random, bytes: Uint8Array, marks: readonly number[]): Uint8Array {
  const all = [...bytes];
  for (let left = 1 + random.below(3); left > 0; left--) {
    const at = random.below(all.length + 1);
    const put = random.chance(0.1) ? random.pick(BROKEN) : [random.pick(marks)];
    all.splice(at, random.below(3), ...(random.chance(0.7) ? put : []));
  }
  return new Uint8Array(all);
}

/** Random bytes: a file, one with something wrong, or what matters in any order. */
export function randomBytes(random: Random, spec: CsvBlockSpec): Uint8Array {
  const { separator = ",", quote, comment } = spec;
  const marks = [separator, quote ?? "", quote ?? "", comment ?? "", "\n", "\r", "a", "1", " "]
    .filter((mark) => mark !== "");
  const codes = marks.map((mark) => mark.charCodeAt(0));
  const kind = random.next();
  if (kind < 0.2) {
    const parts = Array.from(
      { length: random.below(24) },
      () => random.chance(0.9) ? random.pick(marks) : random.pick(TEXTS),
    );
    return encoder.encode(parts.join(""));
  }
  const bytes = encoder.encode(documentText(random, spec));
  return kind < 0.6 ? bytes : mutated(random, bytes, codes);
}
