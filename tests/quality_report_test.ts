import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { RecordBatch, SyntheticGenerator } from "@waggle/stream";
import { QualityError, qualityReport } from "@waggle/stream/quality";
import { Random } from "./support/random.ts";

interface Row {
  readonly price: number;
  readonly weight: number;
  readonly city: string;
  readonly isNew: boolean | null;
  readonly id: string;
}

/** Rows whose columns hang together. */
function someRows(seed: number, length: number): Row[] {
  const random = new Random(seed);
  return Array.from({ length }, (_, i) => {
    const city = random.below(4);
    return {
      price: city * 10 + random.below(20),
      weight: city * 5 + random.next() * 6,
      city: ["Rome", "Paris", "Oslo", "Bonn"][city],
      isNew: random.chance(0.2) ? null : city % 2 === 0,
      id: `K-${seed}-${i}`,
    };
  });
}

/** The same with every column shuffled by itself. */
function shuffled(rows: readonly Row[]): Row[] {
  const random = new Random(9);
  const columns = (["price", "weight", "city", "isNew", "id"] as const)
    .map((name) => [name, random.shuffle(rows.map((row) => row[name]))] as const);
  return rows.map((_, i) =>
    Object.fromEntries(columns.map(([name, values]) => [name, values[i]])) as unknown as Row
  );
}

const holdout = someRows(2, 600);

Deno.test("qualityReport() scores rows of the same kind near 1, and shuffled columns far below", async () => {
  const [real, other] = [someRows(1, 600), someRows(3, 600)];
  const good = (await qualityReport(real, other, { holdout, seed: 1 })).scores;
  assert(good.overall > 0.9 && good.c2st.score > 0.9, String(good.overall));
  assert(Math.abs(good.nearest!.share - 0.5) < 0.06);
  const bad = (await qualityReport(real, shuffled(other), { holdout, seed: 1 })).scores;
  assertAlmostEquals(bad.columnShapes, good.columnShapes, 1e-12);
  assert(bad.pairTrends < good.pairTrends - 0.2, `${bad.pairTrends}`);
  assert(bad.c2st.score < 0.35, `${bad.c2st.score}`);
});

Deno.test("qualityReport() sees that rows were copied", async () => {
  const real = someRows(1, 600);
  const { nearest, c2st } = (await qualityReport(real, real, { holdout, seed: 1 })).scores;
  assert(nearest!.share > 0.7 && c2st.score > 0.9);
});

Deno.test("qualityReport() gives the same scores for the same seed", async () => {
  const [real, other] = [someRows(1, 200), someRows(3, 200)];
  const [a, b] = [
    await qualityReport(real, other, { holdout, seed: 5 }),
    await qualityReport(real, RecordBatch.fromRows(other), { holdout, seed: 5 }),
  ];
  assertEquals(JSON.stringify(a), JSON.stringify(b));
  assertEquals(String(a), String(b));
});

Deno.test("qualityReport() takes a generator's sample, and leaves keys without a score", async () => {
  const real = someRows(1, 300);
  const generator = await SyntheticGenerator.fit(real, { primaryKey: "id", seed: 1 });
  const report = await qualityReport(real, generator.sample(300, { seed: 2 }));
  const key = report.scores.columns.find(({ name }) => name === "id")!;
  assertEquals([key.kind, key.score], ["key", undefined]);
  assertEquals(report.scores.nearest, undefined);
  assert(report.scores.columns.every(({ type }) => type.kept), String(report));
});

Deno.test("qualityReport() compares rows of one value, of one row, and of nothing but null", async () => {
  const report = await qualityReport([{ x: 1, y: null }], [{ x: 1, y: null }, { x: 1, y: null }]);
  assertEquals(report.scores.columns[0].score, 1);
  assert(String(report).includes("overall"));
  assertEquals(JSON.parse(JSON.stringify(report)).columns[1].score, null);
});

Deno.test("qualityReport() says what rows it cannot compare", async () => {
  const rows = [{ x: 1 }];
  const fails = (promise: Promise<unknown>, words: string) =>
    assertRejects(() => promise, QualityError, words);
  await fails(qualityReport([], rows), "there are no real ones");
  await fails(qualityReport(rows, []), "there are no synthetic ones");
  await fails(qualityReport(rows, [{ y: 1 }]), `synthetic ones have no column "x"`);
  await fails(qualityReport(rows, [{ x: "far" }]), "with texts that are no numbers");
  await fails(qualityReport([{ x: [1] }], [{ x: [1] }]), "there are no scores for list");
  const nested = [{ x: [1], y: 1, z: [{ a: "b" }] }];
  await fails(
    qualityReport(nested, nested),
    'columns "x" (list<i32>), "z" (list<struct<a: utf8>>): there are no scores for their types; ' +
      'leave them out with columns: { "x": "ignore", "z": "ignore" }',
  );
  const generator = await SyntheticGenerator.fit(rows);
  await fails(qualityReport(rows, generator.sample(Infinity)), "infinite");
});

Deno.test("A quality report's text groups the digits of large counts, as its page does", async () => {
  const rows = Array.from({ length: 1200 }, (_, i) => ({ x: i % 7 }));
  const report = await qualityReport(rows, rows.slice(1));
  const counts = "1,199 synthetic rows against 1,200 real";
  assert(String(report).includes(counts), String(report));
  assert(report.toHtml().includes(counts));
});

Deno.test("qualityReport() refuses options that it does not know", async () => {
  const rows = [{ x: 1 }];
  const fails = (options: object, words: string) =>
    assertRejects(() => qualityReport(rows, rows, options), Error, words);
  await fails({ holdOut: rows }, "did you mean holdout?");
  await fails({ columns: { x: "numeric" } }, "must be one of number, time");
  await fails({ columns: { y: "number" } }, `no column "y"`);
  await fails({ maxRows: 0 }, "maxRows");
  await fails({ associationThreshold: 2 }, "associationThreshold");
  await assertRejects(() => qualityReport(5 as never, rows), TypeError, "received 5");
});

Deno.test("qualityReport() stops when its signal says so", async () => {
  const controller = new AbortController();
  const promise = qualityReport(someRows(1, 500), someRows(2, 500), {
    signal: controller.signal,
  });
  setTimeout(() => controller.abort(new Error("enough")), 1);
  await assertRejects(() => promise, Error, "enough");
});

Deno.test("qualityReport() that is stopped before a row has come says why, not that there is none", async () => {
  const controller = new AbortController();
  const never = (async function* (): AsyncGenerator<Row> {
    const { promise, resolve } = Promise.withResolvers<void>();
    controller.signal.addEventListener("abort", () => resolve());
    await promise;
    yield* [];
  })();
  const report = qualityReport(never, someRows(2, 10), { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 1);
  await assertRejects(() => report, Error, "enough");
});
