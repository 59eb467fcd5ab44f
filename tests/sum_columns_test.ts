import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  col,
  type Conditions,
  type FitOptions,
  ModelFileError,
  RecordBatch,
  rowFunction,
  type Schema,
  schema,
  SyntheticGenerator,
  TrainingDataError,
  types as t,
} from "../mod.ts";
import { parseConditions } from "../src/generators/conditions/parse_conditions.ts";
import { writeModelFile } from "../src/generators/model/model_file.ts";
import { readModelFile } from "../src/generators/model/model_file_reader.ts";
import { Spread } from "../src/generators/sampling/spread.ts";
import { SumCell } from "../src/generators/sampling/sum_cell.ts";
import { SumDraws } from "../src/generators/sampling/sum_draws.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { Random } from "./support/random.ts";

const FIELDS = schema({ kind: t.dict, total: t.i32, repair: t.i32, other: t.i32, hours: t.f64 });

// a type and not an interface, which would have no index signature
type Row = {
  readonly kind: string;
  readonly total: number;
  readonly repair: number;
  readonly other: number;
  readonly hours: number;
};

/** Costs, of which most are nothing, and their sums. */
function costs(seed: number, length: number): RecordBatch<Row> {
  const random = new Random(seed);
  const rows = Array.from({ length }, () => {
    const kind = random.pick(["none", "minor", "major"]);
    const cost = (of: number) => kind === "none" ? 0 : Math.floor(of * random.next() ** 2);
    const repair = cost(kind === "major" ? 90_000 : 5000);
    const other = random.chance(0.7) ? 0 : cost(3000);
    return { kind, total: repair + other, repair, other, hours: random.below(400) / 100 };
  });
  return RecordBatch.fromRows<Row>(rows, { schema: FIELDS as Schema });
}

const training = costs(1, 4000);
const columns = { total: { role: "sum" } } as const;
const generator = await SyntheticGenerator.fit(training, { seed: 1, columns });

Deno.test("a column that is the sum of two others is that in every row, also from a file", async () => {
  assert(generator.describe().includes("the sum of repair and other"), generator.describe());
  const rows = generator.sample(20_000, { seed: 2 }).toRows();
  assert(rows.every(({ total, repair, other }) => total === repair + other));
  assert(rows.some(({ repair, other }) => repair > 0 && other > 0));
  const loaded = await SyntheticGenerator.load<Row>(generator.toBytes());
  assertEquals(loaded.sample(500, { seed: 2 }).toRows(), rows.slice(0, 500));
  const updated = await generator.update(costs(2, 500));
  const after = updated.sample(5000).toRows();
  assert(after.every(({ total, repair, other }) => total === repair + other));
});

Deno.test("decimal places are counted in sums, and what differs in one row is none", async () => {
  const random = new Random(3);
  const rows = Array.from({ length: 600 }, () => {
    const [a, b] = [random.below(1000), random.below(1000)];
    return { a: a / 100, b: b / 100, sum: (a + b) / 100, near: (a + b) / 100 };
  });
  rows[99].near += 0.01;
  for (const model of ["circuit", "trees", "copula", "independent"] as const) {
    const columns = { sum: { role: "sum" } } as const;
    const fitted = await SyntheticGenerator.fit(rows, { seed: 1, model, columns });
    assert(/sum +f64: the sum of a and b/.test(fitted.describe()), fitted.describe());
    for (const { a, b, sum } of fitted.sample(1000)) {
      assertEquals(Math.round(sum * 100), Math.round(a * 100) + Math.round(b * 100));
    }
  }
  assert(!(await SyntheticGenerator.fit(rows)).describe().includes("sum of"), "only if asked for");
  const fit = (name: string, more: FitOptions = {}) =>
    SyntheticGenerator.fit(rows, { columns: { [name]: { role: "sum" } }, ...more });
  await assertRejects(
    () => fit("near"),
    TrainingDataError,
    '"near" has the role "sum", and is not',
  );
  const timed = rows.map((row, i) => ({ ...row, at: new Date(i * 1000) }));
  await assertRejects(
    () => SyntheticGenerator.fit(timed, { time: "at", columns: { sum: { role: "sum" } } }),
    TypeError,
    "columns of a stream cannot have",
  );
});

