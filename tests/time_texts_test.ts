import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { RecordBatch, schema, SyntheticGenerator, types as t } from "../mod.ts";
import { TimeFormat, timeFormatOf } from "../src/generators/encoding/time_format.ts";
import { readModelFile } from "../src/generators/model/model_file_reader.ts";

const FORMATS = [
  ...["YYYY-MM-DD", "YYYY/MM/DD HH:mm", "M/D/YY H:mm", "DD.MM.YYYY", "YYYY-MM-DDTHH:mm:ssZ"],
  ...["YYYY-MM-DDTHH:mm:ss.SSSZ", "M/D/YYYY", "D.M.YYYY HH:mm:ss", "MM/DD/YYYY HH:mm"],
];
const DAY = 86_400_000;

/** Whole units that a format shows, ms. */
function stepOf(format: string): number {
  if (format.includes("SSS")) return 1;
  if (format.includes("ss")) return 1000;
  return format.includes("mm") ? 60_000 : DAY;
}

for (const format of FORMATS) {
  Deno.test(`times come back from texts as ${format}, and the format is found in them`, () => {
    const step = stepOf(format);
    const times = new TimeFormat(format);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: Date.UTC(1970), max: Date.UTC(2068, 11, 31) }), {
          minLength: 60,
          maxLength: 60,
        }),
        (all) => {
          const rounded = all.map((ms) => Math.floor(ms / step) * step);
          const texts = rounded.map((ms) => times.text(ms));
          assertEquals(texts.map((text) => times.parse(text)), rounded);
          const found = timeFormatOf(texts);
          assertEquals(texts.map((text) => found?.parse(text)), rounded, found?.format);
        },
      ),
      { numRuns: 50 },
    );
  });
}

Deno.test("TimeFormat writes what Date says of the same time", () => {
  const times = new TimeFormat("YYYY-MM-DDTHH:mm:ss.SSSZ");
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(0, 0), max: Date.UTC(9999, 11) }), (ms) => {
      assertEquals(times.text(ms), new Date(ms).toISOString());
    }),
    { numRuns: 1000 },
  );
});

Deno.test("what is no time, or not always of one format, has no format", () => {
  for (
    const texts of [
      [],
      ["2024-02-30"],
      ["2024-13-01", "2024-01-13"],
      ["2024-01-01", "01/02/2024"],
      ["2024-01-01", "soon"],
      ["1.2.3"],
      ["10-20"],
      ["192.168.1.1"],
      ["2024-01-01 25:00"],
    ]
  ) assertEquals(timeFormatOf(texts), undefined, texts.join());
  for (const format of ["", "YYYY", "YYYY-MM", "MM-MM-YYYY", "YYYY-MM-DD evil", "(YYYY)-MM-DD"]) {
    assertThrows(() => new TimeFormat(format), TypeError);
  }
});

const rows = Array.from({ length: 1500 }, (_, i) => {
  const day = new Date(Date.UTC(2012, 0, 1) + i * DAY);
  const [month, date] = [day.getUTCMonth() + 1, day.getUTCDate()];
  return {
    date: i % 50 === 7 ? null : day.toISOString().slice(0, 10),
    at: `${month}/${date}/${String(day.getUTCFullYear()).slice(2)} ${i % 24}:30`,
    summer: month >= 5 && month <= 9,
  };
});
const generator = await SyntheticGenerator.fit(rows, { seed: 1 });

Deno.test("columns of texts that are times are learned as times, and come back as such texts", () => {
  const made = generator.sample(5000).toRows();
  const days = new Set(rows.map(({ date }) => date));
  const nulls = made.filter(({ date }) => date === null).length;
  assert(Math.abs(nulls / 5000 - 0.02) < 0.01, `${nulls}`);
  for (const { date, at } of made) {
    assert(date === null || /^201[2-6]-\d\d-\d\d$/.test(date), `${date}`);
    assert(/^\d{1,2}\/\d{1,2}\/1[2-6] \d{1,2}:30$/.test(at), at);
  }
  const known = made.filter(({ date }) => days.has(date)).length;
  assert(known > 4900, "days are those between the first and the last");
  assert(new Set(made.map(({ date }) => date)).size > 900);
  assert(generator.describe().includes("times as YYYY-MM-DD"), generator.describe());
  assertEquals(generator.schema.fields.map(({ type }) => type.kind), ["utf8", "utf8", "bool"]);
});

Deno.test("batches have the same texts as rows, also from bees and after loading", async () => {
  const expected = generator.sample(6000, { seed: 3 }).toRows();
  const batches = Array.from(generator.sample(6000, { seed: 3 }).batches());
  assertEquals(batches.flatMap((batch) => batch.toRows()), expected);
  const loaded = await SyntheticGenerator.load(generator.toBytes());
  assertEquals(loaded.sample(6000, { seed: 3 }).toRows() as object[], expected);
  const made: object[] = [];
  for await (const batch of generator.sample(6000, { seed: 3, workers: 1 }).batches()) {
    made.push(...batch);
  }
  assertEquals(made, expected);
});

Deno.test("conditions on such columns take texts in ISO 8601 and dates", () => {
  const conditions = { date: ["between", "2013-06-01", new Date("2013-06-30")] as const };
  const made = generator.sample(500, { conditions }).toRows();
  assert(made.every(({ date }) => date! >= "2013-06-01" && date! <= "2013-06-30"));
  const share = generator.probability(conditions);
  assert(share > 0.01 && share < 0.03, `${share}`);
});

Deno.test("logLikelihood() takes such texts, and texts that are no times are impossible", () => {
  const [known] = generator.logLikelihood(rows.slice(0, 1));
  assert(Number.isFinite(known));
  const odd = [{ ...rows[0], date: "2012-02-30" }];
  assertEquals(Array.from(generator.logLikelihood(odd)), [-Infinity]);
});

Deno.test("few distinct dates stay categories, and so do columns that are said to be", async () => {
  const few = Array.from({ length: 200 }, (_, i) => ({ day: `2024-01-0${1 + (i % 9)}` }));
  assert((await SyntheticGenerator.fit(few)).describe().includes("9 categories"));
  const said = await SyntheticGenerator.fit(rows, { columns: { date: { role: "category" } } });
  assert(said.describe().includes("folded"));
  const forced = await SyntheticGenerator.fit(few, { columns: { day: { role: "number" } } });
  assert(forced.describe().includes("times as YYYY-MM-DD"));
});

Deno.test("dictionary columns of times stay dictionary columns", async () => {
  const batch = RecordBatch.fromRows(rows.map(({ at }) => ({ at })), {
    schema: schema({ at: t.dict }),
  });
  const [made] = (await SyntheticGenerator.fit([batch])).sample(10).batches();
  assertEquals(made.schema.fields[0].type.kind, "dict");
  assert(made.toRows().every(({ at }) => new TimeFormat("M/D/YY H:mm").parse(at as string)));
});

Deno.test("a model file with a format that is none is refused", () => {
  const bytes = generator.toBytes();
  const text = new TextDecoder("latin1").decode(bytes);
  const at = text.indexOf("YYYY-MM-DD");
  assert(at > 0);
  assertThrows(() => {
    bytes.set(new TextEncoder().encode("YYYY-MM-MM"), at);
    readModelFile(bytes);
  }, Error);
});
