import { assert, assertEquals, assertThrows } from "@std/assert";
import { SyntheticGenerator } from "../mod.ts";
import type { Evidence, SymbolParts } from "../src/generators/model/model_face.ts";
import type { TreesModel } from "../src/generators/model/models.ts";
import { ConditionedTrees } from "../src/generators/trees/conditioned_trees.ts";
import { TREES } from "../src/generators/trees/trees_face.ts";
import { create } from "../src/kernel/kernel.ts";
import { BLOCK_ROWS, SamplerKernel } from "../src/kernel/sampler_kernel.ts";
import { forSeedsAsync, Random } from "./support/random.ts";

const kernel = create();
const BLOCKS = 20;

async function randomTrees(random: Random, symbols: readonly number[]): Promise<TreesModel> {
  const length = 800;
  const first = Uint8Array.from({ length }, () => random.below(symbols[0]));
  const columns = symbols.map((count, v) =>
    v === 0
      ? first
      : first.map((s) => random.chance(0.6) ? (s * (v + 1)) % count : random.below(count))
  );
  const ordered = symbols.map((count) => random.chance(0.5) ? count : 0);
  const options = { seed: 1n, ordered, onStep: () => Promise.resolve() };
  return await TREES.fit({ columns, symbols, length }, options);
}

/** Some variables taken apart, and boxes of which no two have a part of the first in common. */
function randomEvidence(random: Random, symbols: readonly number[]): Evidence {
  const chosen = random.shuffle(symbols.map((_, v) => v)).slice(0, 1 + random.below(3));
  const variables = new Map(chosen.map((v): [number, SymbolParts] => {
    const parts = Array.from({ length: symbols[v] }, (_, s) => {
      const share = random.next();
      return random.chance(0.5) ? [[s, 1]] : [[s, share], [s, 1 - share]];
    }).flat();
    const of = Uint16Array.from(parts, ([symbol]) => symbol);
    return [v, { of, shares: Float64Array.from(parts, ([, share]) => share) }];
  }));
  const count = 1 + random.below(3);
  const owners = Array.from(variables.get(chosen[0])!.of, () => random.below(count + 1));
  owners[random.below(owners.length)] = 0;
  const boxes = Array.from({ length: count }, (_, box) => {
    const kept = new Map([[
      chosen[0],
      Float64Array.from(owners, (owner) => Number(owner === box)),
    ]]);
    for (const v of chosen.slice(1)) {
      if (random.chance(0.3)) continue;
      const own = Float64Array.from(variables.get(v)!.of, () => random.below(2));
      own[random.below(own.length)] = 1;
      kept.set(v, own);
    }
    return kept;
  });
  return { variables, boxes };
}

/** How likely each combination is of parts, or of symbols where there are none, within the evidence. */
function enumerated(model: TreesModel, symbols: readonly number[], evidence: Evidence) {
  let combinations: number[][] = [[]];
  for (const count of symbols) {
    combinations = combinations.flatMap((each) =>
      Array.from({ length: count }, (_, s) => [...each, s])
    );
  }
  const columns = symbols.map((_, v) => Uint8Array.from(combinations, (each) => each[v]));
  const logs = TREES.logLikelihoods(model, { columns, symbols, length: combinations.length });
  const out = new Map<string, number>();
  combinations.forEach((each, at) => {
    let parts: [number[], number][] = [[[], Math.exp(logs[at])]];
    each.forEach((symbol, v) => {
      const own = evidence.variables.get(v);
      const choices = own
        ? Array.from(own.of.keys()).filter((part) => own.of[part] === symbol)
        : [symbol];
      parts = parts.flatMap(([key, share]): [number[], number][] =>
        choices.map((choice) => [[...key, choice], share * (own ? own.shares[choice] : 1)])
      );
    });
    for (const [key, share] of parts) {
      const isIn = evidence.boxes.some((box) =>
        Array.from(box).every(([v, kept]) => kept[key[v]] === 1)
      );
      if (isIn) out.set(key.join(), share);
    }
  });
  return out;
}