const CONDITIONS: Conditions[] = [
  { total: [">", 20_000] },
  { total: 0 },
  { total: ["!=", 0] },
  { total: ["between", 100, 777] },
  { total: ["not between", 5, 50_000] },
  { total: ["in", [0, 1, 2, 50, 51, 52, 3000]] },
  { total: ["<", 500], kind: "minor" },
  { anyOf: [{ total: [">", 40_000] }, { other: [">", 1000] }] },
  { total: [">=", 1000], other: [">", 200], hours: ["<", 2] },
  { total: ["between", 2000, 2010] },
  { total: ["between", 1500, 4500], repair: ["not between", 1600, 3000] },
  { anyOf: [{ total: ["between", 700, 900] }, { total: [">", 60_000] }, { kind: "minor" }] },
  { not: { anyOf: [{ total: ["<", 3000], kind: "major" }, { hours: ["<", 1] }] } },
  col("total").mod(2).eq(0).and(col("total").gt(5000)),
  col("total").isNotNull(),
];

Deno.test("rows satisfy conditions of sums, as likely as rows do that happen to, and few are drawn in vain", () => {
  const all = generator.sample(60_000, { seed: 5 }).toRows();
  for (const conditions of CONDITIONS) {
    const holds = rowFunction(parseConditions(conditions, FIELDS), { schema: FIELDS });
    const kept = all.filter((row) => holds(row as Record<string, unknown>) === true);
    const what = JSON.stringify(conditions);
    const sample = generator.sample(3000, { conditions, seed: 6 });
    const rows = sample.toRows();
    for (const row of rows) {
      assert(holds(row as Record<string, unknown>) === true, `${what}: ${JSON.stringify(row)}`);
      assertEquals(row.total, row.repair + row.other);
    }
    const isLooked = what.includes('"mod"');
    assert(
      isLooked ? sample.acceptance > 0.4 : sample.acceptance === 1,
      `${what}: ${sample.acceptance}`,
    );
    const share = kept.length / all.length;
    const probability = generator.probability(conditions);
    const error = Math.sqrt(share * (1 - share) / all.length) + 0.01 * share;
    assert(Math.abs(probability - share) <= 5 * error, `${what}: ${probability}, ${share}`);
    const mean = (some: readonly Row[], of: keyof Row) =>
      some.reduce((sum, row) => sum + Number(row[of]), 0) / some.length;
    for (const name of ["repair", "other", "total"] as const) {
      const [a, b] = [mean(rows, name), mean(kept, name)];
      const spread = Math.sqrt(
        kept.reduce((sum, row) => sum + (row[name] - b) ** 2, 0) / kept.length,
      );
      const most = 5 * spread * Math.sqrt(1 / rows.length + 1 / kept.length) + 1e-9;
      assert(Math.abs(a - b) <= most, `${what}, ${name}: ${a}, ${b}`);
    }
  }
});

Deno.test("a sum that hardly ever comes is drawn at once, and its probability is what counting gives", () => {
  const all = generator.sample(2_000_000, { seed: 9 }).toBatch();
  const totals = all.column("total").values as Int32Array;
  for (const wanted of [1537, 20_011, 3]) {
    const sample = generator.sample(20_000, { conditions: { total: wanted } });
    assertEquals(sample.acceptance, 1);
    const rows = sample.toRows();
    assert(rows.every(({ total, repair, other }) => total === wanted && repair + other === wanted));
    const near = ["between", wanted - 2, wanted + 2];
    const share = totals.filter((total) => Math.abs(total - wanted) <= 2).length / totals.length;
    const probability = generator.probability({ total: near });
    assert(generator.probability({ total: wanted }) < probability);
    const deviation = Math.sqrt(probability * (1 - probability) / totals.length);
    assert(Math.abs(share - probability) < 4 * deviation, `${wanted}: ${share}, ${probability}`);
  }
});

