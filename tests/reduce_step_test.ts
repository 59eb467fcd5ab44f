import { assert, assertEquals, assertThrows } from "@std/assert";
import { col, count, from, sum, TumblingWindow, types as t } from "../mod.ts";
import { forSeedsAsync } from "./support/random.ts";
import { inSimulation } from "./support/simulated_case.ts";

const rows = Array.from(
  { length: 60 },
  (_, n) => ({ at: 10 * n, key: `k${n % 2}`, n, text: `${n}` }),
);
const windows = new TumblingWindow({ size: 200 });
type Row = typeof rows[number];

/** What the rows of each window and key are folded into, by arrays. */
function folded(fold: (a: Row, b: Row) => Row): string[] {
  const groups = Map.groupBy(rows, ({ at, key }) => `${at - at % 200} ${key}`);
  return [...groups].map(([name, [first, ...more]]) => {
    const { n, text } = more.reduce(fold, first);
    return `${name} ${n} ${text}`;
  });
}

Deno.test("reduce() folds the rows of each window and key in order, on any number of bees", async () => {
  const expected = folded((a, b) => ({ ...b, n: a.n + b.n, text: a.text + b.text }));
  await forSeedsAsync(3, async (_, seed) => {
    const out = await inSimulation(seed, async (options) => {
      const pipeline = from(rows, options).timestamps("at").keyBy("key").window(windows)
        .reduce((a, b) => ({ ...b, n: a.n + b.n, text: a.text + b.text }));
      return await Array.fromAsync(pipeline);
    });
    const lines = out.map(({ windowStart, key, value }) =>
      `${windowStart} ${key} ${value!.n} ${value!.text}`
    );
    assertEquals(lines, expected.toSorted((a, b) => parseInt(a) - parseInt(b) || (a < b ? -1 : 1)));
  });
});

Deno.test("reduce() names its column, takes context, and goes on into further windows", async () => {
  const pipeline = from(rows, { workers: 2 }).timestamps("at").map(({ n }) => ({ n }))
    .window(windows)
    .reduce(({ n: a }, { n: b }, { context }) => ({ n: Math.max(a ?? 0, b ?? 0, context.least) }), {
      as: "best",
      type: t.struct({ n: t.f64 }),
      context: { least: 25 },
    });
  assertEquals((await Array.fromAsync(pipeline)).map(({ best }) => best?.n), [25, 39, 59]);
  const further = pipeline.select({ n: col("best").field("n").cast("f64") })
    .window(new TumblingWindow({ size: 1000 })).aggregate({
      windows: count(),
      n: sum("n" as never),
    });
  assertEquals(await Array.fromAsync(further) as unknown, [
    { windowStart: 0, windowEnd: 1000, windows: 3, n: 123 },
  ]);
});

Deno.test("reduce() refuses what cannot be a function of it, by name", () => {
  const windowed = () => from(rows, { workers: 1 }).timestamps("at").window(windows);
  const limit = 5;
  assertThrows(() => windowed().reduce((a) => ({ ...a, n: limit })), TypeError, '"limit"');
  assertThrows(() => windowed().reduce((a) => a, { as: "" }), TypeError, "as must be the name");
  const options = { name: "x" } as object;
  assertThrows(() => windowed().reduce((a) => a, options), TypeError, 'there is no option "name"');
  assertThrows(() => windowed().reduce(5 as never), TypeError);
  const plan = windowed().reduce((a, b) => a.n < b.n ? b : a, { as: "most" }).explain();
  assert(plan.includes('"most" = reduce'), plan);
});
