import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  csv,
  RecordBatch,
  schema,
  SyntheticGenerator,
  TrainingDataError,
  types as t,
} from "../mod.ts";
import { repeatedHeader } from "../src/generators/repeated_header.ts";
import { StreamRows } from "../src/generators/twins/stream_rows.ts";

const FEW = { model: "independent" } as const;
const LINES = Array.from({ length: 60 }, (_, i) => `${i},${i % 3}`).join("\n");

async function fitted(text: string, options: object = {}) {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  try {
    await Deno.writeTextFile(path, text);
    return await SyntheticGenerator.fit(csv(path), { ...FEW, ...options });
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("a header that stands in a file again is told of with its row, whatever is between", async () => {
  const refused = (text: string, row: number) =>
    assertRejects(() => fitted(text), TrainingDataError, `row ${row} of `);
  await refused(`x,y\n${LINES}\nx,y\n${LINES}\n`, 60);
  await refused(`x,y\nx,y\n${LINES}\n`, 0);
  await assertRejects(() => fitted(`x,x\n${LINES}\n`), TypeError, 'several columns are named "x"');
  const late = Array.from({ length: 3000 }, (_, i) => `${i},${i % 3}`).join("\n");
  await assertRejects(() => fitted(`x,y\n${late}\nx,y\n`), Error, "line 3002");
});

Deno.test("repeatedHeader() finds a row of names in texts of either type, and no other", () => {
  const all = schema({ ü: t.utf8, b: t.dict });
  const find = (rows: { ü: string | null; b: string | null }[]) =>
    repeatedHeader(RecordBatch.fromRows(rows, { schema: all }) as RecordBatch);
  assertEquals(find([{ ü: "a", b: "b" }, { ü: "ü", b: null }, { ü: null, b: "b" }]), -1);
  assertEquals(find([{ ü: "a", b: "b" }, { ü: "ü", b: "b" }]), 1);
  const [city, mixed] = [[{ city: "city" }], [{ a: "a", b: 1 }]]
    .map((rows) => RecordBatch.fromRows(rows as object[]) as RecordBatch);
  assertEquals([repeatedHeader(city), repeatedHeader(mixed)], [-1, -1]);
});

Deno.test("texts among numbers are categories, or an error where a type is asked for", async () => {
  const mixed = await fitted(`x,y\n1,2\nz,3\n1,4\n`);
  assertEquals(mixed.schema.fields.map(({ type }) => type.kind), ["utf8", "i32"]);
  const { message } = await assertRejects(
    () => fitted(`x,y\n1,2\nz,3\n`, { columns: { x: { type: t.i32 } } }),
    TrainingDataError,
  );
  for (const text of ['"x"', "i32", '"z"']) assert(message.includes(text), message);
});

Deno.test("of 100,000 categories the most frequent 65,534 are kept, and all as a key where nearly all differ", async () => {
  const rows = Array.from({ length: 100_000 }, (_, n) => ({ code: `c${n}`, v: n % 3 }));
  const columns = { code: { role: "category" } } as const;
  const kept = await SyntheticGenerator.fit(rows, { ...FEW, columns, minCount: 1 });
  const codes = kept.sample(50_000).toRows().map(({ code }) => code);
  const other = codes.filter((code) => code === "other").length / codes.length;
  assert(Math.abs(other - (100_000 - 65_534) / 100_000) < 0.02, String(other));
  const keys = await SyntheticGenerator.fit(rows, FEW);
  assert(keys.describe().includes("key, made by the pattern"));
});

Deno.test("StreamRows keeps the event times of all rows that it keeps, however many are asked for", () => {
  const length = 2 ** 20;
  const times = { type: t.f64, length, nullCount: 0, values: new Float64Array(length) };
  const batch = new RecordBatch(schema({ at: t.f64 }), [times], length);
  const rows = new StreamRows(9 * length, "at");
  for (let part = 0; part < 9; part++) rows.add(batch);
  assertEquals(rows.times().length, rows.seen);
});