Deno.test("conditional rows of sums are the same on bees, from any start and from a file", async () => {
  const conditions = { total: ["between", 1500, 4500], hours: ["<", 3] } as const;
  const all = generator.sample(10_000, { seed: 3, conditions }).toRows();
  const runtime = new SimulatedRuntime();
  const sample = generator.sample(10_000, { seed: 3, conditions, workers: 2, runtime });
  assertEquals(await runtime.drive(() => Array.fromAsync(sample)), all);
  const loaded = await SyntheticGenerator.load<Row>(generator.toBytes());
  assertEquals(
    loaded.sample(3000, { seed: 3, conditions, start: 5000 }).toRows(),
    all.slice(5000, 8000),
  );
});

Deno.test("SumCell weighs, and SumDraws draws, pairs as listing all of them does", () => {
  const random = new Random(6);
  let before: SumCell | undefined;
  for (let round = 0; round < 150; round++) {
    const spread = () => {
      const [at, width] = [random.below(60) - 20, random.pick([0, 1, 4, 30, 90])];
      const inner = Array.from({ length: 7 }, () => at + random.next() * width);
      const knots = [at, ...inner, at + width].sort((a, b) => a - b);
      return new Spread(
        Float64Array.from(knots, (knot) => random.chance(0.3) ? Math.round(knot) : knot).sort(),
      );
    };
    const parts = [spread(), spread()] as const;
    const low = parts[0].low + parts[1].low;
    const reach = parts[0].high + parts[1].high - low + 1;
    const from = low + random.below(reach);
    const ranges: [number, number][] = [[from, from + random.below(20)]];
    if (random.chance(0.5)) ranges.push([ranges[0][1] + 2, ranges[0][1] + 2 + random.below(9)]);
    const pairs = new Map<string, number>();
    let mass = 0;
    for (let a = parts[0].low; a <= parts[0].high; a++) {
      for (let b = parts[1].low; b <= parts[1].high; b++) {
        if (!ranges.some(([from, to]) => from <= a + b && a + b <= to)) continue;
        const share = parts[0].within(a, a) * parts[1].within(b, b);
        pairs.set(`${a} ${b}`, share);
        mass += share;
      }
    }
    const cell = new SumCell(parts, ranges);
    const what = `round ${round}: ${parts.map(({ knots }) => knots.join())}; ${ranges.join("; ")}`;
    assertAlmostEquals(cell.mass, mass, 1e-9, what);
    if (!(mass > 1e-9)) continue;
    const other = before ?? cell;
    before = cell;
    const drawn = new Map<string, number>();
    const count = 4000;
    const [first, second] = [new Float64Array(count), new Float64Array(count)];
    const words = Uint32Array.from(first, () => random.next() * 2 ** 32);
    const rows = Uint16Array.from(first, (_, row) => row);
    const draws = new SumDraws([other, cell]);
    draws.draw({ rows, cells: new Uint16Array(count).fill(1), count, words }, first, second);
    first.forEach((a, at) => {
      const key = `${a} ${second[at]}`;
      drawn.set(key, (drawn.get(key) ?? 0) + 1);
    });
    for (const [key, times] of drawn) {
      const share = (pairs.get(key) ?? 0) / mass;
      const most = 6 * Math.sqrt(count * share) + 6;
      assert(
        share > 0 && Math.abs(times - count * share) < most,
        `${key} ${times} ${share}: ${what}`,
      );
    }
  }
});

Deno.test("conditions of sums that cannot be are an error that names what is added", () => {
  assertThrows(
    () => generator.sample(1, { conditions: { total: ["<", 0] } }),
    RangeError,
    '"total" is the sum of "repair", "other": "total" is from 0 to ',
  );
  assertThrows(() => generator.sample(1, { conditions: { total: null } }), RangeError, "total");
});

Deno.test("a model file whose sum is of columns that cannot be added is refused", () => {
  const saved = readModelFile(generator.toBytes());
  for (const parts of [[], [2], [2, 2], [0, 2], [1, 2], [2, 9], [2, 3.5], ["2", 3]]) {
    const columns = saved.encoding.columns.map((plan) =>
      plan.kind === "sum" ? { ...plan, of: parts as number[] } : plan
    );
    const bytes = writeModelFile({ ...saved, encoding: { ...saved.encoding, columns } });
    assertThrows(() => readModelFile(bytes), ModelFileError, "that cannot be added");
  }
});