Deno.test("ConditionedTrees draws what satisfies evidence, as often as of all rows those that do", async () => {
  await forSeedsAsync(12, async (random) => {
    const symbols = [4, 2, 3, 5];
    const model = await randomTrees(random, symbols);
    const evidence = randomEvidence(random, symbols);
    const expected = enumerated(model, symbols, evidence);
    const total = Array.from(expected.values()).reduce((a, b) => a + b, 0);
    const conditioned = ConditionedTrees.of(model, evidence)!;
    const { probability } = conditioned;
    assert(Math.abs(probability - total) < 1e-9, `${probability}, expected ${total}`);
    if (total === 0) return;
    using sampler = new SamplerKernel(kernel);
    const to = symbols.map(() => sampler.reserve(BLOCK_ROWS * 2));
    const draws = conditioned.draws(sampler, TREES.draws(sampler, model));
    const counts = new Map<string, number>();
    for (let block = 0; block < BLOCKS; block++) {
      draws.draw({ seed: 5n, block }, to);
      const columns = to.map((at) => new Uint16Array(sampler.bytes(at, BLOCK_ROWS * 2).buffer));
      for (let row = 0; row < BLOCK_ROWS; row++) {
        const key = columns.map((column) => column[row]).join();
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    const rows = BLOCKS * BLOCK_ROWS;
    for (const key of counts.keys()) assert(expected.has(key), `${key} is not in the evidence`);
    for (const [key, share] of expected) {
      const [likely, made] = [share / total, (counts.get(key) ?? 0) / rows];
      const near = Math.abs(made - likely) < 5 * Math.sqrt(likely / rows) + 1e-4;
      assert(near, `${key}: ${made}, expected ${likely}`);
    }
  });
});

function trips(count: number, random = new Random(4)) {
  return Array.from({ length: count }, () => {
    const zone = random.below(4);
    const km = Math.round((zone * 5 + random.next() * 6) * 100) / 100;
    return { zone: "ABCD"[zone], km, minutes: Math.round(km * 3 + random.below(10)), at: zone };
  });
}

type Trip = ReturnType<typeof trips>[number];

/** The greatest difference of shares of rows below limits of a number. */
function distance(a: readonly Trip[], b: readonly Trip[], name: "km" | "minutes"): number {
  const below = (rows: readonly Trip[], limit: number) =>
    rows.filter((row) => row[name] <= limit).length / rows.length;
  return Math.max(
    ...b.slice(0, 50).map((row) => Math.abs(below(a, row[name]) - below(b, row[name]))),
  );
}

Deno.test("trees and copulas give rows that satisfy conditions, as filtering rows would", async () => {
  for (const model of ["trees", "copula"] as const) {
    const generator = await SyntheticGenerator.fit(trips(3000), { model, seed: 1 });
    const all = generator.sample(100_000, { seed: 1 }).toRows();
    const cases: [object, (row: Trip) => boolean][] = [
      [{ zone: "B" }, ({ zone }) => zone === "B"],
      [{ zone: ["in", ["A", "D"]], km: [">", 3] }, ({ zone, km }) => "AD".includes(zone) && km > 3],
      [{ minutes: ["between", 20, 33] }, ({ minutes }) => minutes >= 20 && minutes <= 33],
    ];
    for (const [conditions, test] of cases) {
      const filtered = all.filter(test);
      const rows = generator.sample(8000, { seed: 2, conditions: conditions as never }).toRows();
      assertEquals(rows.length, 8000);
      assert(rows.every(test), `${model} ${JSON.stringify(conditions)}`);
      const share = filtered.length / all.length;
      const probability = generator.probability(conditions as never);
      const deviation = Math.sqrt((share * (1 - share)) / all.length);
      const message = `${model} ${JSON.stringify(conditions)}: ${probability}, of rows ${share}`;
      assert(Math.abs(probability - share) < 4 * deviation + 0.01 * share, message);
      for (const name of ["km", "minutes"] as const) {
        const far = distance(rows, filtered, name);
        assert(far < 0.035, `${message}; ${name} is ${far} apart`);
      }
      const some = generator.sample(100, { seed: 2, start: 5000, conditions: conditions as never });
      assertEquals(some.toRows(), rows.slice(5000, 5100));
    }
    const never = { zone: "E" } as never;
    assertThrows(() => generator.sample(1, { conditions: never }).toRows(), RangeError, "zone");
  }
});
