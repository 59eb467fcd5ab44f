import { assert, assertEquals } from "@std/assert";
import { alikeNeighbours } from "../src/generators/circuit/alike_neighbours.ts";
import { CircuitFit } from "../src/generators/circuit/circuit_fit.ts";
import { axesOf, halvedRows } from "../src/generators/circuit/row_parts.ts";
import { startCircuit, SymbolOwners } from "../src/generators/circuit/circuit_start.ts";
import { groupAlike } from "../src/generators/encoding/category_groups.ts";
import { lookupPlan } from "../src/generators/encoding/lookup_plan.ts";
import type { CategoryPlan, Vocabulary } from "../src/generators/encoding/plans.ts";
import { SeededRandom } from "../src/generators/sampling/seeded_random.ts";
import { create } from "../src/kernel/kernel.ts";
import { forSeeds, type Random } from "./support/random.ts";

const TEXT = { kind: "dict" } as const;

Deno.test("CircuitFit keeps a symbol that the first minibatches have not", () => {
  const length = 4096;
  const a = Uint8Array.from({ length }, (_, row) => row >= length - 8 ? 3 : row % 3);
  const b = a.map((_, row) => row % 2);
  const rows = { columns: [a, b], symbols: [4, 2], length };
  const ordered = [0, 0];
  const tree = { order: [0, 1], parents: [-1, 0] };
  const random = new SeededRandom(1n, 1);
  const owners = new SymbolOwners(rows, ordered);
  const component = startCircuit(rows, { tree, states: 16, random, owners });
  const model = { kind: "circuit", tree, weights: Float64Array.of(1), components: [component] };
  const linked = alikeNeighbours({ rows, ordered });
  using fit = new CircuitFit(create(), model as never, { rows, linked });
  for (const _ of fit.pass()); // the rows with the symbol are all in the last of its minibatches
  for (const _ of fit.wholeStep());
  const logs = fit.logLikelihoods(rows);
  assert(logs[length - 1] > Math.log(4 / length) - 1, `${logs[length - 1]}`);
});

Deno.test("alikeNeighbours() links symbols of a number, but not where another column tells them apart", () => {
  forSeeds(5, (random) => {
    const length = 4000;
    const place = Uint8Array.from({ length }, () => random.below(2));
    const rounded = place.map((at) => 2 * random.below(20) + at); // each place has its own readings
    const smooth = Uint8Array.from({ length }, () => random.below(40));
    const rows = { columns: [place, rounded, smooth], symbols: [2, 40, 40], length };
    const linked = alikeNeighbours({ rows, ordered: [0, 40, 39] });
    assertEquals(linked[0], new Uint8Array(2));
    assert(linked[1].every((each) => each === 0));
    assert(linked[2].subarray(0, 38).filter((each) => each === 1).length >= 36);
    assertEquals(linked[2][38], 0, "the last is not in order: it is null");
  });
});

Deno.test("halvedRows() cuts rows into even parts of what is near, and goes by no noise", () => {
  forSeeds(5, (random) => {
    const length = 6400;
    const place = Float64Array.from({ length }, () => random.next());
    const cell = (of: number) => Math.floor(of * 64);
    const columns = [
      Uint8Array.from({ length }, () => random.below(64)),
      Uint8Array.from(place, cell),
      Uint8Array.from(place, (each) => cell(each * each)),
      Uint8Array.from(place, (each) => cell(each) % 7),
    ];
    const rows = { columns, symbols: [64, 64, 64, 7], length };
    const parts = halvedRows(rows, 16, axesOf(rows, [64, 64, 64, 0]));
    assertEquals(parts.flat().toSorted((a, b) => a - b), Array.from({ length }, (_, row) => row));
    for (const part of parts) {
      assertEquals(part.length, length / 16);
      const places = part.map((row) => place[row]);
      assert(Math.max(...places) - Math.min(...places) < 0.2, "a part is of one place");
    }
  });
});

