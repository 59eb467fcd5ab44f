import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { schema, types as t } from "../mod.ts";
import type { BlockDecoder } from "../src/codecs/block_decoder.ts";
import { CsvBlockDecoder } from "../src/codecs/csv/csv_block_decoder.ts";
import { parseDate, parseTime, parseTimestamp } from "../src/batch/iso_time.ts";
import { NdjsonBlockDecoder } from "../src/codecs/json/ndjson_block_decoder.ts";
import { create } from "../src/kernel/kernel.ts";

const DAY_MS = 86_400_000;

function pad(value: number, digits = 2): string {
  return String(value).padStart(digits, "0");
}

/** What Temporal makes of a text, `undefined` if it refuses it. */
function temporal(parse: () => number): number | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const anyDay = fc.record({
  // Around the ends of months and years, also wrong ones.
  year: fc.oneof(fc.integer({ min: 0, max: 9999 }), fc.constantFrom(1900, 1969, 2000, 2024, 2100)),
  month: fc.integer({ min: 0, max: 13 }),
  day: fc.oneof(fc.integer({ min: 0, max: 32 }), fc.integer({ min: 28, max: 31 })),
});
const dayText = anyDay.map(({ year, month, day }) => `${pad(year, 4)}-${pad(month)}-${pad(day)}`);
const clockText = fc.record({
  hour: fc.integer({ min: 0, max: 24 }),
  minute: fc.integer({ min: 0, max: 60 }),
  // Temporal takes a leap second for the one before.
  second: fc.option(fc.integer({ min: 0, max: 59 })),
  fraction: fc.option(fc.stringMatching(/^\d{1,9}$/)),
}).map(({ hour, minute, second, fraction }) =>
  `${pad(hour)}:${pad(minute)}` +
  (second === null ? "" : `:${pad(second)}${fraction === null ? "" : `.${fraction}`}`)
);
const zoneText = fc.oneof(
  fc.constantFrom("Z", "+00:00", "-00:30", "+0530", "+14", "-23:59"),
  // Also what lacks its minutes, or half of them.
  fc.stringMatching(/^[+-]\d{0,3}:?\d{0,2}$/),
  fc.stringMatching(/^[+-][0-2]\d:?([0-6]\d)?$/),
);

Deno.test("parseTimestamp() takes the dates and times that Temporal takes, to the millisecond", () => {
  fc.assert(
    fc.property(
      dayText,
      clockText,
      zoneText,
      fc.constantFrom("T", " "),
      (day, clock, zone, gap) => {
        const text = `${day}${gap}${clock}${zone}`;
        const expected = temporal(() => Temporal.Instant.from(text).epochMilliseconds);
        assertEquals(parseTimestamp(text), expected, text);
        const inUtc = temporal(() => Temporal.Instant.from(`${day}T${clock}Z`).epochMilliseconds);
        assertEquals(parseTimestamp(`${day}T${clock}`), inUtc, text);
      },
    ),
    { numRuns: 5_000 },
  );
});

Deno.test("parseDate() takes the dates that Temporal takes, years of six digits included", () => {
  const epoch = Temporal.PlainDate.from("1970-01-01");
  const far = fc.integer({ min: -270_000, max: 270_000 }).map((year) =>
    `${year < 0 ? "-" : "+"}${pad(Math.abs(year), 6)}-03-01`
  );
  fc.assert(
    fc.property(fc.oneof(dayText, far), (text) => {
      const days = temporal(() =>
        Temporal.PlainDate.from(text, { overflow: "reject" }).since(epoch).total("days")
      );
      assertEquals(parseDate(text), days, text);
      assertEquals(parseTimestamp(text), days === undefined ? undefined : days * DAY_MS, text);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("parseTime() takes the times of day that Temporal takes", () => {
  fc.assert(
    fc.property(clockText, (text) => {
      const time = temporal(() => {
        const { hour, minute, second, millisecond } = Temporal.PlainTime.from(text);
        return ((hour * 60 + minute) * 60 + second) * 1000 + millisecond;
      });
      assertEquals(parseTime(text), time, text);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("parseTimestamp() takes nothing that only looks like a time", () => {
  const wrong = [
    "",
    "2020",
    "2020-1-1",
    "2020-01-01T",
    "2020-01-01T1:00",
    "2020-01-01T00:00:00+25:00",
    "2020-01-01T00:00+05:",
  ];
  wrong.push(
    "20200101",
    "2020-01-01Z",
    "2020-01-01T00:00:60Z",
    " 2020-01-01",
    "2020-01-01T00:00 UTC",
    "-000000-01-01",
  );
  for (const text of wrong) assertEquals(parseTimestamp(text), undefined, text);
});

/** A date and time as it should be written, or with a character too many, too few or another. */
const nearlyTime = fc.tuple(
  fc.tuple(dayText, fc.constantFrom("T", "t", " "), clockText, fc.constantFrom("", " "), zoneText),
  fc.nat(),
  fc.constantFrom("keep", "keep", "drop", "double", "replace"),
  fc.constantFrom(..."0123456789:.,+-TZ "),
).map(([parts, place, how, other]) => {
  const text = parts.join("");
  const at = place % text.length;
  if (how === "drop") return text.slice(0, at) + text.slice(at + 1);
  if (how === "double") return text.slice(0, at + 1) + text.slice(at);
  return how === "keep" ? text : text.slice(0, at) + other + text.slice(at + 1);
});

/** The times that a decoder gives for a text each; `undefined` where it refuses one. */
function decoded(decoder: BlockDecoder, lines: readonly string[]): (number | undefined)[] {
  const { batch, bad } = decoder.decode(new TextEncoder().encode(lines.join("\n") + "\n"), 0);
  const refused = new Set(bad.map(({ line }) => line));
  const times = batch.toRows().map((row) => (row as { at: number }).at).values();
  return lines.map((_, line) => refused.has(line) ? undefined : times.next().value);
}

Deno.test("the kernel takes the times that parseTimestamp() takes, in CSV and JSON, and no others", () => {
  const kernel = create();
  const { fields } = schema({ at: t.timestamp });
  const limits = { batchRows: 4_096, maxRecordBytes: 1_000, invalidUtf8: "error" } as const;
  const layout = { schema: { fields }, maxColumns: 10, ...limits };
  using csv = new CsvBlockDecoder({ format: "csv", names: ["at"], ...layout }, kernel);
  using json = new NdjsonBlockDecoder(
    { format: "ndjson", maxDepth: 10, extraKeys: "error", trusted: false, ...layout },
    kernel,
  );
  fc.assert(
    fc.property(fc.array(nearlyTime, { minLength: 1, maxLength: 50 }), (texts) => {
      const expected = texts.map(parseTimestamp);
      // In quotes a comma is no separator.
      assertEquals(decoded(csv, texts.map((text) => `"${text}"`)), expected);
      assertEquals(decoded(json, texts.map((text) => `{"at":"${text}"}`)), expected);
    }),
    { numRuns: 1_000 },
  );
});
