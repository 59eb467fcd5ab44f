import { assert, assertEquals, assertRejects } from "@std/assert";
import { SyntheticGenerator, TrainingDataError } from "../mod.ts";
import { expectedCounts } from "../src/generators/circuit/circuit_update.ts";
import { ReferenceCircuit } from "../src/generators/circuit/reference_circuit.ts";
import type { CircuitParameters } from "../src/kernel/circuit_kernel.ts";
import { forSeeds, type Random, Random as Seeded } from "./support/random.ts";

const KINDS = ["circuit", "trees", "copula", "independent"] as const;

/** Orders that depend on a city, of which `share` are in Rome. */
function orders(count: number, share: number, random: Random) {
  return Array.from({ length: count }, () => {
    const city = random.chance(share) ? "Rome" : random.pick(["Oslo", "Bonn"]);
    const price = random.chance(0.1) ? null : (city === "Rome" ? 10 : 50) + random.below(20);
    return { city, price, gift: random.chance(city === "Rome" ? 0.9 : 0.2) };
  });
}

type Order = ReturnType<typeof orders>[number];

const before = orders(3000, 0.8, new Seeded(1));
const after = orders(1000, 0.2, new Seeded(2));
const fitted = await Promise.all(
  KINDS.map((model) => SyntheticGenerator.fit(before, { model, seed: 1 })),
);

function shareOf(rows: readonly Order[], test: (row: Order) => boolean): number {
  return rows.filter(test).length / rows.length;
}

