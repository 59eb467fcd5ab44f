import { type Conditions, csv, SyntheticGenerator } from "../mod.ts";
import { tableBits, writeAliasTable } from "../src/generators/sampling/alias_table.ts";
import { create } from "../src/kernel/kernel.ts";
import { SamplerKernel } from "../src/kernel/sampler_kernel.ts";
import { type BenchGroup, type BenchRow, compare, row } from "./support/bench.ts";
import { BIRD_COLUMNS } from "./support/bird_columns.ts";
import { randomOf } from "./support/shapes.ts";

const BIRDS = new URL("../examples/data/birdstrikes.csv", import.meta.url);
const ROWS = 50 * 4096;
const MOST_COMPILE_MS = 5;
const COMPILE_ROUNDS = 15;

const CASES: readonly (readonly [string, Conditions])[] = [
  ["an equality on a rare value", { "Aircraft Make Model": "AVRO RJ 85" }],
  ["a range that cuts bins", { "Speed IAS in knots": ["between", 101, 143] }],
  ["an AND of three", {
    "Time of day": "Night",
    "Phase of flight": "Approach",
    "Cost Total $": [">", 1234],
  }],
  ["an OR of two, one of them a range of dates", {
    anyOf: [{ "Wildlife Size": "Large" }, { "Flight Date": [">=", "2001-05-17"] }],
  }],
];

/** The time from conditions to the first block of rows, of conditions that are new each time. */
function compileTime(generator: SyntheticGenerator, [name, conditions]: typeof CASES[number]) {
  let least = -1000;
  const times = Array.from({ length: COMPILE_ROUNDS }, () => {
    const others = { "Cost Other": [">=", least--] };
    const given = { allOf: [conditions, others] } as Conditions;
    generator.sample(4096).toBatch();
    const start = performance.now();
    generator.sample(4096, { conditions: given }).toBatch();
    return performance.now() - start;
  });
  return row(`compiling ${name}, and 4,096 rows (lower is better)`, {
    rate: Math.min(...times),
    baselineRate: MOST_COMPILE_MS,
    target: 1,
    goal: "atMost",
    unit: "ms",
    note: "the best of 15",
  });
}

function sampled(generator: SyntheticGenerator, conditions?: Conditions): number {
  let rows = 0;
  const options = conditions === undefined ? {} : { conditions };
  for (const batch of generator.sample(ROWS, options).batches()) rows += batch.length;
  return rows;
}

async function conditions(): Promise<BenchRow[]> {
  const source = csv(BIRDS, { schema: BIRD_COLUMNS });
  const generator = await SyntheticGenerator.fit(source, { seed: 1 }) as SyntheticGenerator;
  const rows: BenchRow[] = [];
  for (const each of CASES) {
    rows.push(compileTime(generator, each));
    rows.push(
      await compare({
        name: `rows of ${each[0]}, against rows without conditions`,
        contender: () => sampled(generator, each[1]),
        baseline: () => sampled(generator),
        target: 0.8,
      }),
    );
  }
  return rows;
}

/** Alias tables of a circuit's states, in the kernel and in plain JS. */
function aliasTables(): Promise<BenchRow> {
  const [count, outcomes] = [512, 64];
  const random = randomOf(5);
  const weights = Array.from(
    { length: count },
    () => Float64Array.from({ length: outcomes }, random),
  );
  const bits = tableBits(outcomes);
  const kernel = create();
  const words = new Uint32Array(1 << bits);
  return compare({
    name: "alias tables of 64 outcomes, against plain JS",
    contender: () => {
      using sampler = new SamplerKernel(kernel);
      const weigh = (table: number, out: Float64Array) => out.set(weights[table]);
      sampler.aliasTables({ count, outcomes, bits, weigh });
      return count;
    },
    baseline: () => {
      for (const each of weights) writeAliasTable(each, bits, words);
      return count;
    },
    target: 2,
  });
}

/** Conditions of generators. */
export const group: BenchGroup = {
  name: "conditions",
  rows: async () => [...await conditions(), await aliasTables()],
};