Deno.test("CircuitFit learns a mixture whose leaves have no states of their own", () => {
  const length = 4096;
  const random = new SeededRandom(5n, 1);
  const a = Uint8Array.from({ length }, () => Math.floor(random.next() * 12));
  const columns = [a, a.map((each) => each >> 1), a.map((each) => (each * 5) % 12)];
  const rows = { columns, symbols: [12, 6, 12], length };
  const ordered = [12, 6, 0];
  const tree = { order: [0, 1, 2], parents: [-1, 0, 0] };
  const owners = new SymbolOwners(rows, ordered);
  const parts = halvedRows(rows, 2, axesOf(rows, ordered));
  const linked = rows.symbols.map((symbols) => new Uint8Array(symbols));
  const components = parts.map((some) =>
    startCircuit(rows, { tree, states: 16, random, owners, some })
  );
  assertEquals(components.map(({ transitions }) => transitions.map(({ length }) => length)), [
    [0, 0, 0],
    [0, 0, 0],
  ]);
  const weights = Float64Array.of(0.5, 0.5);
  const model = { kind: "circuit" as const, tree, weights, components };
  using fit = new CircuitFit(create(), model, { rows, linked });
  for (let step = 0; step < 30; step++) for (const _ of fit.wholeStep());
  const learned = fit.logLikelihoods(rows).reduce((sum, each) => sum + each, 0) / length;
  assert(Math.abs(learned - Math.log(1 / 12)) < 0.1, `${learned}`);
});

function manyTowns(random: Random): { plan: CategoryPlan; positions: Int32Array; x: Float64Array } {
  const towns = 200;
  const places = Float64Array.from({ length: towns }, () => random.next());
  const positions = Int32Array.from({ length: towns * 10 }, (_, row) => row % towns);
  const x = Float64Array.from(positions, (town) => places[town] + random.next() / 1000);
  const texts = Array.from({ length: towns }, (_, at) => `town ${at}`);
  const plan: CategoryPlan = {
    kind: "category",
    field: { name: "town", type: TEXT },
    variable: -1,
    values: { kind: "texts", texts },
    sizes: [...Array(10).fill(1), ...Array(10).fill(19)],
    weights: new Float64Array(towns).fill(10),
    nulls: false,
    other: 15,
  };
  return { plan, positions, x };
}

function textsOf(values: Vocabulary): readonly string[] {
  assert(values.kind === "texts");
  return values.texts;
}

Deno.test("groupAlike() groups categories that are near in another column, and loses none", () => {
  forSeeds(5, (random) => {
    const { plan, positions, x } = manyTowns(random);
    const noise = x.map(() => random.next());
    const grouped = groupAlike({ plan, positions }, [noise, x]);
    const { sizes, other } = grouped.plan;
    const texts = textsOf(grouped.plan.values);
    assertEquals(texts.toSorted(), textsOf(plan.values).toSorted());
    assertEquals(sizes.reduce((a, b) => a + b), 200);
    assertEquals(texts[other], "town 15");
    grouped.positions.forEach((at, row) => {
      assertEquals(texts[at], `town ${positions[row]}`);
    });
    let first = 10;
    for (const size of sizes.slice(10)) {
      const inside = x.filter((_, row) =>
        grouped.positions[row] >= first && grouped.positions[row] < first + size
      );
      assert(Math.max(...inside) - Math.min(...inside) < 0.3, `a group of ${size} is wide`);
      first += size;
    }
  });
});

Deno.test("a lookup of two that never came together is near to what it is for those like them", () => {
  forSeeds(5, (random) => {
    const places = Array.from({ length: 40 }, () => [random.next() * 1000, random.next() * 1000]);
    const between = (a: number, b: number) =>
      Math.round(Math.hypot(places[a][0] - places[b][0], places[a][1] - places[b][1]));
    const pairs = Array.from({ length: 3000 }, () => [random.below(40), random.below(40)]);
    const numbers = Float64Array.from(new Set(pairs.map(([a, b]) => between(a, b)))).sort();
    const coded = (positions: number[], size: number) => ({
      positions: Int32Array.from(positions),
      size,
      other: -1,
    });
    const kept = pairs.filter(([a, b]) => (a * 7 + b * 7) % 5 > 0); // both ways are unknown
    const columns = [
      coded(kept.map(([a]) => a), 40),
      coded(kept.map(([, b]) => b), 40),
      coded(kept.map(([a, b]) => numbers.indexOf(between(a, b))), numbers.length),
    ];
    const texts = places.map((_, at) => `place ${at}`);
    const plan = lookupPlan({
      field: { name: "distance", type: { kind: "i32" } },
      dependency: { target: 2, by: [0, 1] },
      columns,
      values: { kind: "numbers", numbers },
      deciding: [{ kind: "texts", texts }, { kind: "texts", texts }],
    });
    let [error, count] = [0, 0];
    for (let a = 0; a < 40; a++) {
      for (let b = 0; b < 40; b++) {
        if ((a * 7 + b * 7) % 5 > 0) continue;
        error += Math.abs(numbers[plan.entries[(a + 1) * plan.width + b + 1]] - between(a, b));
        count++;
      }
    }
    assert(error / count < 100, `off by ${error / count} of 521 in the mean`);
  });
});