function mean(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

Deno.test("update() mixes what was known and the new rows by their weight, whatever the model", async () => {
  const tests: ((row: Order) => boolean)[] = [
    ({ city }) => city === "Rome",
    ({ price }) => price === null,
    ({ price }) => price !== null && price > 45,
    ({ gift }) => gift,
  ];
  const joint = [({ city, gift }: Order) => city === "Rome" && gift];
  for (const [at, generator] of fitted.entries()) {
    const old = generator.sample(20_000, { seed: 1 }).toRows() as Order[];
    for (const weight of [0.1, 0.5, 1]) {
      const updated = await generator.update(after, { weight });
      const rows = updated.sample(20_000, { seed: 2 }).toRows() as Order[];
      // a copula of both is not the mixture of two copulas, nor are independent columns
      for (const test of at < 2 ? [...tests, ...joint] : tests) {
        const expected = (1 - weight) * shareOf(old, test) + weight * shareOf(after, test);
        const made = shareOf(rows, test);
        const message = `${KINDS[at]}, weight ${weight}, ${test}: ${made}, expected ${expected}`;
        assert(Math.abs(made - expected) < 0.03, message);
      }
    }
  }
});

Deno.test("update() counts every row as one by default, so that parts lead where the whole does", async () => {
  const whole = [...before, ...after];
  const held = orders(500, 0.65, new Seeded(9));
  for (const [at, generator] of fitted.entries()) {
    const all = await SyntheticGenerator.fit(whole, { model: KINDS[at], seed: 1 });
    const updated = await generator.update(after);
    const [own, expected] = [updated, all].map((each) => mean(each.logLikelihood(held)));
    assert(Math.abs(own - expected) < 0.1, `${KINDS[at]}: ${own}, learned at once ${expected}`);
    assert(updated.describe().includes("learned from 4,000 rows"));
    const twice = await (await generator.update(after.slice(0, 400))).update(after.slice(400));
    const apart = mean(twice.logLikelihood(held));
    assert(Math.abs(apart - own) < 0.1, `${KINDS[at]}: ${own}, in two parts ${apart}`);
  }
});

Deno.test("update() by the weight of a half-life leaves half of what was known after so many rows", async () => {
  const halfLife = 500;
  let generator = fitted[3];
  const isRome = ({ city }: Order) => city === "Rome";
  const old = shareOf(before, isRome);
  for (let start = 0; start < 500; start += 100) {
    const rows = after.slice(start, start + 100);
    generator = await generator.update(rows, { weight: 1 - 2 ** (-rows.length / halfLife) });
  }
  const made = shareOf(generator.sample(20_000).toRows() as Order[], isRome);
  const expected = (old + shareOf(after.slice(0, 500), isRome)) / 2;
  assert(Math.abs(made - expected) < 0.03, `${made}, expected ${expected}`);
});

Deno.test("update() makes new rows likelier, leaves the generator itself as it was, and can be saved", async () => {
  for (const [at, generator] of fitted.entries()) {
    const bytes = generator.toBytes();
    const updated = await generator.update(after, { weight: 0.5 });
    assertEquals(generator.toBytes(), bytes);
    assert(mean(updated.logLikelihood(after)) > mean(generator.logLikelihood(after)) + 0.05);
    const loaded = await SyntheticGenerator.load(updated.toBytes());
    assertEquals(loaded.toBytes(), updated.toBytes());
    assertEquals(loaded.sample(100).toRows(), updated.sample(100).toRows(), KINDS[at]);
    const again = await Promise.all([loaded, updated].map((each) => each.update(after)));
    assertEquals(again[0].toBytes(), again[1].toBytes());
  }
});

/** The greatest distance between the distribution of numbers and that of two others by weight. */
function distance(
  made: readonly number[],
  a: readonly number[],
  b: readonly number[],
  share: number,
) {
  const below = (of: readonly number[], limit: number) =>
    of.filter((each) => each <= limit).length / of.length;
  const limits = [...made, ...a, ...b].filter((_, at) => at % 37 === 0);
  return Math.max(
    ...limits.map((limit) =>
      Math.abs(below(made, limit) - (1 - share) * below(a, limit) - share * below(b, limit))
    ),
  );
}

Deno.test("update() moves numbers within bins, and widens the outermost for those beyond", async () => {
  const random = new Seeded(5);
  const numbers = (count: number, low: number, high: number) =>
    Array.from({ length: count }, () => ({
      x: low + (high - low) * random.next(),
      n: Math.floor(low + (high - low) * random.next() ** 2),
      at: new Date(1.7e12 + Math.floor((low + (high - low) * random.next()) * 1e9)),
    }));
  const [old, fresh] = [numbers(3000, 0, 100), numbers(1500, 40, 160)];
  const generator = await SyntheticGenerator.fit(old, { model: "independent" });
  for (const weight of [0.3, 0.9]) {
    const updated = await generator.update(fresh, { weight });
    const rows = updated.sample(6000, { seed: 3 }).toRows();
    for (const name of ["x", "n", "at"] as const) {
      const of = (some: readonly { x: number; n: number; at: unknown }[]) =>
        some.map((row) => Number(row[name]));
      const far = distance(of(rows), of(old), of(fresh), weight);
      assert(far < 0.06, `${name} with weight ${weight}: ${far}`);
      if (name !== "at") assert(Math.max(...of(rows)) <= Math.max(...of(fresh)));
    }
    assert(rows.every(({ n }) => Number.isInteger(n)));
  }
});

Deno.test("update() takes new categories for the folded ones, or else refuses or skips their rows", async () => {
  const folded = [...before, { city: "Lima", price: 3, gift: true }];
  const generator = await SyntheticGenerator.fit(folded, { model: "independent" });
  const lima = after.map((row) => ({ ...row, city: "Kyoto" }));
  const updated = await generator.update(lima, { weight: 0.5 });
  const other = shareOf(updated.sample(10_000).toRows() as Order[], ({ city }) => city === "other");
  assert(Math.abs(other - 0.5) < 0.02, `${other}`);

  const mixed = [...after.slice(0, 100), { ...after[0], city: "Kyoto" }];
  const { message } = await assertRejects(() => fitted[3].update(mixed), TrainingDataError);
  for (const text of ["1 of 101 rows", '"Kyoto"', '"city"', "skip"]) assert(message.includes(text));
  const skipped = await fitted[3].update(mixed, { unknown: "skip", weight: 1 });
  const expected = await fitted[3].update(mixed.slice(0, 100), { weight: 1 });
  assertEquals(skipped.sample(50).toRows(), expected.sample(50).toRows());
  const [kept, plain] = await Promise.all([
    fitted[3].update(mixed, { unknown: "skip" }),
    fitted[3].update(mixed.slice(0, 100)),
  ]);
  assertEquals(kept.toBytes(), plain.toBytes(), "a row that is skipped counts as one");
  const strange = mixed.slice(100);
  await assertRejects(() => fitted[3].update(strange, { unknown: "skip" }), TrainingDataError);
  const nulls = [{ ...after[0], gift: null }];
  await assertRejects(() => fitted[3].update(nulls), TrainingDataError, "null");
});

Deno.test("update() tells what it cannot use", async () => {
  const [generator] = fitted;
  await assertRejects(() => generator.update([]), TrainingDataError, "update generator");
  await assertRejects(() => generator.update([{ city: "Rome" }]), TypeError, '"price"');
  await assertRejects(() => generator.update(after, { weight: 0 }), RangeError, "received 0");
  await assertRejects(() => generator.update(after, { weight: 1.5 }), RangeError, "1.5");
  await assertRejects(() => generator.update(after, { wieght: 1 } as object), TypeError, "weight");
  const unknown = { unknown: "drop" } as object;
  await assertRejects(() => generator.update(after, unknown), TypeError, "skip");
  const signal = AbortSignal.abort(new Error("no more"));
  await assertRejects(() => generator.update(after, { signal }), Error, "no more");
  const text = [{ city: "Rome", price: "cheap", gift: true }];
  await assertRejects(() => generator.update(text), TrainingDataError, '"price"');
});

function randomCircuit(random: Random): CircuitParameters {
  const states = 16;
  const parents = [-1, 0, 0, 1];
  const symbols = [2, 3, 2, 2];
  const rows = (count: number, columns: number) => {
    const out = new Float32Array(count * columns);
    for (let row = 0; row < count; row++) {
      const own = out.subarray(row * columns, (row + 1) * columns);
      own.forEach((_, at) => own[at] = random.next() ** 2);
      const total = own.reduce((a, b) => a + b);
      own.forEach((each, at) => own[at] = each / total);
    }
    return out;
  };
  const emissions = symbols.map((count) => {
    const byState = rows(states, count);
    return byState.map((_, at) => byState[(at % states) * count + Math.floor(at / states)]);
  });
  const transitions = parents.map((parent) => rows(parent < 0 ? 0 : states, states));
  return { states, parents, symbols, prior: rows(1, states), emissions, transitions };
}

Deno.test("expectedCounts() are the counts of all rows that there could be, each by its probability", () => {
  forSeeds(3, (random) => {
    const parameters = randomCircuit(random);
    const reference = new ReferenceCircuit(parameters);
    const counts = reference.counts();
    for (let at = 0; at < 24; at++) {
      const row = [at % 2, (at >> 1) % 3, Math.floor(at / 6) % 2, Math.floor(at / 12)];
      reference.row(row, counts, 7 * Math.exp(reference.row(row)));
    }
    const expected = expectedCounts(parameters, 7);
    const near = (a: Float64Array, b: Float64Array) =>
      a.forEach((each, at) => assert(Math.abs(each - b[at]) < 1e-5, `${each}, ${b[at]}`));
    near(expected.prior, counts.prior);
    expected.emissions.forEach((each, v) => near(each, counts.emissions[v]));
    expected.transitions.forEach((each, v) => near(each, counts.transitions[v]));
  });
});
